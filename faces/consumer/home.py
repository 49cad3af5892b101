"""The member's home: the visit under way first, then what can be booked."""

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from booking import code_queries, queries, tryout_queries
from booking.states import PROMISED, SERVED, BookingState
from booking.tryouts import TRYOUT
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.context import CARE_COOKIE
from faces.chrome.once import repeatable
from faces.chrome.paths import safe_path
from faces.chrome.sign_in import signed_in
from faces.consumer import assets, blocked, progress, waiting
from faces.consumer.progress import Progress
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.money import Money
from members import collection_queries, draw_queries, survey_queries
from members import queries as members

CARE_COOKIE_S = 365 * 86_400
ASSETS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The last completed booking, which can be booked again as it was."""

    number: str
    service: str
    at: datetime
    technician: str
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A window that waits to be confirmed."""

    number: str
    draft: str
    service: str
    starts_at: datetime
    ends_at: datetime
    until: datetime
    waits_for_deposit: bool


@blueprint.get("/")
@signed_in(Role.MEMBER)
def home() -> ResponseReturnValue:
    """Show the home; htmx asks for the live card alone."""
    with transaction(reads_only=True) as db:
        under_way, others = _under_way(db)
        holds = held(db)
        lines = [line for line in waiting.lines(db) if not line.hold]
        if request.headers.get("HX-Request"):
            return render_template(
                "consumer/home_live.html",
                visit=under_way,
                others=others,
                holds=holds,
                lines=lines,
            )
        by = call.actor()
        member, within = members.member(db, by.id), queries.stores_within(db, by)
        source = code_queries.met_last(
            db, first_scene=member.first_scene, last_scene=member.last_scene
        )
        tried = tryout_queries.open_of(db, member.id)
        return render_template(
            "consumer/home.html",
            visit=under_way,
            others=others,
            holds=holds,
            lines=lines,
            services=queries.services(db),
            last=_last(db),
            source=source,
            stop=blocked.read(db),
            draws=draw_queries.running(db, by=by, within=within, now=call.now()),
            tryout=tried,
            tryout_visit=tryout_queries.next_visit(db, tried) if tried else None,
            samples=tryout_queries.on_offer(db),
            surveys=survey_queries.open_for(db, by=by, within=within, now=call.now()),
            owed=collection_queries.open_of(db, member_id=member.id),
            assets=assets.mine(db)[:ASSETS_SHOWN],
            asset_count=len(assets.mine(db)),
        )


@blueprint.post("/care")
@signed_in(Role.MEMBER)
@repeatable("a switch in a cookie: the same press sets the same")
def care() -> ResponseReturnValue:
    """Switch large print on or off on this phone, and go back."""
    answer = redirect(safe_path(request.form.get("next", "/c/")))
    wanted = "on" if request.form.get("care") == "on" else "off"
    answer.set_cookie(
        CARE_COOKIE, wanted, max_age=CARE_COOKIE_S, secure=True, httponly=True, samesite="Lax"
    )
    return answer


def held(db: Session) -> list[Hold]:
    """Return the member's holds, the one that ends first in front."""
    services = queries.services_by_id(db)
    found = queries.holds_of(db, call.actor().id, now=call.now())
    return [
        Hold(
            number=hold.number,
            draft=queries.draft_by_id(db, hold.draft_id).number,
            service=services[hold.service_id].name,
            starts_at=hold.starts_at,
            ends_at=hold.ends_at,
            until=hold.held_until,
            waits_for_deposit=hold.state is BookingState.AWAITING_DEPOSIT,
        )
        for hold in sorted(found, key=lambda hold: hold.held_until)
    ]


def _under_way(db: Session) -> tuple[Progress | None, int]:
    """Return the promise that comes next, and how many more there are."""
    promised = [
        booking for booking in queries.bookings_of(db, call.actor().id) if booking.state in PROMISED
    ]
    if not promised:
        return None, 0
    first = min(promised, key=lambda booking: booking.starts_at)
    found = progress.read(db, number=first.number, by=call.actor(), now=call.now())
    return found, len(promised) - 1


def _last(db: Session) -> Last | None:
    services = queries.services_by_id(db)
    # Newest window first. What was never done ends closed, too, once an appeal about it is decided.
    done = (
        booking
        for booking in queries.bookings_of(db, call.actor().id)
        if booking.state in SERVED
        and services[booking.service_id].category != TRYOUT
        and queries.completed_at(db, booking.id) is not None
    )
    last = next(done, None)
    if last is None:
        return None
    visit = dispatch.visit(db, last.visit_id)
    return Last(
        number=last.number,
        service=services[last.service_id].name,
        at=last.starts_at,
        technician=progress.technician(db, visit.technician_id).name,
        price=last.price,
    )
