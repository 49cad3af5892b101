"""The board's alerts in words: each with what it costs, one act, and the way to the thing itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from booking import alerts as bookings
from booking import policy as booking_policy
from booking import queries as booking_queries
from booking.alerts import BookingAlert, BookingAlertKind
from dispatch import alerts
from dispatch import queries as dispatch
from dispatch.alerts import Alert, AlertKind, Taker
from dispatch.board import Board
from dispatch.planner.lateness import Chance
from faces.chrome import call, ruling
from faces.chrome.filters import clock_text, day_text, gettext, length_text, local, more_text
from kernel.clock import instant_at, local_date
from kernel.db import Session

# A smaller chance is not worth a word.
CHANCE_PERCENT_MIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """One press that gives a visit to a technician, as it stood when the page was drawn."""

    number: str
    technician_id: int
    version: int
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert as the list shows it. Its act is a link, or `hand`."""

    key: str
    tone: str
    icon: str
    title: str
    line: str
    ends: str
    href: str
    act: str
    act_href: str = ""
    hand: Handing | None = None
    pin: str = ""
    is_drawer: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """All that the board asks of a person."""

    alerts: tuple[Told, ...]
    # The promised visits that stand in no route, each with who could take it.
    unserved: tuple[Alert, ...]


def wants_of(db: Session, board: Board) -> Wants:
    """Return the board's alerts, what breaks first before the others, and the visits without a route."""
    now = call.now()
    found = alerts.day_alerts(db, board=board, now=now)
    served = booking_queries.bookings_of_visits(db, [alert.visit.id for alert in found])
    numbers = {visit_id: booking.number for visit_id, booking in served.items()}
    told = [(a.breaks_at, _told(a, numbers.get(a.visit.id, ""), now)) for a in found]
    if board.now_s is not None:
        more = bookings.branch_alerts(db, branch_id=board.branch_id, now=now)
        held_up = dispatch.visits_by_id(db, [a.visit_id for a in more if a.visit_id])
        told += [(a.breaks_at, _of_booking(a, held_up.get(a.visit_id), now)) for a in more]
    told.sort(key=lambda pair: pair[0])
    return Wants(
        alerts=tuple(row for _, row in told),
        unserved=tuple(alert for alert in found if alert.kind is AlertKind.UNSERVED),
    )


def best(alert: Alert) -> Handing | None:
    """Return the press that gives the visit to whom it costs the least driving."""
    if not alert.takers:
        return None
    return Handing(
        number=alert.visit.number,
        technician_id=alert.takers[0].technician_id,
        version=alert.visit.version,
    )


def extra_words(taker: Taker) -> str:
    """+9 分路程, or what it saves."""
    return gettext("%(extra)s路程", extra=brief_words(taker))


def brief_words(taker: Taker) -> str:
    """+9 分."""
    return more_text(taker.extra_s)


def ends_words(breaks_at: datetime, now: datetime) -> str:
    """53 分后到期, or 已过 6 分; beyond a day, the day."""
    left_s = int((breaks_at - now).total_seconds())
    if left_s < 0:
        return gettext("已过 %(length)s", length=length_text(-left_s))
    if local(breaks_at) != local(now):
        return gettext("%(day)s %(time)s 前", day=day_text(breaks_at), time=clock_text(breaks_at))
    return gettext("%(length)s后到期", length=length_text(left_s))


