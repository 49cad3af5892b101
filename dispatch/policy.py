"""What must have happened at a door before somebody may say that nobody was there, and which delays
are told. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.states import Proof
from kernel.errors import Conflict
from kernel.words import msg

# An arrival is proven by a place this near the door, else by a photo with a reason.
GEOFENCE_M = 200
CALLS_NEEDED = 2
MESSAGES_NEEDED = 1
WAIT = timedelta(minutes=15)
# How long a technician has to say yes before the console is told.
ACCEPT_LIFE = timedelta(minutes=15)
# How long he who asked to begin without the 服务码 should stand at the door for an answer.
RELEASE_LIFE = timedelta(minutes=5)
# A delay is told again when it has grown by so much; so much of it is what we first owe for, too.
DELAY_STEP_S = 15 * 60
# So much overtime a day may be asked of a technician, who has to agree.
OVERTIME_MAX_S = 30 * 60
# What crosses routes and may give way when a person answers for it: an agreement with a partner, and times.
# A tool that is not there and a hand that is missing do not.
TIES_MAY_GIVE = frozenset({"visits_over_quota", "seconds_apart", "seconds_off_the_gap"})

# So many of a hundred visits should take no longer than is planned for them; within these shares of the
# price card's time, whatever was seen; and what is known of a coarser group weighs so many visits.
LEARNED_QUANTILE = 0.6
LEARNED_LEAST, LEARNED_MOST = 0.75, 1.5
LEARNED_WEIGHT = 20


class EvidenceMissing(Conflict):
    """The evidence clock has not run out yet; the facts say what it still waits for."""

    code = "evidence_missing"
    says = msg("还不能报跑单：还差 %(left)s 项证据。")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceClock:
    """What is proven at a door so far; `runs_out_at` is when the waiting is long enough."""

    arrival: datetime | None
    calls: tuple[datetime, ...]
    messages: tuple[datetime, ...]
    runs_out_at: datetime

    def missing(self, now: datetime) -> tuple[str, ...]:
        """Return what is still to be done, in the order in which a technician would do it."""
        left = []
        if self.arrival is None:
            left.append(Proof.ARRIVAL.value)
        left += [Proof.CALL.value] * max(0, CALLS_NEEDED - len(self.calls))
        left += [Proof.MESSAGE.value] * max(0, MESSAGES_NEEDED - len(self.messages))
        if now < self.runs_out_at:
            left.append("wait")
        return tuple(left)


def evidence_clock(
    *, arrived_at: datetime, proofs: Iterable[tuple[str, datetime]]
) -> EvidenceClock:
    """Return the clock of one who arrived then and has given those proofs (kind, instant)."""
    given = list(proofs)
    arrivals = [at for kind, at in given if kind == Proof.ARRIVAL]
    return EvidenceClock(
        arrival=min(arrivals, default=None),
        calls=tuple(at for kind, at in given if kind == Proof.CALL),
        messages=tuple(at for kind, at in given if kind == Proof.MESSAGE),
        runs_out_at=arrived_at + WAIT,
    )


def check_nobody(clock: EvidenceClock, *, now: datetime) -> None:
    """Refuse to call a door deserted too soon. Raises EvidenceMissing."""
    missing = clock.missing(now)
    if missing:
        raise EvidenceMissing(left=len(missing), missing=list(missing))


def is_news(eta_s: int, *, told_s: int | None) -> bool:
    """Tell whether somebody who was told of an arrival at `told_s` (None: of no delay at all) has to
    hear that it will be `eta_s`: nothing else was said, or it is DELAY_STEP_S worse or more.

    What goes and comes back no worse than it was told is no news.
    """
    return told_s is None or eta_s >= told_s + DELAY_STEP_S
