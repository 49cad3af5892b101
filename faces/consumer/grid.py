"""Fourteen days of proven windows as a page shows them: the grid, the list, what is near a lost one."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from booking import bonus_queries, queries, windows
from booking.on_the_way import Mark
from dispatch import live
from dispatch import queries as dispatch
from dispatch.live import HORIZON_DAYS, Offer
from dispatch.planner.problem import Window
from faces.chrome import call
from faces.chrome.filters import day_text, gettext, month_text, second_text, weekday
from faces.consumer import forms
from kernel.clock import instant_at, local_date, second_of_day
from kernel.db import Session

Marks: TypeAlias = Mapping[tuple[date, Window], Mark]

# Driving that a visit adds to the day: less than this is "near".
NEAR_S = 8 * 60
# Time that a visit has to spare in its window.
ROOMY_S = 60 * 60
EVENING_S = 18 * 3600
# When a window begins of which somebody says so; late in the afternoon is after work, too.
PARTS_S = {
    "morning": (0, 12 * 3600),
    "afternoon": (12 * 3600, EVENING_S),
    "evening": (17 * 3600, 24 * 3600),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One day of the grid, as the macro window_grid takes it."""

    day: str
    note: str
    kind: str
    href: str
    selected: bool
    label: str
    attrs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One window to choose: its value in the form, its words, and why it is good."""

    value: str
    time: str
    # 周四 10:00–12:00, for the bar and its button.
    words: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    # The words of its badge, and its look; none without one.
    badge: tuple[str, str, str] | None = None
    # 送货 08:00–10:00 of a coupled booking, "" for a service that comes alone.
    delivery: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is said when a window was lost a moment ago; `lost` is what the form of the line sends."""

    lost: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """All that a page of windows shows: the days, the chosen one's windows, and what was lost."""

    cells: tuple[Cell, ...]
    weekdays: tuple[str, ...]
    months: str
    chosen: date
    choices: tuple[Choice, ...]
    # The chosen day's windows that are sold out: their words, and what the form of the line sends.
    full: tuple[tuple[str, str], ...]
    # The best window of each of the first days that have any: for large print.
    few: tuple[Choice, ...]
    best_count: int
    sheet: Sheet | None


def grid(
    db: Session,
    offers: Sequence[Offer],
    *,
    branch_id: int,
    wanted: date | None,
    lost: tuple[date, Window] | None,
    href: Callable[[date], str],
    now: datetime,
    known: str = "",
    part: str = "",
    spoken: date | None = None,
) -> Grid:
    """Return what a page shows of these offers; `href` is the address of the page for one day, `known`
    the name of him whom the member would like, `part` the part of the day that he spoke of, and
    `spoken` the day."""
    days = [local_date(now) + timedelta(days=n) for n in range(HORIZON_DAYS)]
    wished = [offer for offer in offers if _is_in(part, offer)] or offers
    first = min((offer.day for offer in wished), default=days[0])
    chosen = next((day for day in (wanted, spoken) if day in days), first)
    resting = _resting(db, branch_id=branch_id, days=days, offers=offers)
    marks = bonus_queries.marks(db, offers, branch_id=branch_id, now=now)
    listed = _best_first([offer for offer in offers if offer.day == chosen], part)
    return Grid(
        cells=tuple(
            _cells(
                days,
                offers,
                marked={day for day, _ in marks},
                resting=resting,
                today_is_over=not _still_on_sale(db, branch_id=branch_id, day=days[0], now=now),
                chosen=chosen,
                href=href,
            )
        ),
        weekdays=tuple(weekday(day).removeprefix("周") for day in days[:7]),
        months=_months(days),
        chosen=chosen,
        choices=tuple(choice(offer, marks, known) for offer in listed),
        full=_full(db, listed, branch_id=branch_id, day=chosen, now=now)
        if chosen not in resting
        else (),
        few=tuple(choice(offer, marks, known) for offer in _few(offers, part)),
        best_count=windows.BEST_COUNT,
        sheet=_sheet(offers, marks, lost),
    )


def choice(offer: Offer, marks: Marks, known: str = "") -> Choice:
    """Return an offer as the page shows it."""
    mark = marks.get((offer.day, offer.window))
    # The way of another is what the points are for: then nobody is tried before him.
    comes = known if windows.is_by_known(offer) and not (mark and mark.points) else ""
    starts_at = instant_at(offer.day, offer.window.open_s)
    ends_at = instant_at(offer.day, offer.window.shut_s)
    time = f"{second_text(offer.window.open_s)}–{second_text(offer.window.shut_s)}"
    return Choice(
        value=forms.window_value(offer.day, offer.window),
        time=time,
        words=f"{weekday(offer.day)} {time}",
        reason=gettext("%(known)s可上门，他来过您家", known=comes) if comes else reason(offer),
        badge=badge(mark) or ((gettext("熟悉的师傅"), "gray", "star") if comes else None),
        starts_at=starts_at,
        ends_at=ends_at,
        delivery=_delivery(offer),
    )


def badge(mark: Mark | None) -> tuple[str, str, str] | None:
    """Return the badge of a window on somebody's way, with the points it earns."""
    if mark is None:
        return None
    words = gettext("顺路 +%(points)s 积分", points=mark.points) if mark.points else gettext("顺路")
    return (words, "ok", "route")


def reason(offer: Offer) -> str:
    """Return the one reason that speaks for the window, true by the proof's own witness."""
    if offer.witness.extra_s < NEAR_S:
        return gettext("师傅当天就在您附近")
    if offer.window.open_s >= EVENING_S:
        return gettext("晚间时段，不另收费")
    if offer.witness.slack_s >= ROOMY_S:
        return gettext("时间宽裕，不容易晚到")
    return gettext("路程已核实，师傅赶得到")