def late_words(alert: Alert) -> str:
    """What we owe by ourselves when a late visit is made as planned."""
    ends_at = instant_at(alert.visit.day, alert.visit.shuts_s)
    rules = ruling.over(alert.visit)
    owed = booking_policy.late_fee(
        ends_at=ends_at, now=ends_at + timedelta(seconds=alert.length_s), rules=rules
    )
    if not owed.fen:
        first, _ = rules.late_steps[0]
        return gettext("晚到 %(minutes)s 分钟以内不赔", minutes=int(first.total_seconds()) // 60)
    return gettext("照这样到，自动赔 %(fee)s", fee=owed)


def chance_words(chance: Chance | None) -> str:
    """预计 38% 可能晚到：前面 2 单合计再超 12 分就晚了; "" when that is unknown or as good as never."""
    if chance is None or chance.percent < CHANCE_PERCENT_MIN:
        return ""
    if chance.slack_s < 0 or not chance.before:
        return gettext("预计 %(percent)s%% 可能晚到", percent=chance.percent)
    return gettext(
        "预计 %(percent)s%% 可能晚到：前面 %(count)s 单合计再超 %(length)s就晚了",
        percent=chance.percent,
        count=chance.before,
        length=length_text(chance.slack_s),
    )


def _told(alert: Alert, booking_number: str, now: datetime) -> Told:
    tone, icon, title, line = _SAID[alert.kind](alert)
    hand = best(alert)
    act, act_href = _act(alert, booking_number)
    return Told(
        key=f"{alert.kind.value}-{alert.visit.number}",
        tone=tone,
        icon=icon,
        title=title,
        line=line,
        ends=ends_words(alert.breaks_at, now),
        href=url_for("console.visit", number=alert.visit.number),
        act=gettext("改派%(name)s", name=alert.takers[0].name) if hand else act,
        act_href="" if hand else act_href,
        hand=hand,
        pin=f"v{alert.visit.id}",
    )


def _act(alert: Alert, booking_number: str) -> tuple[str, str]:
    """Return the act that is a link, and where it leads."""
    match alert.kind:
        case AlertKind.UNSERVED | AlertKind.LATE | AlertKind.STRANDED:
            return gettext("看方案"), url_for("console.visit_options", number=alert.visit.number)
        case AlertKind.UNACCEPTED:
            return gettext("催接单"), _technician_href(alert)
        case AlertKind.RELEASE:
            return gettext("去放行"), url_for("console.booking", number=booking_number, act="code")
        case AlertKind.RISK:
            return gettext("看备选"), url_for("console.ways", number=alert.visit.number)
        case _:
            word = gettext("看证据") if alert.kind is AlertKind.EVIDENCE else gettext("审核")
            return word, url_for("console.booking", number=booking_number)


def _technician_href(alert: Alert) -> str:
    return url_for("console.technician", technician_id=alert.technician_id, day=alert.visit.day)


def _say_unserved(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext("%(visit)s 没有师傅", visit=alert.visit.label)
    if alert.takers:
        line = gettext(
            "%(name)s能接：%(extra)s，可守时",
            name=alert.takers[0].name,
            extra=extra_words(alert.takers[0]),
        )
    else:
        line = gettext(
            "这个时段排不进任何人，做不了要赔 %(fee)s",
            fee=ruling.over(alert.visit).broken_fee,
        )
    return "danger", "user-off", title, line


def _say_late(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext(
        "%(name)s %(visit)s 将晚到 %(length)s",
        name=alert.technician,
        visit=alert.visit.label,
        length=length_text(alert.length_s),
    )
    if alert.takers:
        line = gettext(
            "改派%(name)s：%(extra)s，可守时",
            name=alert.takers[0].name,
            extra=extra_words(alert.takers[0]),
        )
    else:
        line = late_words(alert)
    return "danger", "clock-alert", title, line


def _say_risk(alert: Alert) -> tuple[str, str, str, str]:
    length = length_text(alert.length_s)
    title = gettext(
        "%(name)s %(visit)s 余量只剩 %(length)s",
        name=alert.technician,
        visit=alert.visit.label,
        length=length,
    )
    line = chance_words(alert.chance) or gettext("再超 %(length)s就会迟到", length=length)
    return "warn", "alert-triangle", title, line


def _say_stranded(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext(
        "%(name)s当天不上班，还排着 %(count)s 单", name=alert.technician, count=alert.count
    )
    line = gettext("先从 %(visit)s 开始改派", visit=alert.visit.label)
    return "danger", "user-off", title, line


def _say_unaccepted(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext("%(name)s %(count)s 单没有接", name=alert.technician, count=alert.count)
    return "warn", "hourglass", title, gettext("派单已过 15 分钟，打电话或改派")


def _say_release(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext(
        "%(name)s %(visit)s 请放行服务码", name=alert.technician, visit=alert.visit.label
    )
    why = gettext(alert.reason) if alert.reason else "—"
    line = gettext("他说：%(reason)s。核实是本人再放行", reason=why)
    return "warn", "lock-open", title, line


def _say_evidence(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext("%(name)s %(visit)s 没人应门", name=alert.technician, visit=alert.visit.label)
    fee = ruling.over(alert.visit).errand_fee
    if alert.length_s:
        line = gettext(
            "还要等 %(length)s，跑空付师傅 %(fee)s", length=length_text(alert.length_s), fee=fee
        )
    else:
        line = gettext("等满 15 分钟了，跑空付师傅 %(fee)s", fee=fee)
    return "warn", "door-off", title, line


def _say_no_show(alert: Alert) -> tuple[str, str, str, str]:
    title = gettext("%(name)s 报跑单：%(visit)s", name=alert.technician, visit=alert.visit.label)
    return "warn", "scale", title, gettext("不否决就扣业主 200 积分、记 1 次违约")


_SAID = {
    AlertKind.UNSERVED: _say_unserved,
    AlertKind.LATE: _say_late,
    AlertKind.RISK: _say_risk,
    AlertKind.STRANDED: _say_stranded,
    AlertKind.UNACCEPTED: _say_unaccepted,
    AlertKind.RELEASE: _say_release,
    AlertKind.EVIDENCE: _say_evidence,
    AlertKind.NO_SHOW: _say_no_show,
}


def _of_booking(alert: BookingAlert, held_up: Any, now: datetime) -> Told:
    """Return it in words; `held_up` is the visit that waits for its goods."""
    booking = alert.booking
    facts: Mapping[str, object] = {
        "place": booking.place,
        "thing": alert.thing,
        "time": clock_text(booking.starts_at),
        "asks": booking.asks,
        "tier": booking.tier + 1,
    }
    match alert.kind:
        case BookingAlertKind.SECOND_VISIT:
            icon, act = "repeat", gettext("约时间")
            title = gettext("%(place)s 要再上门，还没有时段", **facts)
            line = gettext("优先挑时段，不收业主费用")
        case BookingAlertKind.GOODS_LATE:
            icon, act = "package", gettext("看方案")
            title = gettext("%(place)s %(time)s %(thing)s赶不上", **facts)
            line = gettext("业主还没回复，改约不收费")
        case BookingAlertKind.UNCONFIRMED:
            icon, act = "user-check", gettext("打电话确认")
            title = gettext("%(place)s %(time)s 还没确认在家", **facts)
            line = gettext(
                "风险第 %(tier)s 级，问过 %(asks)s 次；跑空付师傅 %(fee)s",
                fee=ruling.at(booking.branch_id, member_id=booking.member_id).errand_fee,
                **facts,
            )
    href = act_href = url_for("console.booking", number=booking.number)
    if alert.kind is BookingAlertKind.SECOND_VISIT:
        act_href = url_for("console.move_booking", number=booking.number)
    elif alert.kind is BookingAlertKind.GOODS_LATE and held_up is not None:
        act_href = _goods_href(held_up, alert.expected_at)
    return Told(
        key=f"{alert.kind.value}-{booking.number}",
        tone="warn",
        icon=icon,
        title=title,
        line=line,
        ends=ends_words(alert.breaks_at, now),
        href=href,
        act=act,
        act_href=act_href,
        pin=f"v{booking.visit_id}",
        is_drawer=False,
    )


def _goods_href(visit: Any, expected_at: datetime | None) -> str:
    """Return the ways out, reckoned with when the goods come, if that is known and on the day."""
    known = expected_at is not None and local_date(expected_at) == visit.day
    return url_for(
        "console.visit_options",
        number=visit.number,
        goods=clock_text(expected_at) if expected_at and known else None,
    )
