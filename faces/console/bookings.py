"""/console/bookings: search, and one booking with all that happened."""

from flask import render_template, send_file
from flask.typing import ResponseReturnValue

from booking import queries as booking_queries
from booking.states import BookingState
from dispatch import photos
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import frame, life
from faces.console.acting import Failure
from faces.console.forms import BookingQuery, BookingsQuery
from faces.console.paging import Page
from faces.console.routes import READERS, blueprint
from kernel.db import transaction
from kernel.errors import Missing
from kernel.words import msg

STATES = {
    BookingState.HELD: msg("已锁定"),
    BookingState.AWAITING_DEPOSIT: msg("待付押金"),
    BookingState.BOOKED: msg("已预约"),
    BookingState.CONFIRMED: msg("已确认"),
    BookingState.COMPLETED: msg("已完成"),
    BookingState.CLOSED: msg("已关闭"),
    BookingState.EXPIRED: msg("已过期"),
    BookingState.CANCELLED: msg("已取消"),
    BookingState.DISPUTED: msg("复议中"),
}


# Filters of one press: the address's parameters, and the words.
QUICK: tuple[tuple[dict[str, str], str], ...] = (
    ({}, msg("全部")),
    ({"lack": "needs_window"}, msg("等选时段")),
    ({"lack": "unserved"}, msg("没人接")),
    ({"state": "disputed"}, msg("复议中")),
    ({"state": "awaiting_deposit"}, msg("待付押金")),
)
# A photo never changes under its number.
CACHE_CONTROL = "private, max-age=86400, immutable"


@blueprint.get("/bookings")
@signed_in(*READERS)
def bookings() -> ResponseReturnValue:
    """List the branch's bookings; a search looks through every branch in scope."""
    wanted = call.query(BookingsQuery())
    by, text = call.actor(), wanted["q"]
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"], search=text)
        page = Page(number=wanted["page"])
        rows, page.total = booking_queries.search(
            db,
            by=by,
            text=text,
            visits=dispatch.visits_of_people(text) if text else None,
            day=wanted["day"],
            state=wanted["state"],
            branch_id=None if text else branch.id,
            needs_window=wanted["lack"] == "needs_window",
            owed_by=dispatch.visits_of_nobody() if wanted["lack"] == "unserved" else None,
            limit=page.size,
            offset=page.offset,
            now=call.now(),
        )
        visits = dispatch.visits_by_id(db, [row.visit_id for row in rows])
        people = dispatch.technicians_by_id(
            db, {v.technician_id for v in visits.values() if v.technician_id}
        )
        services = booking_queries.services_by_id(db)
    return render_template(
        "console/bookings.html",
        rows=rows,
        visits=visits,
        people=people,
        services=services,
        wanted=wanted,
        branch=branch,
        states=[(key.value, gettext(word)) for key, word in STATES.items()],
        quick=QUICK,
        page_=page,
    )


@blueprint.get("/bookings/<number>")
@signed_in(*READERS)
def booking(number: str) -> ResponseReturnValue:
    """Show one booking: what was promised, who comes, what happened, what was said, what can be done."""
    # A dialog stands open as it does after a refusal, but with nothing to complain of.
    return page(number, Failure(form=call.query(BookingQuery())["act"]))


def page(number: str, failed: Failure) -> str:
    """Return the booking's page; after a refused act, with its sentence. Raises BookingMissing."""
    with transaction(reads_only=True) as db:
        found = booking_queries.booking(db, number=number, by=call.actor())
        frame.enter(db, branch_id=found.branch_id)
        return render_template("console/booking.html", failed=failed, **life.read(db, number))


@blueprint.get("/bookings/<number>/photos/<photo>")
@signed_in(*READERS)
def booking_photo(number: str, photo: str) -> ResponseReturnValue:
    """Send one photo of the booking's visits."""
    with transaction(reads_only=True) as db:
        found = booking_queries.booking(db, number=number, by=call.actor())
        sums = {
            taken.number: taken.sha256
            for kept in booking_queries.promises(db, found.id)
            for taken in dispatch.photos(db, kept.visit_id)
        }
    if photo not in sums:
        raise Missing
    return send_photo(sums[photo])


def send_photo(sha256: str) -> ResponseReturnValue:
    """Send a photo that is kept. Raises Missing."""
    path = photos.photo_path(call.settings().data_dir / "photos", sha256)
    if not path.is_file():
        raise Missing
    answer = send_file(path.absolute(), mimetype="image/jpeg", conditional=True, etag=sha256)
    answer.headers["Cache-Control"] = CACHE_CONTROL
    return answer
