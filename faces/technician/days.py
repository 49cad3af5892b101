"""/t/, /t/tomorrow and /t/week: what a technician has to do, and when."""

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.technician import agenda, screens
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.clock import local_date
from kernel.db import transaction


@blueprint.get("/")
@signed_in(Role.TECHNICIAN)
def today() -> ResponseReturnValue:
    """Show today: the next visit first, the later ones, and what is done."""
    return screens.today()


@blueprint.get("/tomorrow")
@signed_in(Role.TECHNICIAN)
def tomorrow() -> ResponseReturnValue:
    """List tomorrow's visits."""
    return _list("tomorrow", start=1, days=1)


@blueprint.get("/week")
@signed_in(Role.TECHNICIAN)
def week() -> ResponseReturnValue:
    """List the visits of seven days, today's first."""
    return _list("week", start=0, days=agenda.WEEK_DAYS)


def _list(current: str, *, start: int, days: int) -> str:
    by, now = call.actor(), call.now()
    first = local_date(now) + timedelta(days=start)
    with transaction(reads_only=True) as db:
        found = agenda.days_of(db, technician_id=by.id, first=first, days=days, now=now)
    return render_template(
        "technician/days_moved.html" if screens.is_htmx() else "technician/days.html",
        days=found,
        current=current,
    )
