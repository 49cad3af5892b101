"""The rules' worked examples, run through the very functions that decide. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from booking import policy, score
from booking.discounts import parts_of
from booking.score import Arrival, Fix, Records
from kernel.clock import local_date, midnight
from kernel.errors import Invalid
from kernel.money import ZERO, Money
from kernel.words import msg
from members import grades, ledger, lots, referring, risk, surveying
from members.risk import StrikeFact
from members.rules import Example, Rules, StrikeKind

# The day on which all examples play: none of them depends on it.
NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
STRIKES_MAX = 20
COUNT_MAX = 1_000


class ExampleFails(Invalid):
    """The rules do something else than an example of the same text says."""

    code = "example_fails"
    says = msg(
        "案例「%(name)s」不成立：写的是 %(wanted)s，按这些规则是 %(got)s。改规则，或改案例。"
    )


class ExampleUnfit(Invalid):
    """An example that nobody can run."""

    code = "example_unfit"
    says = msg("案例「%(name)s」读不懂，请照其他案例的样子写。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an example: what it says, and what the rules make of the same keys. None of the
    latter when it could not be run."""

    example: Example
    got: Mapping[str, object] | None

    @property
    def holds(self) -> bool:
        return self.got is not None and dict(self.got) == dict(self.example.expect)


def run(rules: Rules) -> list[Outcome]:
    """Return what comes of each example under its own rules."""
    return [Outcome(example=each, got=_got(each, rules)) for each in rules.examples]


def check(rules: Rules, *, field: str) -> None:
    """Refuse rules that their own examples contradict. Raises ExampleFails, ExampleUnfit."""
    for outcome in run(rules):
        if outcome.got is None:
            raise ExampleUnfit(field=field, name=outcome.example.name)
        if not outcome.holds:
            wanted, got = said(outcome.example.expect), said(outcome.got)
            raise ExampleFails(field=field, name=outcome.example.name, wanted=wanted, got=got)


def said(facts: Mapping[str, object]) -> str:
    """Return facts as the text writes them."""
    words = {True: "true", False: "false"}
    return ", ".join(
        f"{key}: {words[value] if isinstance(value, bool) else value}"
        for key, value in facts.items()
    )


def _got(example: Example, rules: Rules) -> dict[str, object] | None:
    try:
        made = _KINDS[example.kind](_Given(example.given), rules)
        return {key: made[key] for key in example.expect}
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


