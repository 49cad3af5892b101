"""What other rules would have made of what happened: who would have been treated how, and why. Pure.

A month is lived once more under both versions. What a member did stays what he did: nobody can know
whether he would have cancelled had it cost more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from booking import policy
from kernel.money import Money
from kernel.words import msg
from members import grades, ledger, risk
from members.histories import History
from members.risk import Note, Standing
from members.rules import Rules, StrikeKind


class Matter(StrEnum):
    """What would have been otherwise."""

    ASKS = "asks"
    DEPOSIT = "deposit"
    CALL = "call"
    RELEASE = "release"
    CANCEL = "cancel"
    MOVE = "move"
    STRIKE = "strike"
    EARNED = "earned"
    GRADE = "grade"
    RATED = "rated"
    LATE = "late"
    BLACKLIST = "blacklist"
    SCORE = "score"


MATTER_NAMES: Mapping[Matter, str] = {
    Matter.ASKS: msg("问几次是否在家"),
    Matter.DEPOSIT: msg("押金"),
    Matter.CALL: msg("不答复有人打电话"),
    Matter.RELEASE: msg("不答复就放开"),
    Matter.CANCEL: msg("取消扣分"),
    Matter.MOVE: msg("改约扣分"),
    Matter.STRIKE: msg("违约扣分"),
    Matter.EARNED: msg("完成得分"),
    Matter.GRADE: msg("会员等级"),
    Matter.RATED: msg("评价得分"),
    Matter.LATE: msg("超时赔付"),
    Matter.BLACKLIST: msg("暂停预约"),
    Matter.SCORE: msg("绩效分"),
}
# What is counted in fen.
OF_MONEY = frozenset({Matter.DEPOSIT, Matter.LATE})
# What a member would rather have less of.
BURDENS = frozenset(Matter) - {Matter.EARNED, Matter.GRADE, Matter.RATED, Matter.LATE, Matter.SCORE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A promise that the member gave up: cancelled or moved at `at`; `cost` says whether it cost him
    anything, which it did not where the fault was ours."""

    booking: str
    is_move: bool
    at: datetime
    starts_at: datetime
    cost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What happened to one member within the span."""

    history: History
    # The bookings he made: number and when.
    made: Sequence[tuple[str, datetime]] = ()
    left: Sequence[Left] = ()
    completed: Sequence[tuple[str, Money]] = ()
    # What counts for his tier, however long ago: when, and how many points.
    earned: Sequence[tuple[datetime, int]] = ()
    rated: Sequence[str] = ()
    # The bookings to which we came late: number, end of the promise, arrival.
    late: Sequence[tuple[str, datetime, datetime]] = ()
    strikes: Sequence[tuple[str, StrikeKind]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that would have been otherwise: whole numbers before and after, fen for money, 0 and 1
    for yes and no, a score in hundredths."""

    matter: Matter
    booking: str
    before: int
    after: int
    why: Note


def differences(life: Life, *, old: Rules, new: Rules, until: datetime) -> list[Difference]:
    """Return what would have been otherwise for that member under the new rules."""
    found = [
        *_of_ladder(life, old, new),
        *_of_left(life, old, new),
        *_of_earnings(life, old, new),
        *_of_grade(life, old, new, until),
        *_of_strikes(life, old, new),
        *_of_pause(life, old, new, until),
    ]
    return [each for each in found if each.before != each.after]


def _of_ladder(life: Life, old: Rules, new: Rules) -> Iterator[Difference]:
    for number, at in life.made:
        was, would = life.history.standing(at, rules=old), life.history.standing(at, rules=new)
        why = _reason(was, would)
        for matter, before, after in (
            (Matter.ASKS, len(was.ask_before), len(would.ask_before)),
            (Matter.DEPOSIT, was.deposit.fen, would.deposit.fen),
            (Matter.CALL, was.calls_unanswered, would.calls_unanswered),
            (Matter.RELEASE, was.releases_unanswered, would.releases_unanswered),
        ):
            yield Difference(
                matter=matter, booking=number, before=int(before), after=int(after), why=why
            )


