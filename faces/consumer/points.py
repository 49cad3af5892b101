"""The member's points: the balance and where each of them came from."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from members import ledger_queries
from members.ledger import COMPLETION
from members.ledger_queries import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the statement in words."""

    what: str
    at: datetime
    why: str
    amount: int
    href_number: str


@blueprint.get("/points")
@signed_in(Role.MEMBER)
def points() -> ResponseReturnValue:
    """Show the balance and the newest lines of the ledger."""
    member_id = call.actor().id
    with transaction(reads_only=True) as db:
        balance = ledger_queries.points_balance(db, member_id)
        entries = _entries(db, member_id)
    return render_template("consumer/points.html", balance=balance, entries=entries)


def _entries(db: Session, member_id: int) -> list[Entry]:
    services = queries.services_by_id(db)
    known = {
        f"booking:{booking.number}": (
            booking.number,
            services[booking.service_id].name,
            booking.price,
        )
        for booking in queries.bookings_of(db, member_id, limit=200)
    }
    entries = []
    for line in ledger_queries.points_lines(db, member_id):
        number, service, price = known.get(line.evidence, ("", "", None))
        entries.append(
            Entry(
                what=_what(line, service),
                at=line.at,
                why=gettext("费用 %(price)s", price=str(price)) if price is not None else "",
                amount=line.amount,
                href_number=number,
            )
        )
    return entries


def _what(line: Line, service: str) -> str:
    if line.kind == COMPLETION:
        return gettext("完成：%(service)s", service=service) if service else gettext("完成服务")
    return gettext("积分变动")
