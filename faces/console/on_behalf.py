"""/console/members/…: what one of us does for a member who called or wrote: his copy of what we keep of
him, and, by two, that he is forgotten."""

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from faces.chrome import call, forgetting
from faces.chrome.copies import copy_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import proved_lately, signed_in
from faces.console.forms import NoForm
from faces.console.member_acts import act, member_id_of
from faces.console.routes import LEADERS, blueprint
from kernel.db import Session, transaction
from members.merging import WHY_MAX, WHY_MIN
from members.operations import erasing


class BehalfForm(Form):
    """How he asked for it and how we know that it is he; the audit log keeps it."""

    why = Text(least=WHY_MIN, most=WHY_MAX, required=True)


@blueprint.post("/members/<number>/copy")
@signed_in(*LEADERS)
@proved_lately
def copy_member(number: str) -> ResponseReturnValue:
    """Send all that is kept of the member, for one of us to pass on to him; it is written down."""
    call.form(BehalfForm())
    with call.once(again=lambda: _copy(number)) as db:
        member_id_of(db, number)
    return _copy(number)


@blueprint.post("/members/<number>/erasure")
@signed_in(*LEADERS)
@proved_lately
def ask_erasure(number: str) -> ResponseReturnValue:
    """Ask that the member be forgotten; a second person confirms."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        erasing.ask(
            db,
            member_id=member_id_of(db, number),
            why=given["why"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已提出，等另一位同事确认。")

    return act(number, "erasure", BehalfForm(), effect)


@blueprint.post("/members/<number>/erasure/confirm")
@signed_in(*LEADERS)
@proved_lately
def confirm_erasure(number: str) -> ResponseReturnValue:
    """Agree, as the second person: he is forgotten, once and for all."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        member_id = member_id_of(db, number)
        erasing.check_second(db, member_id=member_id, by=call.actor())
        forgetting.forget(db, member_id, now=call.now())
        return gettext("已注销，资料已删除。")

    return act(number, "erasure-confirm", NoForm(), effect)


@blueprint.post("/members/<number>/erasure/drop")
@signed_in(*LEADERS)
def drop_erasure(number: str) -> ResponseReturnValue:
    """Turn down what was asked for, or take back what oneself has asked for."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        erasing.drop(db, member_id=member_id_of(db, number), by=call.actor())
        return gettext("没有通过，什么都没有改。")

    return act(number, "erasure-drop", NoForm(), effect)


def _copy(number: str) -> Response:
    with transaction(reads_only=True) as db:
        member_id = member_id_of(db, number)
    return copy_of(member_id)
