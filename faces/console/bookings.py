"""/console/bookings: search, and one booking with all that happened."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import pricing
from booking import queries as booking_queries
from booking.states import BookingState
from dispatch import board as boards
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import frame, story
from faces.console.forms import BookingsQuery
from faces.console.paging import Page
from faces.console.routes import READERS, blueprint
from kernel.db import transaction
from kernel.words import msg
from members import queries as members
from notifications import queries as notifications

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
            limit=page.size,
            offset=page.offset,
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
        states=STATES,
        page_=page,
    )


@blueprint.get("/bookings/<number>")
@signed_in(*READERS)
def booking(number: str) -> ResponseReturnValue:
    """Show one booking: what was promised, who comes, what happened, what was said."""
    with transaction(reads_only=True) as db:
        found = booking_queries.booking(db, number=number, by=call.actor())
        frame.enter(db, branch_id=found.branch_id)
        visit = dispatch.visit(db, found.visit_id)
        bar = boards.bar_of(db, visit.id, branch_id=visit.branch_id, day=visit.day, now=call.now())
        told = dispatch.technicians_by_id(db, [visit.technician_id or 0])
        service = booking_queries.services_by_id(db)[found.service_id]
        said = [
            *notifications.messages_about(db, f"booking:{found.number}"),
            *notifications.messages_about(db, f"visit:{visit.number}"),
        ]
        context = {
            "booking": found,
            "visit": visit,
            "bar": bar,
            "told": told.get(visit.technician_id or 0),
            "service": service,
            "member": members.member(db, found.member_id),
            "photos": dispatch.photos(db, visit.id),
            "rows": story.timeline(
                booking_queries.steps(db, found.id), dispatch.steps(db, visit.id), visit.state
            ),
            "said": [story.line_of(m) for m in sorted(said, key=lambda m: m.id)],
        }
    quote = pricing.quote(
        price=service.price, work_s=service.work_s, card=service.options, choices=found.choices
    )
    return render_template("console/booking.html", lines=quote.lines, **context)
