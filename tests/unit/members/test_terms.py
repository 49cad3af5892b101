"""What counts for a member into whom another was merged."""

from dataclasses import replace
from datetime import timedelta

from members.rule_text import RULES
from members.terms import MergeFact, OverrideFact, OverrideKind, StrikeFact, terms
from tests.unit.members.test_risk import DAY, NOON, a_strike


class TestWhoWasMerged:
    """A member's strikes count for him into whom he was merged, from then on."""

    MERGED = MergeFact(number="W1", at=NOON, gone_id=1, kept_id=2, rules=RULES)

    def of(self, member_id: int, number: str, *, ago: timedelta) -> StrikeFact:
        return replace(a_strike(number, ago=ago), member_id=member_id)

    def test_is_stopped_by_strikes_that_are_enough_together(self) -> None:
        strikes = [self.of(1, "S1", ago=3 * DAY), self.of(1, "S2", ago=2 * DAY)]
        strikes.append(self.of(2, "S3", ago=DAY))

        assert terms(strikes=strikes) == ()
        [term] = terms(strikes=strikes, merges=[self.MERGED])

        assert (term.cause, term.begins_at) == ("merge:W1", NOON)
        assert term.strikes == ("S1", "S2", "S3")

    def test_keeps_the_pause_that_he_had_and_gets_no_second(self) -> None:
        strikes = [self.of(1, f"S{n}", ago=n * DAY) for n in (4, 3, 2)]
        strikes.append(self.of(2, "S9", ago=5 * DAY))

        [term] = terms(strikes=strikes, merges=[self.MERGED])

        assert (term.cause, term.strikes) == ("strike:S2", ("S4", "S3", "S2"))

    def test_is_not_freed_by_what_was_decided_about_the_other_before(self) -> None:
        strikes = [self.of(1, f"S{n}", ago=n * DAY) for n in (4, 3, 2)]
        release = OverrideFact(number="O1", kind=OverrideKind.RELEASE, at=NOON - DAY, member_id=2)
        later = replace(release, at=NOON + DAY)

        [still] = terms(strikes=strikes, overrides=[release], merges=[self.MERGED])
        [freed] = terms(strikes=strikes, overrides=[later], merges=[self.MERGED])

        assert (still.ended_at, freed.ended_at) == (None, NOON + DAY)
