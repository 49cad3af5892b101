"""Bookings that are stopped: why, until when, and how to appeal."""

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.consumer import strikes
from faces.consumer.routes import blueprint
from faces.consumer.strikes import Appealed
from kernel.actor import Role
from kernel.db import Session, transaction
from members import queries as members
from members import strike_queries
from members.policy import AppealSubject, Blocked
from members.risk import KIND_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One of the strikes that together stopped his bookings."""

    number: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What stops his bookings now."""

    number: str
    says: str
    begins_at: datetime
    until: datetime
    causes: tuple[Cause, ...]
    appeals: tuple[Appealed, ...]
    may_appeal: bool


@blueprint.get("/blocked")
@signed_in(Role.MEMBER)
def blocked_page() -> ResponseReturnValue:
    """Say why and until when; whose bookings are free is led home."""
    with transaction(reads_only=True) as db:
        stop = read(db)
    if stop is None:
        return redirect(url_for("consumer.home"), 303)
    return render_template("consumer/blocked.html", stop=stop)


@blueprint.errorhandler(Blocked)
def _refused(_refusal: Blocked) -> ResponseReturnValue:
    """Answer whoever tries to book while he may not with the page that says why."""
    with transaction(reads_only=True) as db:
        stop = read(db)
    return render_template("consumer/blocked.html", stop=stop), 403


def read(db: Session) -> Stop | None:
    """Return what stops the member's bookings now, None for nothing."""
    by, now = call.actor(), call.now()
    in_force = strike_queries.blacklistings_in_force(db, member_id=by.id, now=now)
    if not in_force:
        return None
    longest = in_force[0]
    says = ""
    try:
        members.check_may_book(db, by.id, now=now)
    except Blocked as refusal:
        says = sentence_of(refusal)
    about = strikes.appeals_about(db, kind=AppealSubject.BLACKLISTING, number=longest.number)
    found = [strike_queries.strike(db, number=number, by=by) for number in longest.strikes]
    return Stop(
        number=longest.number,
        says=says,
        begins_at=longest.begins_at,
        until=longest.until,
        causes=tuple(
            Cause(number=row.number, name=gettext(KIND_NAMES[row.kind]), at=row.happened_at)
            for row in found
        ),
        appeals=about,
        may_appeal=strikes.may_appeal(about),
    )
