"""/console/members/…/copy: his copy of what we keep of him, for a member who called or wrote."""

from flask import Response
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.copies import copy_of
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import proved_lately, signed_in
from faces.console.routes import LEADERS, blueprint
from kernel.db import transaction
from members import queries


class CopyForm(Form):
    """How he asked for it and how we know that it is he; the audit log keeps it."""

    why = Text(least=4, most=80, required=True)


@blueprint.post("/members/<number>/copy")
@signed_in(*LEADERS)
@proved_lately
def copy_member(number: str) -> ResponseReturnValue:
    """Send all that is kept of the member, for one of us to pass on to him; it is written down."""
    call.form(CopyForm())
    with call.once(again=lambda: _copy(number)) as db:
        queries.member_by_number(db, number=number, by=call.actor())
    return _copy(number)


def _copy(number: str) -> Response:
    with transaction(reads_only=True) as db:
        member_id = queries.member_by_number(db, number=number, by=call.actor()).id
    return copy_of(member_id)
