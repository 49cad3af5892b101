"""Booking, second step: fourteen days of proven windows, and the hold on one of them."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import feedback_queries, offering, queries
from booking.operations import bookings
from conversations import queries as conversations
from conversations.queries import Named
from dispatch import queries as dispatch
from dispatch.openings import Opening
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from faces.chrome import call
from faces.chrome.context import CARE_COOKIE
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext, surname
from faces.chrome.limits import BOOKING, rated
from faces.chrome.sign_in import signed_in
from faces.consumer import forms, grid, home, waiting
from faces.consumer.forms import HoldForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid
from kernel.words import msg
from members import queries as members

# For how long what somebody said in the chat is what he means.
SPOKEN_FOR = timedelta(hours=2)
PART_WORDS = {
    "morning": msg("您说的上午在前"),
    "afternoon": msg("您说的下午在前"),
    "evening": msg("您说的晚上在前"),
}


@dataclass(frozen=True, slots=True)
class KnownTechnician:
    """One who came before."""

    id: int
    work_number: str
    name: str


@blueprint.get("/drafts/<number>/windows")
@signed_in(Role.MEMBER)
def windows_page(number: str) -> ResponseReturnValue:
    """Show the grid and the windows of ?day=, or of the first day that has any.

    Large print asks one question first: three windows on three days; ?all=1 shows the grid.
    """
    wanted = grid.day_of(request.args.get("day", ""))
    is_plain = wanted is not None or "all" in request.args
    return _page(
        number,
        wanted=wanted,
        is_few=not is_plain and call.cookie(CARE_COOKIE) == "on",
        who=request.args.get("who", ""),
    )


@blueprint.post("/drafts/<number>/windows")
@signed_in(Role.MEMBER)
@rated(BOOKING)
def hold(number: str) -> ResponseReturnValue:
    """Hold the chosen window and go on to confirm it; a lost one is answered with alternatives."""
    values, errors = forms.read(HoldForm())
    if errors:
        return _page(number, wanted=None, error=next(iter(errors.values()))), 422
    day, window = values["window"]
    by, now, who = call.actor(), call.now(), values["who"]
    only = next((each.id for each in _known(number) if each.work_number == who), None)

    def take(opening: Opening | None) -> ResponseReturnValue:
        with call.once() as db:
            booking = bookings.hold(
                db,
                draft_number=number,
                day=day,
                window=window,
                by=by,
                now=now,
                opening=opening,
                only=only,
            )
            return call.leads_to("consumer.confirm", number=booking.number)

    try:
        if only is not None:
            offering.foresee(draft_number=number, day=day, by=by, now=now)
            return take(None)
        return offering.with_room(take, draft_number=number, day=day, window=window, by=by, now=now)
    except PlaceGone as refusal:
        return _page(number, wanted=day, lost=(day, window), who=who), status_of(refusal)
    except (Invalid, Conflict) as refusal:
        return _page(number, wanted=day, error=sentence_of(refusal), who=who), status_of(refusal)


def _known(number: str) -> list[KnownTechnician]:
    """Return the technicians whom the draft's member may ask for: they came before, were rated
    well, and are trained for it."""
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=number, by=call.actor())
        if draft.delivery_id is not None:
            return []
        ids = feedback_queries.known_technicians(
            db, member_id=draft.member_id, branch_id=draft.branch_id, now=call.now()
        )
        rows = dispatch.technicians_by_id(db, ids)
        service = queries.services_by_id(db)[draft.service_id]
        able = [i for i in ids if rows[i].skills.get(service.skill, 0) >= service.level]
        return [KnownTechnician(i, rows[i].work_number, rows[i].name) for i in able]


def _spoken(db: Session) -> Named:
    """Return what the member wished for when he last spoke in the chat; nothing when that is long ago."""
    said = conversations.named_last(db, members.member(db, call.actor().id).openid)
    return said if said.at is not None and call.now() - said.at < SPOKEN_FOR else Named()


def _page(
    number: str,
    *,
    wanted: date | None,
    error: str = "",
    lost: tuple[date, Window] | None = None,
    is_few: bool = False,
    who: str = "",
) -> str:
    by, now = call.actor(), call.now()
    known = _known(number)
    only = next((each for each in known if each.work_number == who), None)
    first = only or next(iter(known), None)
    offers = offering.offers(
        draft_number=number,
        by=by,
        now=now,
        wish=first.id if first else None,
        is_only=only is not None,
    )
    who = only.work_number if only else ""
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=number, by=by)
        said = _spoken(db)
        shown = grid.grid(
            db,
            offers,
            branch_id=draft.branch_id,
            wanted=wanted,
            lost=lost,
            href=lambda day: url_for(
                "consumer.windows_page", number=number, day=day.isoformat(), who=who or None
            ),
            now=now,
            known=surname(first.name) if first else "",
            part=said.part,
            spoken=said.day,
        )
        service = queries.services_by_id(db)[draft.service_id]
        holds = [h for h in home.held(db) if h.draft != number]
        lines = waiting.lines_of_draft(db, draft.id)
    return render_template(
        "consumer/windows.html",
        number=number,
        part=gettext(PART_WORDS[said.part]) if said.part else "",
        draft=draft,
        service=service,
        grid=shown,
        choices=shown.few if is_few else shown.choices,
        is_few=is_few,
        holds=holds,
        line=lines.get(shown.chosen),
        error=error,
        known=[(each.work_number, surname(each.name)) for each in known],
        who=who,
        sheet=shown.sheet,
    )
