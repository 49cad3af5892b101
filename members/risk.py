"""The risk ladder: who is asked how often, who pays a deposit, who may not book, and until when.

Pure: all of it follows from posted strikes, the bookings completed, the confirmed phone, the
balance, what two persons decided by hand, and a version of the rules. Nothing here is stored that
could not be computed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from kernel.clock import local_date
from kernel.money import ZERO, Money
from kernel.words import msg
from members.rules import Rules, StrikeKind
from members.terms import (
    MergeFact,
    OverrideFact,
    OverrideKind,
    StrikeFact,
    Term,
    TermEnding,
    terms,
)

__all__ = [
    "BLACKLISTED_NAME",
    "KIND_NAMES",
    "TIER_NAMES",
    "MergeFact",
    "Note",
    "OverrideFact",
    "OverrideKind",
    "Rules",
    "Standing",
    "StrikeFact",
    "StrikeKind",
    "Term",
    "TermEnding",
    "standing",
    "terms",
]


# --- The ladder -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence to be read: `text` is a key of the catalogue, `facts` are what it quotes.

    Facts are numbers, text and dates; a face shows the dates as its language does.
    """

    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a member stands on the ladder, why, what it means for him, and how he gets down."""

    tier: int
    reasons: tuple[Note, ...]
    ways_down: tuple[Note, ...]
    # How long before the window he is asked whether he will be at home, the earliest first.
    ask_before: tuple[timedelta, ...]
    deposit: Money
    # What follows when he does not answer: a person calls, his place is promised to whoever waits,
    # it is let go.
    calls_unanswered: bool
    stands_by: bool
    releases_unanswered: bool
    # When his tier falls by itself; none when time alone changes nothing.
    falls_at: datetime | None
    blacklisted_until: datetime | None
    version: str


TIER_NAMES = (msg("良好"), msg("需确认"), msg("需押金"), msg("需按时确认"))
BLACKLISTED_NAME = msg("暂停预约")

KIND_NAMES: Mapping[StrikeKind, str] = MappingProxyType(
    {
        StrikeKind.NO_SHOW: msg("没能见到您"),
        StrikeKind.REFUSED: msg("没能进门服务"),
        StrikeKind.LATE_CANCEL: msg("临期取消"),
        StrikeKind.PROVIDER_NO_SHOW: msg("师傅未到"),
    }
)
_REASONS: Mapping[StrikeKind, str] = MappingProxyType(
    {
        StrikeKind.NO_SHOW: msg("%(date)s 师傅到了，没能见到您。"),
        StrikeKind.REFUSED: msg("%(date)s 师傅到了，没能进门服务。"),
        StrikeKind.LATE_CANCEL: msg("%(date)s 临期取消，距上门不足 2 小时。"),
        StrikeKind.PROVIDER_NO_SHOW: msg("%(date)s 师傅未到。"),
    }
)


def standing(
    *,
    strikes: Sequence[StrikeFact],
    completed: int,
    phone_confirmed: bool,
    balance: int,
    now: datetime,
    rules: Rules,
    overrides: Sequence[OverrideFact] = (),
    merges: Sequence[MergeFact] = (),
) -> Standing:
    """Return where the member stands at `now`.

    `rules` are those in force for him now. `strikes` are all that were ever posted to him, also those that faded or were reversed;
    `completed` counts his completed bookings, `balance` his points.
    """
    about = _About(
        strikes=tuple(sorted(strikes, key=lambda strike: (strike.at, strike.number))),
        completed=completed,
        phone_confirmed=phone_confirmed,
        balance=balance,
    )
    tier, falls_at = _tier(about, now, rules), _falls_at(about, now, rules)
    all_terms = terms(strikes=strikes, overrides=overrides, merges=merges)
    in_force = [term for term in all_terms if term.in_force(now)]
    return Standing(
        tier=tier,
        reasons=tuple(_reasons(about, now, rules)),
        ways_down=tuple(_ways_down(about, now, rules, falls_at)) if tier else (),
        ask_before=rules.ask_before[tier],
        deposit=rules.deposit if tier >= rules.deposit_from_tier else ZERO,
        calls_unanswered=tier >= rules.call_from_tier,
        stands_by=tier >= rules.standby_from_tier,
        releases_unanswered=tier >= rules.release_from_tier,
        falls_at=falls_at,
        blacklisted_until=max((term.until for term in in_force), default=None),
        version=rules.version,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    strikes: tuple[StrikeFact, ...]
    completed: int
    phone_confirmed: bool
    balance: int

    def counting(self, now: datetime, rules: Rules) -> list[StrikeFact]:
        """Return the strikes that count at `now`, the oldest first."""
        return [s for s in self.strikes if s.stands(now) and now < s.at + rules.fades_after]


def _tier(about: _About, now: datetime, rules: Rules) -> int:
    counting = about.counting(now, rules)
    if len(counting) >= 2:
        return 3 if now < counting[-1].at + rules.recent else 2
    if about.balance < rules.low_balance:
        return 2
    return 1 if counting or not about.completed or not about.phone_confirmed else 0


def _falls_at(about: _About, now: datetime, rules: Rules) -> datetime | None:
    """Return the first instant after `now` at which time alone has lowered the tier."""
    tier = _tier(about, now, rules)
    ages = (rules.recent, rules.fades_after)
    instants = sorted(strike.at + age for strike in about.counting(now, rules) for age in ages)
    return next((at for at in instants if at > now and _tier(about, at, rules) < tier), None)


def _reasons(about: _About, now: datetime, rules: Rules) -> list[Note]:
    counting = about.counting(now, rules)
    notes = [
        Note(text=_REASONS[strike.kind], facts={"date": local_date(strike.at)})
        for strike in reversed(counting)
    ]
    if len(counting) >= 2 and now < counting[-1].at + rules.recent:
        notes.append(
            Note(text=msg("最近一次还不到 %(days)s 天。"), facts={"days": rules.recent.days})
        )
    if about.balance < rules.low_balance:
        facts = {"balance": about.balance, "limit": rules.low_balance}
        notes.append(Note(text=msg("积分余额 %(balance)s，低于 %(limit)s。"), facts=facts))
    if not about.completed:
        notes.append(Note(text=msg("您还没有完成过预约。")))
    if not about.phone_confirmed:
        notes.append(Note(text=msg("您的手机号还没有确认。")))
    return notes or [
        Note(
            text=msg("最近 %(days)s 天没有违约，手机号已确认。"),
            facts={"days": rules.fades_after.days},
        )
    ]


def _ways_down(about: _About, now: datetime, rules: Rules, falls_at: datetime | None) -> list[Note]:
    counting = about.counting(now, rules)
    notes = []
    if falls_at is not None:
        facts = {"date": local_date(falls_at), "rung": _tier(about, falls_at, rules) + 1}
        notes.append(Note(text=msg("到 %(date)s 自动降到第 %(rung)s 级。"), facts=facts))
    if any(now <= strike.at + rules.contest_for for strike in counting):
        facts = {"days": rules.contest_for.days}
        notes.append(Note(text=msg("记录有误？%(days)s 天内可以申请复议。"), facts=facts))
    if about.balance < rules.low_balance:
        facts = {"limit": rules.low_balance}
        notes.append(
            Note(text=msg("完成预约和评价都有积分，余额回到 %(limit)s 以上即可。"), facts=facts)
        )
    if not about.completed:
        notes.append(Note(text=msg("完成 1 次预约。")))
    if not about.phone_confirmed:
        notes.append(Note(text=msg("确认手机号。")))
    return notes