def _delivery(offer: Offer) -> str:
    if offer.delivery is None:
        return ""
    window = offer.delivery.window
    time = f"{second_text(window.open_s)}–{second_text(window.shut_s)}"
    return gettext("先送货 %(time)s", time=time)


def distance(other: Choice, *, day: date, window: Window) -> str:
    """Return how far an alternative lies from the window that was lost: 同一天，晚 6 小时."""
    days = (local_date(other.starts_at) - day).days
    later_s = second_of_day(other.starts_at, local_date(other.starts_at)) - window.open_s
    hours = abs(later_s) // 3600
    words = gettext("晚 %(n)s 小时", n=hours) if later_s > 0 else gettext("早 %(n)s 小时", n=hours)
    if not days:
        return gettext("同一天，%(words)s", words=words)
    moved = gettext("晚 %(n)s 天", n=days) if days > 0 else gettext("早 %(n)s 天", n=-days)
    if not later_s:
        return gettext("同一时间，%(moved)s", moved=moved)
    return gettext("%(moved)s，%(words)s", moved=moved, words=words)


def _best_first(offers: Sequence[Offer], part: str) -> list[Offer]:
    """Return the windows with those of the wished part of the day in front, each kind best first."""
    return sorted(windows.best_first(offers), key=lambda offer: not _is_in(part, offer))


def _is_in(part: str, offer: Offer) -> bool:
    first_s, last_s = PARTS_S.get(part, (0, 0))
    return first_s <= offer.window.open_s < last_s


def _few(offers: Sequence[Offer], part: str) -> list[Offer]:
    """Return the best window of each of the first days that have any."""
    by_day = {offer.day: [o for o in offers if o.day == offer.day] for offer in offers}
    first = sorted(by_day)[: windows.BEST_COUNT]
    return [_best_first(by_day[day], part)[0] for day in first]


def _sheet(offers: Sequence[Offer], marks: Marks, lost: tuple[date, Window] | None) -> Sheet | None:
    if lost is None:
        return None
    day, window = lost
    choices = [choice(offer, marks) for offer in windows.nearest(offers, day=day, window=window)]
    return Sheet(
        lost=forms.window_value(day, window),
        choices=tuple(replace(c, reason=distance(c, day=day, window=window)) for c in choices),
    )


def _full(
    db: Session, offers: Sequence[Offer], *, branch_id: int, day: date, now: datetime
) -> tuple[tuple[str, str], ...]:
    """Return the windows of a day into which nobody fits any more, those of the past left out."""
    offered = {offer.window for offer in offers}
    return tuple(
        (
            f"{second_text(window.open_s)}–{second_text(window.shut_s)}",
            forms.window_value(day, window),
        )
        for window in _still_on_sale(db, branch_id=branch_id, day=day, now=now)
        if window not in offered
    )


def _still_on_sale(db: Session, *, branch_id: int, day: date, now: datetime) -> list[Window]:
    """Return the windows of a day that open late enough to be booked now, by this member."""
    kept = queries.is_kept_for(db, branch_id=branch_id, member_id=call.actor().id)
    sold = live.on_sale(db, branch_id=branch_id, now=now, day=day, is_kept_for=kept)
    return dict(sold).get(day, [])


def _resting(
    db: Session, *, branch_id: int, days: Sequence[date], offers: Sequence[Offer]
) -> set[date]:
    """Return the days on which nobody works."""
    open_days = {offer.day for offer in offers}
    empty = [day for day in days if day not in open_days]
    return {day for day in empty if not dispatch.shifts(db, branch_id=branch_id, day=day)}


def _cells(
    days: Sequence[date],
    offers: Sequence[Offer],
    *,
    marked: set[date],
    resting: set[date],
    today_is_over: bool,
    chosen: date,
    href: Callable[[date], str],
) -> list[Cell]:
    left = Counter(offer.day for offer in offers)
    return [
        _cell(
            day,
            left[day],
            is_on_the_way=day in marked,
            rests=day in resting,
            selected=day == chosen,
            is_first=day == days[0],
            is_over=today_is_over and day == days[0],
            href=href(day),
        )
        for day in days
    ]


def _cell(
    day: date,
    left: int,
    *,
    is_on_the_way: bool,
    rests: bool,
    selected: bool,
    is_first: bool,
    is_over: bool,
    href: str,
) -> Cell:
    kind, note = ("open", gettext("余 %(n)s", n=left)) if left else ("full", gettext("约满"))
    if left and is_on_the_way:
        kind, note = "route", gettext("顺路")
    if rests:
        kind, note = "rest", gettext("休息")
    elif is_over:
        note = gettext("已截止")
    return Cell(
        day=f"{day.month}/{day.day}" if day.day == 1 and not is_first else str(day.day),
        note=note,
        kind=kind,
        href=href,
        selected=selected,
        label=day_text(day),
        attrs={
            "id": f"day-{day.isoformat()}",
            "hx-get": href,
            "hx-select": "#windows",
            "hx-select-oob": "#hold-bar",
            "hx-target": "#windows",
            "hx-swap": "outerHTML",
            "hx-replace-url": "true",
        },
    )


def _months(days: Sequence[date]) -> str:
    first, last = month_text(days[0]), month_text(days[-1])
    return first if first == last else f"{first}–{last}"


def day_of(text: str) -> date | None:
    """Return the day an address names, None for none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
