"""What all parts of the demo city agree on: its moment, its days, its dice and its numbers."""

from datetime import date, datetime, timedelta
from random import Random

from kernel.clock import instant_at

SEED = 20261123
HOUR_S = 3_600
MINUTE_S = 60

TODAY = date(2026, 11, 23)
NOW_S = 9 * HOUR_S
NOW: datetime = instant_at(TODAY, NOW_S)

PAST_DAYS = 7
AHEAD_DAYS = 13
# The demo clock can be moved on, so that technicians need working days beyond those on sale.
SHIFT_DAYS = 45

# When the plan of a day is published: on the evening before, and once more for late bookings.
EVENING_S = 18 * HOUR_S
MORNING_S = 7 * HOUR_S + 10 * MINUTE_S

# The letters of kernel.numbers; there they are drawn as secrets, here as part of the city.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_LENGTH = 10


def dice(part: str) -> Random:
    """Return the random numbers of one part, so that a change in another cannot move them."""
    return Random(f"{SEED}:{part}")


def day_at(offset: int) -> date:
    """Return the day `offset` days after today."""
    return TODAY + timedelta(days=offset)


def number(throw: Random, prefix: str) -> str:
    """Return a public number that looks like kernel.numbers' and is the same each time."""
    return prefix + "".join(throw.choice(_ALPHABET) for _ in range(_NUMBER_LENGTH))
