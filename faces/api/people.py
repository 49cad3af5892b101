"""/api/v1/members: whom a call is for."""

from flask.typing import ResponseReturnValue

from faces.api.change_schemas import LedgerOut, LedgerQuery
from faces.api.routes import get
from faces.api.schemas import MemberOut, MemberQuery
from faces.chrome import call
from kernel import audit
from kernel.db import transaction
from kernel.phone import Phone
from members import ledger_queries, queries
from members.ledger import member_owner

FOUND_MAX = 10


@get(
    "/members",
    tag="members",
    scope="members:read",
    asks=MemberQuery,
    gives=MemberOut(many=True),
)
def members() -> ResponseReturnValue:
    """Find members by their whole mobile number. Each look is audited."""
    phone = Phone.parse(call.query(MemberQuery())["phone"])
    by = call.actor()
    with transaction() as db:
        found, _ = queries.search(db, by=by, text=phone.digits, limit=FOUND_MAX)
        for row in found:
            audit.record(
                db, by=by, action="member.look_up", about=f"member:{row.number}", now=call.now()
            )
        return call.answers(MemberOut(many=True).dump(found))


@get(
    "/members/<number>/ledger",
    tag="members",
    scope="ledger:read",
    asks=LedgerQuery,
    gives=LedgerOut(),
    refuses=(404,),
)
def ledger(number: str) -> ResponseReturnValue:
    """Read an account of a member, newest lines first; `before` is the last `place` of the page before.

    Each look is audited."""
    asked = call.query(LedgerQuery())
    by = call.actor()
    with transaction() as db:
        row = queries.member_by_number(db, number=number, by=by)
        audit.record(
            db, by=by, action="member.read_ledger", about=f"member:{row.number}", now=call.now()
        )
        owner, unit = member_owner(row.id), asked["unit"]
        told = {
            "unit": unit,
            "balance": ledger_queries.balance(db, owner=owner, unit=unit),
            "lines": ledger_queries.lines(
                db, owner=owner, unit=unit, limit=asked["size"], before=asked["before"]
            ),
        }
        return call.answers(LedgerOut().dump(told))
