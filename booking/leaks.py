"""Leakage signals (防私下交易): what may have gone past us, put as a question and never as a verdict.
Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from types import MappingProxyType

from kernel.errors import Conflict
from kernel.words import msg

# Whom one technician visited on so many days is his regular; who was not here for twice his usual
# interval, and QUIET_DAYS_MIN at least, has stopped.
VISITS_MIN, QUIET_DAYS_MIN, QUIET_TIMES = 3, 90, 2
LOOK_BACK = timedelta(days=730)
WORDS_BACK = timedelta(days=90)
TEXTS_MAX, NOTE_MAX = 2000, 200


class LeakKind(StrEnum):
    """What is asked about."""

    STOPPED = "stopped"
    PRICE = "price"
    CONTACT = "contact"


class LeakAnswer(StrEnum):
    """What came of the question."""

    ASKED = "asked"
    EXPLAINED = "explained"
    NOTHING = "nothing"
    FOLLOW_UP = "follow_up"


KINDS: Mapping[LeakKind, str] = MappingProxyType(
    {
        LeakKind.STOPPED: msg("熟客不再来"),
        LeakKind.PRICE: msg("说到价目表外的钱"),
        LeakKind.CONTACT: msg("留了电话或微信号"),
    }
)
ANSWERS: Mapping[LeakAnswer, str] = MappingProxyType(
    {
        LeakAnswer.ASKED: msg("问过了"),
        LeakAnswer.EXPLAINED: msg("有解释"),
        LeakAnswer.NOTHING: msg("没有问题"),
        LeakAnswer.FOLLOW_UP: msg("继续跟进"),
    }
)


class LeakGone(Conflict):
    """No such question is open in the actor's branch."""

    code = "leak_gone"
    says = msg("这个问题已经不在了，请刷新页面。")


@dataclass(frozen=True, slots=True)
class History:
    """When a member was visited and by whom, in order; `last_on` is also when he last booked."""

    member_id: int
    visits: Sequence[tuple[date, int]]
    last_on: date

    @property
    def regular_of(self) -> int | None:
        """Return the technician who was there on VISITS_MIN days or more, most often; None for none."""
        days = Counter(technician_id for _, technician_id in set(self.visits))
        if not days:
            return None
        technician_id, count = max(days.items(), key=lambda pair: (pair[1], -pair[0]))
        return technician_id if count >= VISITS_MIN else None

    @property
    def usual_days(self) -> int:
        """Return the median of the days between two visits; his regular has at least two of them."""
        days = sorted({day for day, _ in self.visits})
        return round(median((b - a).days for a, b in pairwise(days)))

    def has_stopped(self, today: date) -> bool:
        """Tell whether he was not here for longer than he usually is."""
        quiet = (today - self.last_on).days
        return quiet >= max(QUIET_DAYS_MIN, QUIET_TIMES * self.usual_days)


@dataclass(frozen=True, slots=True)
class Rate:
    """Of so many regulars so many have stopped."""

    stopped: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One question: whom it is about, and on what numbers or words it rests. `key` names it for good."""

    kind: LeakKind
    key: str
    member_id: int
    on: date
    technician_id: int | None = None
    # Of `STOPPED`: visits, usual days, days since; his regulars, and all others', beside it.
    visits: int = 0
    usual_days: int = 0
    quiet_days: int = 0
    his: Rate = field(default_factory=lambda: Rate(0, 0))
    others: Rate = field(default_factory=lambda: Rate(0, 0))
    # Of words: what was said, numbers masked, and where (complaint, rating or chat, with its number).
    words: str = ""
    source: tuple[str, str] = ("", "")


def stopped(
    histories: Iterable[History], *, technicians: Iterable[int], today: date
) -> list[Signal]:
    """Return the regulars of these technicians who have stopped, the longest quiet last, each beside
    how many of his and of the others' have."""
    ours = set(technicians)
    regulars = [(one, his) for one in histories if (his := one.regular_of) in ours]
    people = Counter(his for _, his in regulars)
    gone = Counter(his for one, his in regulars if one.has_stopped(today))
    found = []
    for one, his in regulars:
        if not one.has_stopped(today):
            continue
        rate = Rate(gone[his], people[his])
        others = Rate(gone.total() - rate.stopped, people.total() - rate.people)
        found.append(
            Signal(
                kind=LeakKind.STOPPED,
                key=f"stopped:{one.member_id}:{his}:{one.last_on.isoformat()}",
                member_id=one.member_id,
                technician_id=his,
                on=one.last_on,
                visits=len({day for day, who in one.visits if who == his}),
                usual_days=one.usual_days,
                quiet_days=(today - one.last_on).days,
                his=rate,
                others=others,
            )
        )
    return sorted(found, key=lambda signal: signal.on, reverse=True)


_PHONE = re.compile(r"(?<!\d)1[3-9](?:[\s-]?\d){9}(?!\d)")
_WECHAT = re.compile(
    r"(?:微信号?|薇信|威信|v信|vx|wx|加我)\s*[:：是]?\s*([a-z][-_a-z0-9]{5,19})", re.IGNORECASE
)
_MONEY = re.compile(
    r"私下|私人收款|不走平台|不开单|另外?收(?:了|钱|费)?|多收|加价|红包|转账给|便宜点"
)


def has_contact(text: str) -> bool:
    """Tell whether a text looks as if somebody gave a phone number or a WeChat name."""
    return bool(_PHONE.search(text) or _WECHAT.search(text))


def names_money(text: str) -> bool:
    """Tell whether a text speaks of money beside the price card."""
    return bool(_MONEY.search(text))


def masked(text: str) -> str:
    """Return the text with the numbers and names that were given in it hidden, all but their ends."""
    text = _PHONE.sub(lambda found: f"{found[0][:3]}****{found[0][-4:]}", text)
    return _WECHAT.sub(lambda found: found[0].replace(found[1], f"{found[1][:2]}***"), text)