class _Given:
    """A case as it was written; what it holds is asked for by name, and nothing may be left over."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)

    def number(self, name: str, default: float | None = None, *, most: float = 100_000) -> float:
        value = self._taken(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(name)
        if not -most <= value <= most:
            raise ValueError(name)
        return value

    def whole(self, name: str, default: int | None = None, *, most: int = 1_000_000) -> int:
        value = self.number(name, default, most=most)
        if int(value) != value:
            raise ValueError(name)
        return int(value)

    def yes(self, name: str, *, default: bool) -> bool:
        value = self._taken(name, default)
        if not isinstance(value, bool):
            raise TypeError(name)
        return value

    def day(self, name: str) -> date:
        value = self._taken(name, None)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise TypeError(name)
        return value

    def cases(self, name: str) -> "list[_Given]":
        value = self._taken(name, [])
        if not isinstance(value, list) or len(value) > STRIKES_MAX:
            raise TypeError(name)
        return [_Given(each) for each in value]

    def word(self, name: str) -> str:
        return str(self._taken(name, None))

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._given:
            raise KeyError(*self._given)

    def _taken(self, name: str, default: Any) -> Any:
        value = self._given.pop(name, default)
        if value is None:
            raise KeyError(name)
        return value


def _cancel(given: _Given, rules: Rules) -> dict[str, object]:
    before, accepted = given.number("hours_before"), given.yes("accepted", default=False)
    given.end()
    tariff = policy.cancel_tariff(
        starts_at=NOW + timedelta(hours=before),
        now=NOW,
        is_accepted=accepted,
        is_ours=False,
        rules=rules,
    )
    strike_points = rules.strike_points[StrikeKind.LATE_CANCEL] if tariff.is_strike else 0
    return {
        "points": tariff.points + strike_points,
        "strike": tariff.is_strike,
        "errand_yuan": tariff.errand.whole_yuan,
    }


def _move(given: _Given, rules: Rules) -> dict[str, object]:
    before = given.number("hours_before")
    given.end()
    starts_at = NOW + timedelta(hours=before)
    tariff = policy.move_tariff(starts_at=starts_at, now=NOW, is_ours=False, rules=rules)
    return {"points": tariff.points}


def _late(given: _Given, rules: Rules) -> dict[str, object]:
    late = timedelta(minutes=given.number("minutes"))
    given.end()
    return {"yuan": policy.late_fee(ends_at=NOW - late, now=NOW, rules=rules).whole_yuan}


def _earn(given: _Given, rules: Rules) -> dict[str, object]:
    paid = Money(round(given.number("yuan") * 100))
    given.end()
    return {"points": ledger.points_earned(paid, rules=rules)}


def _expires(given: _Given, rules: Rules) -> dict[str, object]:
    earned = midnight(given.day("earned"))
    given.end()
    end = lots.end_of_life(earned, months=rules.points_live_months)
    return {"on": local_date(end - timedelta(seconds=1))}


def _visit(given: _Given, rules: Rules) -> dict[str, object]:
    today, in_month = given.whole("today"), given.whole("in_month")
    given.end()
    return {"points": grades.visit_points(today=today, in_month=in_month, rules=rules)}


def _survey(given: _Given, rules: Rules) -> dict[str, object]:
    surveys = given.whole("surveys", most=COUNT_MAX)
    given.end()
    return {"points": surveying.points_for(surveys=surveys, rules=rules)}


def _tier(given: _Given, rules: Rules) -> dict[str, object]:
    tier = grades.held(given.whole("points"), rules=rules).grade
    article = given.whole("article")
    given.end()
    return {"code": tier.code, "asks": grades.price_for(tier, article)}


def _pay(given: _Given, rules: Rules) -> dict[str, object]:
    tier = grades.held(given.whole("earned"), rules=rules).grade
    price = Money(round(given.number("yuan") * 100))
    points = given.whole("points")
    given.end()
    parts = parts_of(
        price=price, coupon=ZERO, vouchers=ZERO, points=points, grade=tier, rules=rules
    )
    return {
        "points": sum(part.points for part in parts),
        "yuan": sum((part.amount for part in parts), ZERO).whole_yuan,
    }


def _refer(given: _Given, rules: Rules) -> dict[str, object]:
    before, badge = given.whole("friends_before", 0), given.yes("badge", default=False)
    given.end()
    if badge:
        paid = rules.badge_commission.whole_yuan
        return {"friend_points": 0, "referrer_points": 0, "badge_yuan": paid}
    return {
        "friend_points": rules.referral_points,
        "referrer_points": referring.referrer_points(before, rules=rules),
        "badge_yuan": 0,
    }


def _stands(given: _Given, rules: Rules) -> dict[str, object]:
    found = sorted(
        (_strike(case, rules) for case in given.cases("strikes")), key=lambda strike: strike.at
    )
    strikes = [replace(each, number=str(place), seq=place) for place, each in enumerate(found, 1)]
    stands = risk.standing(
        strikes=strikes,
        completed=given.whole("completed", 1),
        phone_confirmed=given.yes("phone", default=True),
        balance=given.whole("balance", 0),
        now=NOW,
        rules=rules,
    )
    given.end()
    return {
        "rung": stands.tier + 1,
        "asks": len(stands.ask_before),
        "deposit_yuan": stands.deposit.whole_yuan,
        "calls": stands.calls_unanswered,
        "releases": stands.releases_unanswered,
        "stands_by": stands.stands_by,
        "blacklisted": stands.blacklisted_until is not None,
    }


def _strike(given: _Given, rules: Rules) -> StrikeFact:
    kind, at = StrikeKind(given.word("kind")), NOW - timedelta(days=given.number("days_ago"))
    given.end()
    posted_at = min(NOW, at + rules.posts_after)
    return StrikeFact(number="", kind=kind, at=at, posted_at=posted_at, seq=0, rules=rules)


def _score(given: _Given, rules: Rules) -> dict[str, object]:
    stars, ratings = given.number("stars", most=5), given.whole("ratings", most=COUNT_MAX)
    in_time, fixed, kept = (
        given.whole(f"{name}_percent", 100, most=100)
        for name in ("on_time", "first_time", "records")
    )
    given.end()
    made = score.score(
        ratings=[round(stars)] * ratings,
        arrivals=[Arrival(NOW, NOW, NOW if place < in_time else None) for place in range(100)],
        fixes=[Fix(1 if place < fixed else 2) for place in range(100)],
        records=[Records(kept, 100)],
        formula=rules.score,
    )
    return {"stars": round(made.stars, 2)}


_KINDS: Mapping[str, Callable[[_Given, Rules], dict[str, object]]] = {
    "cancel": _cancel,
    "move": _move,
    "late": _late,
    "earn": _earn,
    "expires": _expires,
    "visit": _visit,
    "survey": _survey,
    "tier": _tier,
    "pay": _pay,
    "refer": _refer,
    "stands": _stands,
    "score": _score,
}
