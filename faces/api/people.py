"""/api/v1/members: whom a call is for."""

from flask.typing import ResponseReturnValue

from faces.api.routes import get
from faces.api.schemas import MemberOut, MemberQuery
from faces.chrome import call
from kernel import audit
from kernel.db import transaction
from kernel.phone import Phone
from members import queries

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
