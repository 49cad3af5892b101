"""/console/visits/…: one visit, in the board's drawer or as a page of its own."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import check_queries
from booking import queries as bookings
from dispatch import board as boards
from dispatch import queries as dispatch
from dispatch import scope
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import alerts, frame, story
from faces.console.routes import READERS, blueprint
from kernel.db import transaction
from notifications import queries as notifications


@blueprint.get("/visits/<number>")
@signed_in(*READERS)
def visit(number: str) -> ResponseReturnValue:
    """Show who comes to whom and when, what happened and what was said. The drawer asks by htmx."""
    with transaction(reads_only=True) as db:
        found = scope.visit(db, number=number, by=call.actor())
        frame.enter(db, branch_id=found.branch_id, day=found.day)
        booking = bookings.booking_of_visit(db, found.id)
        bar = boards.bar_of(db, found.id, branch_id=found.branch_id, day=found.day, now=call.now())
        planned = bar.technician_id if bar else None
        told = found.technician_id
        people = dispatch.technicians_by_id(db, [i for i in (planned, told) if i])
        said = [
            *notifications.messages_about(db, f"booking:{booking.number}"),
            *notifications.messages_about(db, f"visit:{found.number}"),
        ]
        context = {
            "visit": found,
            "booking": booking,
            "service": bookings.services_by_id(db)[booking.service_id],
            "bar": bar,
            "chance_words": alerts.chance_words,
            "points": check_queries.points_of_visit(db, found.id),
            "ticked": check_queries.ticked(db, found.id),
            "planned": people.get(planned or 0),
            "told": people.get(told or 0),
            "rows": story.timeline(
                bookings.steps(db, booking.id), dispatch.steps(db, found.id), found.state
            ),
            "said": [story.line_of(m) for m in sorted(said, key=lambda m: m.id)],
        }
    is_part = request.headers.get("HX-Request") == "true"
    return render_template(
        "console/visit_part.html" if is_part else "console/visit.html", **context
    )
