"""The member's care plans (定期拜访): when next, what for, and how he stops one."""

from flask import flash
from flask.typing import ResponseReturnValue

from booking import care_queries
from booking.care import Outcome
from booking.care_queries import Line
from booking.operations import care as operations
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session


@blueprint.post("/care/<number>/stop")
@signed_in(Role.MEMBER)
def stop_care(number: str) -> ResponseReturnValue:
    """End a plan: nobody calls him for it any more."""
    with call.once() as db:
        operations.note(db, number=number, outcome=Outcome.STOPPED, by=call.actor(), now=call.now())
        done = call.leads_to("consumer.assets_page")
    flash(gettext("已停掉，我们不再为这件事联系您。"), "ok")
    return done


def mine(db: Session, *, asset_id: int | None = None) -> list[Line]:
    """Return the member's plans, the next first; with `asset_id`, of that appliance alone."""
    found = care_queries.open_of(db, call.actor().id)
    return care_queries.lines(db, [row for row in found if asset_id in (None, row.asset_id)])
