"""/c/samples, /c/tryouts: a sample that is tried at home, from asking for it to keeping or giving back."""

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import tryout_queries
from booking.operations import tryouts
from booking.tryouts import STATE_WORDS, is_due
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Forbidden


class AskForm(Form):
    """Which sample he would try."""

    sample = fields.String(required=True, validate=validate.Length(max=32))


@blueprint.get("/samples")
@signed_in(Role.MEMBER)
def samples() -> ResponseReturnValue:
    """Show what can be tried at home."""
    return _samples()


@blueprint.post("/tryouts")
@signed_in(Role.MEMBER)
def ask_for_sample() -> ResponseReturnValue:
    """Put a unit aside for him; he books its delivery next."""
    given = call.form(AskForm())
    try:
        with call.once() as db:
            row = tryouts.ask(db, sample_number=given["sample"], by=call.actor(), now=call.now())
            return call.leads_to("consumer.tryout_page", number=row.number)
    except (Conflict, Forbidden) as refusal:
        return _samples(error=sentence_of(refusal)), status_of(refusal)


@blueprint.get("/tryouts/<number>")
@signed_in(Role.MEMBER)
def tryout_page(number: str) -> ResponseReturnValue:
    """Show how it stands and what he can do now."""
    return _page(number)


@blueprint.post("/tryouts/<number>/cancel")
@signed_in(Role.MEMBER)
def cancel_tryout(number: str) -> ResponseReturnValue:
    """Give it up before it was delivered."""
    call.form(NothingForm())
    try:
        with call.once() as db:
            tryouts.cancel(db, number=number, by=call.actor(), now=call.now())
            return call.leads_to("consumer.tryout_page", number=number)
    except Conflict as refusal:
        return _page(number, error=sentence_of(refusal)), status_of(refusal)


@blueprint.post("/tryouts/<number>/keep")
@signed_in(Role.MEMBER)
def keep_tryout(number: str) -> ResponseReturnValue:
    """Keep it: he is led to pay for it, and it is his once that is done."""
    call.form(NothingForm())
    try:
        with call.once() as db:
            asked = tryouts.choose_keep(db, number=number, by=call.actor(), now=call.now())
            return call.leads_to("consumer.payment", number=asked.number)
    except Conflict as refusal:
        return _page(number, error=sentence_of(refusal)), status_of(refusal)


@blueprint.post("/tryouts/<number>/return")
@signed_in(Role.MEMBER)
def return_tryout(number: str) -> ResponseReturnValue:
    """Give it back: he books its pick-up next."""
    call.form(NothingForm())
    try:
        with call.once() as db:
            tryouts.choose_return(db, number=number, by=call.actor(), now=call.now())
            return call.leads_to("consumer.tryout_page", number=number)
    except Conflict as refusal:
        return _page(number, error=sentence_of(refusal)), status_of(refusal)


def _samples(*, error: str = "") -> str:
    with transaction(reads_only=True) as db:
        return render_template(
            "consumer/samples.html",
            samples=tryout_queries.on_offer(db),
            branches={row.id: row.name for row in dispatch.branches(db)},
            mine=tryout_queries.open_of(db, call.actor().id),
            error=error,
        )


def _page(number: str, *, error: str = "") -> str:
    with transaction(reads_only=True) as db:
        row = tryout_queries.tryout(db, number=number, by=call.actor())
        sample = tryout_queries.sample_of(db, row)
        return render_template(
            "consumer/tryout.html",
            tryout=row,
            sample=sample,
            state=row.state.value,
            words=STATE_WORDS,
            visit=tryout_queries.next_visit(db, row),
            service=tryout_queries.next_service(db, row),
            is_late=is_due(row.state, row.ends_at, now=call.now()),
            takes_payments=call.settings().takes_payments,
            error=error,
        )
