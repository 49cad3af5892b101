"""The risk ladder: who is asked how often, who pays a deposit, who may not book, and until when.

Pure: all of it follows from posted strikes, the bookings completed, the confirmed phone, the
balance, what two persons decided by hand, and a version of the rules. Nothing here is stored that
could not be computed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from kernel.clock import local_date
from kernel.money import ZERO, Money
from kernel.words import msg
from members.rules import Rules, StrikeKind

__all__ = [
    "BLACKLISTED_NAME",
    "KIND_NAMES",
    "TIER_NAMES",
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


# --- Facts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeFact:
    """A posted strike: it happened at `at` and counts from `posted_at` until it is reversed.

    `seq` and `reversed_seq` are the places of both in the member's account, which say what came
    first when two bear the same time.
    """

    number: str
    kind: StrikeKind
    at: datetime
    posted_at: datetime
    seq: int
    # Under which it was recorded, and by which it may begin a blacklisting.
    rules: Rules
    reversed_at: datetime | None = None
    reversed_seq: int | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it is posted and not reversed; the instants of both belong to what follows."""
        return self.posted_at <= now and (self.reversed_at is None or now < self.reversed_at)

    def stood(self, seq: int) -> bool:
        """Tell whether it was posted and not reversed when the account had come to `seq`."""
        return self.seq <= seq and (self.reversed_seq is None or seq < self.reversed_seq)


class OverrideKind(StrEnum):
    """What two persons may decide by hand."""

    RELEASE = "release"
    BLACKLIST = "blacklist"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideFact:
    """What a second person confirmed at `at`; a blacklisting by hand ends at `until`."""

    number: str
    kind: OverrideKind
    at: datetime
    until: datetime | None = None


# --- Blacklist ------------------------------------------------------------------------------


class TermEnding(StrEnum):
    """Why a blacklisting ended before its time."""

    REVERSED = "reversed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One blacklisting: in force from `begins_at` until `until`, or until it was `ended_at`.

    `cause` is `strike:NUMBER` of the strike that completed the count, or `override:NUMBER`.
    """

    cause: str
    begins_at: datetime
    until: datetime
    strikes: tuple[str, ...] = ()
    ended_at: datetime | None = None
    ending: TermEnding | None = None
    # Those of the strike that began it; none of what two persons decided.
    rules: Rules | None = None

    def in_force(self, now: datetime) -> bool:
        """Tell whether it stops bookings at `now`: its first instant included, its last not."""
        return self.begins_at <= now < (self.ended_at or self.until)


def terms(
    *, strikes: Sequence[StrikeFact], overrides: Sequence[OverrideFact] = ()
) -> tuple[Term, ...]:
    """Return every blacklisting there ever was, by beginning, in whatever order the facts come.

    Each strike that is posted as one of `blacklist_strikes` within `blacklist_within`, by the rules
    under which it was recorded, begins one: other rules later change nothing of it. It ends early when too few of its strikes are left, when the strike that began it is reversed, or
    by a release.
    """
    found = [_term_of(strike, strikes) for strike in strikes]
    found += [_term_by_hand(override) for override in overrides]
    releases = [o.at for o in overrides if o.kind is OverrideKind.RELEASE]
    ended = [_ended(term, strikes, releases) for term in found if term is not None]
    return tuple(sorted(ended, key=lambda term: (term.begins_at, term.cause)))


def _term_of(last: StrikeFact, strikes: Sequence[StrikeFact]) -> Term | None:
    begins_at, rules = last.posted_at, last.rules
    together = sorted(
        (strike.at, strike.number)
        for strike in strikes
        if strike.stood(last.seq) and begins_at < strike.at + rules.blacklist_within
    )
    if len(together) < rules.blacklist_strikes:
        return None
    return Term(
        cause=f"strike:{last.number}",
        begins_at=begins_at,
        until=begins_at + rules.blacklist_for,
        strikes=tuple(number for _, number in together),
        rules=rules,
    )


def _term_by_hand(override: OverrideFact) -> Term | None:
    if override.kind is not OverrideKind.BLACKLIST:
        return None
    assert override.until is not None
    return Term(cause=f"override:{override.number}", begins_at=override.at, until=override.until)


def _ended(term: Term, strikes: Sequence[StrikeFact], releases: Sequence[datetime]) -> Term:
    ends = [(at, TermEnding.RELEASED) for at in releases if term.begins_at <= at < term.until]
    reversals = sorted(
        strike.reversed_at
        for strike in strikes
        if strike.number in term.strikes and strike.reversed_at is not None
    )
    # The reversal after which too few are left.
    spare = len(term.strikes) - (term.rules.blacklist_strikes if term.rules else 0)
    fatal = reversals[spare : spare + 1] if term.strikes else []
    fatal += [
        strike.reversed_at
        for strike in strikes
        if term.cause == f"strike:{strike.number}" and strike.reversed_at is not None
    ]
    ends += [(at, TermEnding.REVERSED) for at in fatal if at < term.until]
    if not ends:
        return term
    ended_at, ending = min(ends)
    return replace(term, ended_at=ended_at, ending=ending)


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
    in_force = [t for t in terms(strikes=strikes, overrides=overrides) if t.in_force(now)]
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
