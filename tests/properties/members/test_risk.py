"""The ladder under any history: strikes only ever weigh, and the order of the facts says nothing."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from members.risk import (
    OverrideFact,
    OverrideKind,
    Standing,
    StrikeFact,
    StrikeKind,
    standing,
    terms,
)
from members.rule_text import RULES

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)

# Whole days beside the limits, so that the limits themselves are met.
days = st.one_of(st.integers(0, 400), st.sampled_from([0, 29, 30, 31, 89, 90, 91, 179, 180, 181]))


@st.composite
def strikes(draw: st.DrawFn) -> StrikeFact:
    at = NOON - draw(days) * DAY
    posted_at = at + draw(st.sampled_from([0, 1, 5])) * DAY
    reversed_after = draw(st.none() | st.integers(0, 200))
    reversed_at = None if reversed_after is None else posted_at + reversed_after * DAY
    return StrikeFact(
        number=f"S{draw(st.integers(0, 10**6))}",
        kind=draw(st.sampled_from(StrikeKind)),
        at=at,
        posted_at=posted_at,
        seq=place_of(posted_at),
        rules=RULES,
        reversed_at=reversed_at,
        reversed_seq=None if reversed_at is None else place_of(reversed_at),
    )


def place_of(instant: datetime) -> int:
    """Return the place in the account of what happens then; strikes of one time share it."""
    return int(instant.timestamp())


@st.composite
def overrides(draw: st.DrawFn) -> OverrideFact:
    at = NOON - draw(days) * DAY
    kind = draw(st.sampled_from(OverrideKind))
    until = at + draw(st.integers(1, 200)) * DAY if kind is OverrideKind.BLACKLIST else None
    return OverrideFact(number=f"O{draw(st.integers(0, 10**6))}", kind=kind, at=at, until=until)


histories = st.lists(strikes(), max_size=7, unique_by=lambda strike: strike.number)
decisions = st.lists(overrides(), max_size=3, unique_by=lambda override: override.number)
persons = st.fixed_dictionaries(
    {
        "completed": st.integers(0, 3),
        "phone_confirmed": st.booleans(),
        "balance": st.integers(-300, 300),
    }
)


def stands(person: dict[str, int], history: list[StrikeFact], **more: object) -> Standing:
    return standing(strikes=history, now=NOON, rules=RULES, **person, **more)  # type: ignore[arg-type]  # drawn by name


@given(person=persons, history=histories, one=strikes())
def test_one_more_strike_never_lowers_a_tier(
    person: dict[str, int], history: list[StrikeFact], one: StrikeFact
) -> None:
    assume(one.number not in {strike.number for strike in history})

    before, after = stands(person, history), stands(person, [*history, one])

    assert after.tier >= before.tier
    if before.blacklisted_until is not None:
        assert after.blacklisted_until is not None
        assert after.blacklisted_until >= before.blacklisted_until


@given(person=persons, history=histories, by_hand=decisions, chance=st.randoms())
def test_the_order_of_the_facts_says_nothing(
    person: dict[str, int],
    history: list[StrikeFact],
    by_hand: list[OverrideFact],
    chance: Random,
) -> None:
    straight = stands(person, history, overrides=by_hand)
    mixed, decided = list(history), list(by_hand)
    chance.shuffle(mixed)
    chance.shuffle(decided)

    assert stands(person, mixed, overrides=decided) == straight
    assert terms(strikes=mixed, overrides=decided) == terms(strikes=history, overrides=by_hand)


@given(person=persons, history=histories)
def test_the_ladder_promises_its_way_down(
    person: dict[str, int], history: list[StrikeFact]
) -> None:
    # What is not posted yet nobody can know: it may keep him where he is.
    history = [strike for strike in history if strike.posted_at <= NOON]
    now = stands(person, history)

    assert bool(now.ways_down) == (now.tier > 0)
    assert now.reasons
    if now.falls_at is not None:
        then = standing(strikes=history, now=now.falls_at, rules=RULES, **person)  # type: ignore[arg-type]  # drawn by name
        assert then.tier < now.tier


@given(history=histories, by_hand=decisions)
def test_a_blacklisting_ends_by_itself_or_before(
    history: list[StrikeFact], by_hand: list[OverrideFact]
) -> None:
    for term in terms(strikes=history, overrides=by_hand):
        assert term.begins_at < term.until
        assert (term.ended_at is None) == (term.ending is None)
        assert term.ended_at is None or term.begins_at <= term.ended_at < term.until
        assert not term.in_force(term.until)
