"""/c/privacy: what we know of the member, what he agreed to, his copy of it all, and how he is forgotten."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from faces.chrome import call, forgetting
from faces.chrome.copies import copy_of
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.keeping import KEPT, RULES
from faces.chrome.schema import Form
from faces.chrome.sign_in import drop_cookie, proved_lately, signed_in
from faces.consumer import forms
from faces.consumer.routes import blueprint
from kernel import audit
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Conflict
from kernel.words import msg
from members import personal
from members import queries as members
from members.privacy import ConsentKind

ERASE = "注销"


class ConsentForm(Form):
    """Which notice, and whether he agrees."""

    kind = fields.Enum(ConsentKind, by_value=True, required=True)
    answer = fields.String(required=True, validate=validate.OneOf(["yes", "no"]))


class EraseForm(Form):
    """The word that says that he means it."""

    word = fields.String(
        required=True, validate=validate.Equal(ERASE, error=msg("请输入“注销”两个字。"))
    )


@blueprint.get("/privacy")
@signed_in(Role.MEMBER)
def privacy() -> ResponseReturnValue:
    """Show what is known of the member, and what he agreed to."""
    with transaction(reads_only=True) as db:
        member = members.member(db, call.actor().id)
        said = personal.consents(db, member.id)
        return render_template(
            "consumer/privacy.html", member=member, said=said, rules=RULES, kept=KEPT
        )


@blueprint.post("/privacy/consent")
@signed_in(Role.MEMBER)
def consent() -> ResponseReturnValue:
    """Agree to a notice as it is now, or take that back."""
    given = call.form(ConsentForm())
    with call.once() as db:
        personal.agree(
            db,
            member_id=call.actor().id,
            kind=given["kind"],
            is_given=given["answer"] == "yes",
            now=call.now(),
        )
        return call.leads_to("consumer.privacy")


@blueprint.post("/privacy/copy")
@signed_in(Role.MEMBER)
@proved_lately
def personal_copy() -> ResponseReturnValue:
    """Send all that is kept of the member: a ZIP of JSON, and a page to read. It is written down."""
    with call.once(again=lambda: copy_of(call.actor().id)) as db:
        _written_down(db, "privacy.copy")
    return copy_of(call.actor().id)


@blueprint.get("/privacy/erase")
@signed_in(Role.MEMBER)
@proved_lately
def erase_page() -> ResponseReturnValue:
    """Say what is lost and what stays, and ask for the word."""
    return _erase_page("")


@blueprint.post("/privacy/erase")
@signed_in(Role.MEMBER)
@proved_lately
def erase() -> ResponseReturnValue:
    """Forget the member, once and for all."""
    _, errors = forms.read(EraseForm())
    if errors:
        return _erase_page(errors["word"]), 422
    try:
        with call.once(again=_gone) as db:
            _written_down(db, "privacy.erase")
            forgetting.forget(db, call.actor().id, now=call.now())
    except Conflict as refusal:
        return _erase_page(sentence_of(refusal)), status_of(refusal)
    return _gone()


def _erase_page(error: str) -> str:
    return render_template("consumer/erase.html", error=error)


def _gone() -> ResponseReturnValue:
    answer = Response(render_template("consumer/erased.html"))
    drop_cookie(answer)
    return answer


def _written_down(db: Session, action: str) -> None:
    number = members.member(db, call.actor().id).number
    audit.record(db, by=call.actor(), action=action, about=f"member:{number}", now=call.now())
