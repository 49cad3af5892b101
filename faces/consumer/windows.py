"""Booking, second step: fourteen days of proven windows, and the hold on one of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import queries, windows
from booking.operations import bookings, placing
from dispatch import queries as dispatch
from dispatch.live import HORIZON_DAYS, Offer
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from faces.chrome import call
from faces.chrome.context import CARE_COOKIE
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import day_text, gettext, month_text, second_text, weekday
from faces.chrome.limits import BOOKING, rated
from faces.chrome.sign_in import signed_in
from faces.consumer import forms, home
from faces.consumer.forms import HoldForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.clock import instant_at, local_date, second_of_day
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid

# Driving that a visit adds to the day: less than this is "near".
NEAR_S = 8 * 60
# Time that a visit has to spare in its window.
ROOMY_S = 60 * 60
EVENING_S = 18 * 3600


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is said when a window was lost a moment ago."""

    choices: tuple[Choice, ...]


@blueprint.get("/drafts/<number>/windows")
@signed_in(Role.MEMBER)
def windows_page(number: str) -> ResponseReturnValue:
    """Show the grid and the windows of ?day=, or of the first day that has any.

    Large print asks one question first: three windows on three days; ?all=1 shows the grid.
    """
    wanted = _day(request.args.get("day", ""))
    is_plain = wanted is not None or "all" in request.args
    return _page(number, wanted=wanted, is_few=not is_plain and call.cookie(CARE_COOKIE) == "on")


@blueprint.post("/drafts/<number>/windows")
@signed_in(Role.MEMBER)
@rated(BOOKING)
def hold(number: str) -> ResponseReturnValue:
    """Hold the chosen window and go on to confirm it; a lost one is answered with alternatives."""
    values, errors = forms.read(HoldForm())
    if errors:
        return _page(number, wanted=None, error=next(iter(errors.values()))), 422
    day, window = values["window"]
    try:
        with call.once() as db:
            booking = bookings.hold(
                db, draft_number=number, day=day, window=window, by=call.actor(), now=call.now()
            )
            return call.leads_to("consumer.confirm", number=booking.number)
    except PlaceGone as refusal:
        return _page(number, wanted=day, lost=(day, window)), status_of(refusal)
    except (Invalid, Conflict) as refusal:
        return _page(number, wanted=day, error=sentence_of(refusal)), status_of(refusal)


def choice(offer: Offer) -> Choice:
    """Return an offer as the page shows it."""
    starts_at = instant_at(offer.day, offer.window.open_s)
    ends_at = instant_at(offer.day, offer.window.shut_s)
    time = f"{second_text(offer.window.open_s)}–{second_text(offer.window.shut_s)}"
    return Choice(
        value=forms.window_value(offer.day, offer.window),
        time=time,
        words=f"{weekday(offer.day)} {time}",
        reason=reason(offer),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def reason(offer: Offer) -> str:
    """Return the one reason that speaks for the window, true by the proof's own witness."""
    if offer.witness.extra_s < NEAR_S:
        return gettext("师傅当天就在您附近")
    if offer.window.open_s >= EVENING_S:
        return gettext("晚间时段，不另收费")
    if offer.witness.slack_s >= ROOMY_S:
        return gettext("时间宽裕，不容易晚到")
    return gettext("路程已核实，师傅赶得到")


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


def _page(
    number: str,
    *,
    wanted: date | None,
    error: str = "",
    lost: tuple[date, Window] | None = None,
    is_few: bool = False,
) -> str:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=number, by=by)
        offers = placing.offers(db, draft=draft, now=now)
        days = [local_date(now) + timedelta(days=n) for n in range(HORIZON_DAYS)]
        resting = _resting(db, branch_id=draft.branch_id, days=days, offers=offers)
        service = queries.services_by_id(db)[draft.service_id]
        holds = [h for h in home.held(db) if h.draft != number]
    chosen = wanted if wanted in days else min((o.day for o in offers), default=days[0])
    listed = windows.best_first([offer for offer in offers if offer.day == chosen])
    return render_template(
        "consumer/windows.html",
        number=number,
        draft=draft,
        service=service,
        cells=_cells(number, days, offers, resting=resting, chosen=chosen),
        weekdays=[weekday(day).removeprefix("周") for day in days[:7]],
        months=_months(days),
        chosen=chosen,
        choices=[choice(offer) for offer in (_few(offers) if is_few else listed)],
        is_few=is_few,
        best_count=windows.BEST_COUNT,
        holds=holds,
        error=error,
        sheet=_sheet(offers, lost),
    )


def _few(offers: Sequence[Offer]) -> list[Offer]:
    """Return the best window of each of the first days that have any."""
    by_day = {offer.day: [o for o in offers if o.day == offer.day] for offer in offers}
    first = sorted(by_day)[: windows.BEST_COUNT]
    return [windows.best_first(by_day[day])[0] for day in first]


def _sheet(offers: Sequence[Offer], lost: tuple[date, Window] | None) -> Sheet | None:
    if lost is None:
        return None
    day, window = lost
    choices = [choice(offer) for offer in windows.nearest(offers, day=day, window=window)]
    return Sheet(
        choices=tuple(replace(c, reason=distance(c, day=day, window=window)) for c in choices)
    )


def _resting(
    db: Session, *, branch_id: int, days: Sequence[date], offers: Sequence[Offer]
) -> set[date]:
    """Return the days on which nobody works."""
    open_days = {offer.day for offer in offers}
    empty = [day for day in days if day not in open_days]
    return {day for day in empty if not dispatch.shifts(db, branch_id=branch_id, day=day)}


def _cells(
    number: str,
    days: Sequence[date],
    offers: Sequence[Offer],
    *,
    resting: set[date],
    chosen: date,
) -> list[Cell]:
    left = Counter(offer.day for offer in offers)
    return [
        _cell(number, day, left[day], rests=day in resting, selected=day == chosen, first=days[0])
        for day in days
    ]


def _cell(number: str, day: date, left: int, *, rests: bool, selected: bool, first: date) -> Cell:
    href = url_for("consumer.windows_page", number=number, day=day.isoformat())
    kind, note = ("open", gettext("余 %(n)s", n=left)) if left else ("full", gettext("约满"))
    if rests:
        kind, note = "rest", gettext("休息")
    elif not left and day == first:
        note = gettext("已截止")
    return Cell(
        day=f"{day.month}/{day.day}" if day.day == 1 and day != first else str(day.day),
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


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
