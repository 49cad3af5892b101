"""All that the ladder knows of a member, over time: where he stood on any day, by whatever rules. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from members import risk
from members.risk import MergeFact, OverrideFact, Standing, StrikeFact
from members.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A member's strikes, what two decided, his completed bookings and his balance, by time."""

    strikes: Sequence[StrikeFact]
    overrides: Sequence[OverrideFact]
    merges: Sequence[MergeFact] = ()
    # When each was completed, those undone left out.
    completions: Sequence[datetime]
    # Rising instants, with the balance from each on.
    balances: Sequence[tuple[datetime, int]]
    phone_confirmed_at: datetime | None

    def standing(self, at: datetime, *, rules: Rules) -> Standing:
        """Return where he stood at that instant, as if these rules had always been in force."""
        known = [replace(strike, rules=rules) for strike in self.strikes if strike.posted_at <= at]
        return risk.standing(
            strikes=known,
            overrides=[override for override in self.overrides if override.at <= at],
            merges=[merge for merge in self.merges if merge.at <= at],
            completed=bisect_right(self.completions, at),
            phone_confirmed=self.phone_confirmed_at is not None and self.phone_confirmed_at <= at,
            balance=self.balance(at),
            now=at,
            rules=rules,
        )

    def balance(self, at: datetime) -> int:
        """Return what he had at that instant, less what he owed."""
        place = bisect_right(self.balances, at, key=lambda each: each[0])
        return self.balances[place - 1][1] if place else 0