def _reason(was: Standing, would: Standing) -> Note:
    """Return why: he would have stood elsewhere, or his step means something else."""
    if was.tier != would.tier:
        facts = {"before": was.tier + 1, "after": would.tier + 1}
        return Note(text=msg("从第 %(before)s 级到第 %(after)s 级"), facts=facts)
    return Note(text=msg("第 %(rung)s 级的待遇改了"), facts={"rung": was.tier + 1})


def _of_left(life: Life, old: Rules, new: Rules) -> Iterator[Difference]:
    for left in life.left:
        notice = left.starts_at - left.at
        before, after = (_cost(left, rules) for rules in (old, new))
        if before and not left.cost:
            # It was free because the fault was ours, and would be again.
            continue
        hours = int(notice.total_seconds() // 3600)
        yield Difference(
            matter=Matter.MOVE if left.is_move else Matter.CANCEL,
            booking=left.booking,
            before=before,
            after=after,
            why=Note(text=msg("提前 %(hours)s 小时"), facts={"hours": hours}),
        )


def _cost(left: Left, rules: Rules) -> int:
    if left.is_move:
        return policy.move_tariff(
            starts_at=left.starts_at, now=left.at, is_ours=False, rules=rules
        ).points
    tariff = policy.cancel_tariff(
        starts_at=left.starts_at, now=left.at, is_ours=False, is_accepted=False, rules=rules
    )
    return rules.strike_points[StrikeKind.LATE_CANCEL] if tariff.is_strike else tariff.points


def _of_earnings(life: Life, old: Rules, new: Rules) -> Iterator[Difference]:
    for number, price in life.completed:
        before, after = (ledger.points_earned(price, rules=rules) for rules in (old, new))
        why = Note(text=msg("费用 %(price)s"), facts={"price": str(price)})
        yield Difference(matter=Matter.EARNED, booking=number, before=before, after=after, why=why)
    for number in life.rated:
        yield Difference(
            matter=Matter.RATED,
            booking=number,
            before=old.rating_points,
            after=new.rating_points,
            why=Note(text=msg("评价了一次")),
        )
    for number, ends_at, came_at in life.late:
        before, after = (
            policy.late_fee(ends_at=ends_at, now=came_at, rules=rules).fen for rules in (old, new)
        )
        minutes = int((came_at - ends_at).total_seconds() // 60)
        why = Note(text=msg("师傅晚到 %(minutes)s 分钟"), facts={"minutes": minutes})
        yield Difference(matter=Matter.LATE, booking=number, before=before, after=after, why=why)


def _of_strikes(life: Life, old: Rules, new: Rules) -> Iterator[Difference]:
    for number, kind in life.strikes:
        yield Difference(
            matter=Matter.STRIKE,
            booking=number,
            before=old.strike_points[kind],
            after=new.strike_points[kind],
            why=Note(text=risk.KIND_NAMES[kind]),
        )


def _of_grade(life: Life, old: Rules, new: Rules, until: datetime) -> Iterator[Difference]:
    was, would = (
        grades.held(
            sum(amount for at, amount in life.earned if at > until - rules.tiers_over), rules=rules
        )
        for rules in (old, new)
    )
    yield Difference(
        matter=Matter.GRADE,
        booking="",
        before=was.place + 1,
        after=would.place + 1,
        why=Note(text=msg("这段时间得 %(points)s 分"), facts={"points": would.earned}),
    )


def _of_pause(life: Life, old: Rules, new: Rules, until: datetime) -> Iterator[Difference]:
    was, would = (life.history.standing(until, rules=rules) for rules in (old, new))
    counting = sum(strike.stands(until) for strike in life.history.strikes)
    yield Difference(
        matter=Matter.BLACKLIST,
        booking="",
        before=int(was.blacklisted_until is not None),
        after=int(would.blacklisted_until is not None),
        why=Note(text=msg("一共 %(count)s 次违约"), facts={"count": counting}),
    )


def written(difference: Difference) -> dict[str, Any]:
    """Return a difference as JSON keeps it."""
    return {
        "matter": difference.matter.value,
        "booking": difference.booking,
        "before": difference.before,
        "after": difference.after,
        "why": difference.why.text,
        "facts": dict(difference.why.facts),
    }
