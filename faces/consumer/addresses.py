"""Addresses as a member types them: suggestions, and the proof that we found the door."""

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import addresses
from booking.addresses import AddressVague, DoorMissing, Found
from dispatch import queries as dispatch
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.consumer import forms
from faces.consumer.routes import blueprint
from gateways.maps import gazetteer
from gateways.maps.gazetteer import Kind
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Missing, Refusal
from kernel.phone import BadPhone, Phone

SUGGESTIONS_MAX = 6
CHECKED = {"address", "door", "contact", "phone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What we know of a typed address: its sentence, and the field it is about."""

    field: str = "address"
    tone: str = "ok"
    says: str = ""
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One suggestion: what the box will hold, and what is shown."""

    value: str
    name: str
    where: str


# Posted, not asked for in the address line: where people live does not belong in logs.
@blueprint.post("/addresses/suggestions")
@signed_in(Role.MEMBER)
@repeatable("a reading, posted to keep addresses out of logs")
def suggestions() -> ResponseReturnValue:
    """List compounds that begin like the typed text."""
    text = request.form.get("address", "")
    return render_template("consumer/suggestions.html", lines=suggested(text))


@blueprint.post("/checks/<field>")
@signed_in(Role.MEMBER)
@repeatable("a reading, posted to keep addresses out of logs")
def check(field: str) -> ResponseReturnValue:
    """Say at once what is wrong with one field, or that the address was found."""
    if field not in CHECKED:
        raise Missing
    if field in ("contact", "phone"):
        said = _said_of(field, request.form.get(field, ""))
        return render_template("consumer/check.html", field=field, said=said, proof=None)
    with transaction(reads_only=True) as db:
        proof = prove(db, text=request.form.get("address", ""), door=request.form.get("door", ""))
    return render_template("consumer/check.html", field="address", said="", proof=proof)


def suggested(text: str) -> list[Line]:
    """Return up to SUGGESTIONS_MAX compounds: by their name, then those of the street that is named."""
    if not text.strip():
        return []
    known = gazetteer.qingdao()
    named = [s for s in known.suggest(text) if s.kind == Kind.COMPOUND.value]
    lines = [_line(s.district, s.street, s.name) for s in named]
    located = known.geocode(text)
    if located is not None and located.street and not located.compound:
        street = (located.district, located.street)
        on_street = [e for e in known.entries if (e.district, e.street) == street]
        lines += [_line(*street, e.name) for e in on_street if e.kind is Kind.COMPOUND]
    return list(dict.fromkeys(lines))[:SUGGESTIONS_MAX]


def prove(db: Session, *, text: str, door: str) -> Proof:
    """Return what is known of the address; a missing door is asked for, not complained of."""
    try:
        found = addresses.check(text, door, gazetteer.qingdao())
        dispatch.branch_serving(db, found.address.point)
    except DoorMissing:
        return _without_door(db, text)
    except AddressVague as refusal:
        return Proof(tone="warn", says=sentence_of(refusal))
    except Refusal as refusal:
        return Proof(field=refusal.field or "address", tone="danger", says=sentence_of(refusal))
    if found.is_sure:
        says = gettext("门牌已核对，在服务范围内")
        return Proof(says=says, found=found)
    says = gettext("按「%(compound)s」找到，请核对小区名", compound=found.address.compound)
    return Proof(tone="warn", says=says, found=found)


def _without_door(db: Session, text: str) -> Proof:
    located = addresses.place(text, gazetteer.qingdao())
    try:
        dispatch.branch_serving(db, located.point)
    except Refusal as refusal:
        return Proof(tone="danger", says=sentence_of(refusal))
    place = f"{located.district} {located.compound}"
    return Proof(says=gettext("已找到%(place)s，请补上门牌", place=place))


def _said_of(field: str, text: str) -> str:
    if field == "contact":
        return forms.contact_error(text)
    try:
        Phone.parse(text)
    except BadPhone as refusal:
        return sentence_of(refusal)
    return ""


def _line(district: str, street: str, name: str) -> Line:
    where = " ".join(part for part in (district, street) if part)
    return Line(value=f"{where} {name}", name=name, where=where)
