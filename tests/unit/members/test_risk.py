"""The ladder and the blacklist, to the second."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kernel.money import ZERO, Money
from members.risk import (
    TIER_NAMES,
    OverrideFact,
    OverrideKind,
    Standing,
    StrikeFact,
    StrikeKind,
    Term,
    TermEnding,
    standing,
    terms,
)
from members.rule_text import RULES

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
ASK_ONCE, ASK_TWICE, ASK_THRICE = (
    (24 * HOUR,),
    (48 * HOUR, 24 * HOUR),
    (48 * HOUR, 24 * HOUR, 2 * HOUR),
)


def a_strike(
    number: str = "S1",
    *,
    ago: timedelta = DAY,
    kind: StrikeKind = StrikeKind.NO_SHOW,
    waited: timedelta = timedelta(0),
    reversed_after: timedelta | None = None,
) -> StrikeFact:
    """Return a strike that happened `ago` before NOON and was posted when it had `waited`."""
    at = NOON - ago
    posted_at = at + waited
    reversed_at = None if reversed_after is None else posted_at + reversed_after
    return StrikeFact(
        number=number,
        kind=kind,
        at=at,
        posted_at=posted_at,
        seq=place_of(posted_at),
        rules=RULES,
        reversed_at=reversed_at,
        # What is undone at an instant is undone before anything else is posted then.
        reversed_seq=None if reversed_at is None else place_of(reversed_at) - 1,
    )


def place_of(instant: datetime) -> int:
    """Return the place in the account of what happens then: later is higher."""
    return 2 * int(instant.timestamp())


def at(now: datetime, *strikes: StrikeFact, **changes: object) -> Standing:
    """Return the standing of somebody whom only his strikes, or the `changes`, could be held against."""
    facts: dict[str, object] = {
        "completed": 3,
        "phone_confirmed": True,
        "balance": 0,
        "rules": RULES,
    }
    return standing(strikes=strikes, now=now, **(facts | changes))  # type: ignore[arg-type]  # each test changes one of them


class TestTier:
    def test_is_0_for_somebody_known_and_reliable(self) -> None:
        stands = at(NOON)

        assert stands.tier == 0
        assert stands.ask_before == ASK_ONCE
        assert (stands.deposit, stands.releases_unanswered) == (ZERO, False)
        assert (stands.ways_down, stands.falls_at, stands.blacklisted_until) == ((), None, None)
        assert [note.text for note in stands.reasons] == [
            "最近 %(days)s 天没有违约，手机号已确认。"
        ]

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"completed": 0}, id="nothing_completed"),
            pytest.param({"phone_confirmed": False}, id="phone_not_confirmed"),
        ],
    )
    def test_is_1_for_somebody_new(self, changes: dict[str, object]) -> None:
        stands = at(NOON, **changes)

        assert (stands.tier, stands.ask_before) == (1, ASK_TWICE)
        assert (stands.deposit, stands.falls_at) == (ZERO, None)
        assert len(stands.reasons) == len(stands.ways_down) == 1

    def test_is_1_after_a_strike(self) -> None:
        stands = at(NOON, a_strike())

        assert (stands.tier, stands.ask_before) == (1, ASK_TWICE)
        assert stands.reasons[0].facts == {"date": date(2026, 11, 22)}
        assert stands.ways_down[0].facts == {"date": date(2027, 5, 21), "rung": 1}

    def test_is_2_after_two_strikes_that_are_not_fresh(self) -> None:
        stands = at(NOON, a_strike("S1", ago=40 * DAY), a_strike("S2", ago=31 * DAY))

        assert (stands.tier, stands.ask_before) == (2, ASK_THRICE)
        assert (stands.deposit, stands.releases_unanswered) == (Money(30_00), False)

    @pytest.mark.parametrize(
        ("balance", "tier"),
        [
            pytest.param(-100, 0, id="at_the_limit"),
            pytest.param(-101, 2, id="one_point_below"),
        ],
    )
    def test_is_2_for_a_debt_of_more_than_100_points(self, balance: int, tier: int) -> None:
        assert at(NOON, balance=balance).tier == tier

    @pytest.mark.parametrize(
        ("age", "tier"),
        [
            pytest.param(30 * DAY - SECOND, 3, id="one_second_before_30_days"),
            pytest.param(30 * DAY, 2, id="at_30_days"),
        ],
    )
    def test_is_3_while_one_of_two_is_fresh(self, age: timedelta, tier: int) -> None:
        stands = at(NOON, a_strike("S1", ago=100 * DAY), a_strike("S2", ago=age))

        assert (stands.tier, stands.releases_unanswered) == (tier, tier == 3)
        assert (stands.ask_before, stands.deposit) == (ASK_THRICE, Money(30_00))

    def test_is_not_raised_by_one_fresh_strike_and_a_debt(self) -> None:
        assert at(NOON, a_strike(), balance=-500).tier == 2

    @pytest.mark.parametrize(
        ("age", "tier"),
        [
            pytest.param(180 * DAY - SECOND, 1, id="one_second_before_180_days"),
            pytest.param(180 * DAY, 0, id="at_180_days"),
        ],
    )
    def test_forgets_a_strike_after_180_days(self, age: timedelta, tier: int) -> None:
        assert at(NOON, a_strike(ago=age)).tier == tier

    @pytest.mark.parametrize(("early", "tier"), [(SECOND, 0), (timedelta(0), 1)])
    def test_knows_a_strike_from_the_second_it_is_posted(self, early: timedelta, tier: int) -> None:
        strike = a_strike(ago=DAY, waited=DAY)

        assert at(NOON - early, strike).tier == tier

    @pytest.mark.parametrize(("early", "tier"), [(SECOND, 1), (timedelta(0), 0)])
    def test_knows_a_reversal_from_its_second_on(self, early: timedelta, tier: int) -> None:
        strike = a_strike(ago=3 * DAY, waited=DAY, reversed_after=2 * DAY)

        assert at(NOON - early, strike).tier == tier

    def test_counts_the_age_from_what_happened_and_not_from_the_posting(self) -> None:
        late = a_strike(ago=180 * DAY, waited=20 * DAY)

        assert (at(NOON - SECOND, late).tier, at(NOON, late).tier) == (1, 0)


class TestFallsAt:
    @pytest.mark.parametrize(
        ("strikes", "days"),
        [
            pytest.param([170], 10, id="one_fades"),
            pytest.param([170, 100], 10, id="the_older_of_two_fades"),
            pytest.param([100, 29], 1, id="the_fresh_one_is_fresh_no_more"),
            pytest.param([179, 20], 1, id="the_older_fades_before_the_fresh_one_ages"),
            pytest.param([170, 100, 90], 80, id="two_of_three_must_fade"),
        ],
    )
    def test_is_when_time_alone_lowers_the_tier(self, strikes: list[int], days: int) -> None:
        facts = [a_strike(f"S{age}", ago=age * DAY) for age in strikes]
        stands = at(NOON, *facts)

        assert stands.falls_at == NOON + days * DAY
        assert at(stands.falls_at, *facts).tier < stands.tier
        assert at(stands.falls_at - SECOND, *facts).tier == stands.tier

    def test_is_never_for_what_time_cannot_mend(self) -> None:
        assert at(NOON, a_strike(), completed=0).falls_at is None


class TestWaysDown:
    @pytest.mark.parametrize(("age", "open_"), [(7 * DAY, True), (7 * DAY + SECOND, False)])
    def test_name_the_appeal_while_it_is_open(self, age: timedelta, open_: bool) -> None:
        texts = [note.text for note in at(NOON, a_strike(ago=age)).ways_down]

        assert ("记录有误？%(days)s 天内可以申请复议。" in texts) is open_

    def test_are_as_many_as_the_reasons_that_have_one(self) -> None:
        stands = at(NOON, a_strike(), completed=0, phone_confirmed=False, balance=-101)

        assert (len(stands.reasons), len(stands.ways_down)) == (4, 4)


class TestTerms:
    def test_begin_with_the_third_strike_within_180_days(self) -> None:
        strikes = [a_strike(f"S{n}", ago=n * DAY) for n in (1, 2, 3)]

        assert terms(strikes=strikes) == (
            Term(
                cause="strike:S1",
                begins_at=NOON - DAY,
                until=NOON - DAY + 90 * DAY,
                strikes=("S3", "S2", "S1"),
                rules=RULES,
            ),
        )

    @pytest.mark.parametrize(
        ("apart", "count"),
        [
            pytest.param(180 * DAY - SECOND, 1, id="one_second_within"),
            pytest.param(180 * DAY, 0, id="at_180_days"),
        ],
    )
    def test_count_strikes_within_180_days(self, apart: timedelta, count: int) -> None:
        strikes = [a_strike("S1", ago=apart), a_strike("S2", ago=DAY), a_strike("S3", ago=0 * DAY)]

        assert len(terms(strikes=strikes)) == count

    def test_begin_when_the_third_is_posted_and_not_when_it_happened(self) -> None:
        strikes = [a_strike(f"S{n}", ago=n * DAY, waited=DAY) for n in (1, 2, 3)]

        [term] = terms(strikes=strikes)

        assert term.begins_at == NOON

    @pytest.mark.parametrize(
        ("later", "blocked"),
        [
            pytest.param(-SECOND, False, id="one_second_before"),
            pytest.param(0 * DAY, True, id="at_the_posting"),
            pytest.param(90 * DAY - SECOND, True, id="in_the_last_second"),
            pytest.param(90 * DAY, False, id="when_it_has_ended_by_itself"),
        ],
    )
    def test_last_90_days(self, later: timedelta, blocked: bool) -> None:
        strikes = [a_strike(f"S{n}", ago=n * DAY) for n in (0, 1, 2)]

        until = at(NOON + later, *strikes).blacklisted_until

        assert until == (NOON + 90 * DAY if blocked else None)

    def test_begin_again_with_a_fourth_strike(self) -> None:
        strikes = [a_strike(f"S{n}", ago=n * DAY) for n in (0, 10, 20, 30)]

        assert [term.cause for term in terms(strikes=strikes)] == ["strike:S10", "strike:S0"]
        assert at(NOON, *strikes).blacklisted_until == NOON + 90 * DAY

    def test_do_not_begin_twice_when_it_ended_by_itself(self) -> None:
        strikes = [a_strike(f"S{n}", ago=n * DAY) for n in (91, 92, 93)]
        stands = at(NOON, *strikes)

        assert (stands.blacklisted_until, stands.tier) == (None, 2)

    def test_do_not_count_what_was_reversed_before(self) -> None:
        strikes = [
            a_strike("S3", ago=3 * DAY, reversed_after=DAY),
            a_strike("S2", ago=2 * DAY),
            a_strike("S1", ago=DAY),
        ]

        # The reversal's own instant belongs to what follows.
        assert terms(strikes=strikes) == ()

    def test_go_by_the_account_when_several_bear_one_time(self) -> None:
        # The job posts three at once; the last of them in the account completes the count.
        strikes = [
            StrikeFact(
                number=number,
                kind=StrikeKind.NO_SHOW,
                at=NOON,
                posted_at=NOON,
                seq=seq,
                rules=RULES,
            )
            for number, seq in (("S9", 1), ("S1", 2), ("S5", 3), ("S4", 4))
        ]

        assert [term.cause for term in terms(strikes=strikes)] == ["strike:S4", "strike:S5"]

    @pytest.mark.parametrize("reversed_", ["S1", "S2", "S3"])
    def test_end_when_one_of_three_is_reversed(self, reversed_: str) -> None:
        strikes = [
            a_strike(
                f"S{n}",
                ago=n * DAY,
                reversed_after=n * DAY if f"S{n}" == reversed_ else None,
            )
            for n in (1, 2, 3)
        ]

        [term] = terms(strikes=strikes)

        assert (term.ended_at, term.ending) == (NOON, TermEnding.REVERSED)
        assert (term.in_force(NOON - SECOND), term.in_force(NOON)) == (True, False)

    def test_outlast_one_reversal_when_three_are_left(self) -> None:
        strikes = [
            a_strike("S4", ago=4 * DAY, reversed_after=4 * DAY),
            *(a_strike(f"S{n}", ago=n * DAY) for n in (1, 2, 3)),
        ]

        third, fourth = terms(strikes=strikes)

        assert (third.cause, third.ending) == ("strike:S2", TermEnding.REVERSED)
        assert (fourth.cause, fourth.ending) == ("strike:S1", None)

    def test_end_with_the_strike_that_began_them_whatever_is_left(self) -> None:
        strikes = [a_strike(f"S{n}", ago=n * DAY) for n in (2, 3, 4)]
        strikes.append(a_strike("S1", ago=DAY, reversed_after=DAY))

        third, fourth = terms(strikes=strikes)

        assert (third.ending, fourth.ending) == (None, TermEnding.REVERSED)
        assert at(NOON, *strikes).blacklisted_until == NOON - 2 * DAY + 90 * DAY


class TestOverrides:
    STRIKES = tuple(a_strike(f"S{n}", ago=n * DAY) for n in (1, 2, 3))

    def test_release_all_that_is_in_force(self) -> None:
        release = OverrideFact(number="O1", kind=OverrideKind.RELEASE, at=NOON)

        [term] = terms(strikes=self.STRIKES, overrides=[release])

        assert (term.ended_at, term.ending) == (NOON, TermEnding.RELEASED)

    def test_release_nothing_that_comes_after(self) -> None:
        release = OverrideFact(number="O1", kind=OverrideKind.RELEASE, at=NOON)
        strikes = [*self.STRIKES, a_strike("S0", ago=-DAY)]

        before, after = terms(strikes=strikes, overrides=[release])

        assert (before.ending, after.ending) == (TermEnding.RELEASED, None)

    def test_blacklist_by_hand_until_the_day_they_say(self) -> None:
        by_hand = OverrideFact(
            number="O1", kind=OverrideKind.BLACKLIST, at=NOON, until=NOON + 10 * DAY
        )

        blocked = [
            at(NOON + later, overrides=[by_hand]).blacklisted_until is not None
            for later in (-SECOND, 0 * DAY, 10 * DAY - SECOND, 10 * DAY)
        ]

        assert blocked == [False, True, True, False]
        assert at(NOON, overrides=[by_hand]).tier == 0


class TestRules:
    def test_are_the_tariff_of_the_house(self) -> None:
        assert RULES.version == "2026-11"
        assert dict(RULES.strike_points) == {
            StrikeKind.NO_SHOW: 200,
            StrikeKind.REFUSED: 200,
            StrikeKind.LATE_CANCEL: 50,
            StrikeKind.PROVIDER_NO_SHOW: 0,
        }

    def test_say_something_of_every_tier(self) -> None:
        assert len(RULES.ask_before) == len(TIER_NAMES) == 4

    def test_are_cited_by_what_they_decide(self) -> None:
        assert at(NOON).version == RULES.version
