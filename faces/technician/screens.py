"""The two screens he works on, today and one visit: whole, or for htmx what moves on them."""

from collections.abc import Mapping
from types import MappingProxyType

from flask import render_template, request

from booking import care_queries
from dispatch import queries
from dispatch.operations.visits import PHOTOS_MAX
from faces.chrome import call
from faces.technician import agenda, situation
from kernel.clock import local_date
from kernel.db import transaction
from members import ledger_queries

# No sentence at any control.
NO_ERRORS: Mapping[str, str] = MappingProxyType({})


def is_htmx() -> bool:
    """Tell whether htmx asks, which wants only what moves."""
    return "HX-Request" in request.headers


def today(*, errors: Mapping[str, str] = NO_ERRORS) -> str:
    """Draw today; `errors` has the sentence of a refused act under "act"."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        ahead = agenda.days_of(
            db, technician_id=by.id, first=local_date(now), days=agenda.WEEK_DAYS, now=now
        )
        left_over = agenda.overdue(db, technician_id=by.id, now=now)
        next_up = ahead[0].next
        around = situation.read(db, next_up) if next_up else None
        cared_for = care_queries.counts(db, by=by, today=local_date(now))
    return render_template(
        "technician/today_moved.html" if is_htmx() else "technician/today.html",
        today=ahead[0],
        around=around,
        tomorrow=ahead[1],
        week_count=sum(each.count for each in ahead),
        left_over=left_over,
        cared_for=cared_for,
        shows_done=request.args.get("done") == "1",
        errors=errors,
    )


def visit(number: str, *, errors: Mapping[str, str] = NO_ERRORS) -> str:
    """Draw one visit; `errors` under the names of their controls. Raises VisitMissing."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found, day = agenda.visit(db, number=number, technician_id=by.id, now=now)
        around = situation.read(db, found)
        photos = [photo.number for photo in queries.photos(db, found.id)]
        earned = ledger_queries.points_of(db, f"booking:{found.booking}", found.member_id)
    return render_template(
        "technician/visit_moved.html" if is_htmx() else "technician/visit.html",
        visit=found,
        around=around,
        leg=agenda.leg_to(day, found),
        next=day.next,
        is_today=found.day == local_date(now),
        is_past=found.day < local_date(now),
        photos=photos,
        photos_max=PHOTOS_MAX,
        earned=earned,
        errors=errors,
    )
