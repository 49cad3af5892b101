"""/c/contacts: the people of the member's household, and what each is there for."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer import forms
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict
from kernel.words import msg
from members import contact_queries
from members.contacts import CONTACTS_MAX, ROLE_NAMES, ContactRole
from members.operations import contacts as operations


class ContactForm(Form):
    """What one of the household is called, his phone, and what he is there for."""

    name = fields.String(load_default="")
    phone = forms.PhoneField(required=True)
    roles = fields.List(
        fields.Enum(ContactRole, by_value=True),
        required=True,
        validate=validate.Length(min=1, max=len(ContactRole)),
        error_messages={"required": msg("请至少选一项。")},
    )


class NothingForm(Form):
    """A button alone."""


@blueprint.get("/contacts")
@signed_in(Role.MEMBER)
def contacts() -> ResponseReturnValue:
    """Show the household and the form for one more."""
    return _page({})


@blueprint.post("/contacts")
@signed_in(Role.MEMBER)
def add_contact() -> ResponseReturnValue:
    """Keep one more."""
    values, errors = forms.read(ContactForm())
    if said := forms.contact_error(values.get("name", "")):
        errors["name"] = said
    if errors:
        return _page(errors), 422
    try:
        with call.once() as db:
            operations.add_contact(db, member_id=call.actor().id, now=call.now(), **values)
            return call.leads_to("consumer.contacts")
    except Conflict as refusal:
        return _page({refusal.field or "form": sentence_of(refusal)}), status_of(refusal)


@blueprint.post("/contacts/<number>/remove")
@signed_in(Role.MEMBER)
def remove_contact(number: str) -> ResponseReturnValue:
    """Forget one of them."""
    call.form(NothingForm())
    with call.once() as db:
        operations.remove_contact(db, number=number, member_id=call.actor().id)
        return call.leads_to("consumer.contacts")


def _page(errors: dict[str, str]) -> str:
    with transaction(reads_only=True) as db:
        rows = contact_queries.contacts_of(db, call.actor().id)
    return render_template(
        "consumer/contacts.html",
        rows=rows,
        names=ROLE_NAMES,
        is_full=len(rows) >= CONTACTS_MAX,
        errors=errors,
        typed=request.form,
    )
