"""Booking, first step: the service with its price card, the address and whom to call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import addresses, pricing, queries
from booking.addresses import DoorMissing, Found
from booking.operations import drafts
from booking.pricing import BadOption
from conversations import queries as conversations
from faces.chrome import call
from faces.chrome.errors import sentence_of
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.consumer import blocked, forms
from faces.consumer.addresses import Proof, prove
from faces.consumer.forms import GROUP, OPTION, BookForm
from faces.consumer.routes import blueprint
from gateways.maps import gazetteer
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Refusal
from kernel.money import Money
from members import contact_queries
from members import queries as members
from members.contacts import ROLE_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One line of the price card as the form shows it."""

    name: str
    code: str
    kind: str
    label: str
    price: Money
    unit: str
    note: str
    most: int
    count: int


@dataclass(frozen=True, slots=True)
class Question:
    """Options that belong together; with a title, one of them is chosen."""

    title: str
    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The running sum: its terms in yuan such as 120 + 80 − 60, and the sentence of a bad choice."""

    price: Money
    work_s: int
    terms: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The delivery that may come before the service in the same booking (送装一体)."""

    name: str
    price: Money
    work_s: int


@blueprint.get("/book/<code>")
@signed_in(Role.MEMBER)
def book(code: str) -> ResponseReturnValue:
    """Show the form, filled in as far as the member is known; ?draft=D… fills in that draft,
    ?said=last the place that he named last in the chat."""
    with transaction(reads_only=True) as db:
        service = queries.service_by_code(db, code)
        typed = _known(db, service_id=service.id, draft_number=request.args.get("draft", ""))
        if "said" in request.args:
            typed |= _said(db, typed)
        return _page(db, code, typed=typed, errors={})


@blueprint.post("/book/<code>")
@signed_in(Role.MEMBER)
def save(code: str) -> ResponseReturnValue:
    """Keep the draft and go on to the windows; with act=quote only reckon anew, with who=H… only fill in
    somebody of the household."""
    values, errors = forms.read(BookForm())
    typed = _typed(request.form)
    if values.get("act") == "quote" or values.get("who"):
        with transaction(reads_only=True) as db:
            typed |= _of_household(db, values.get("who", ""))
            return _page(db, code, typed=typed, errors={})
    found = _checked(values, errors)
    if errors or found is None:
        return _refused(code, typed, errors)
    try:
        with call.once() as db:
            draft = drafts.save_draft(
                db,
                service_code=code,
                choices=values["choices"],
                address=found.address,
                contact=values["contact"],
                phone=values["phone"],
                with_delivery=bool(values.get("with_delivery")),
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.windows_page", number=draft.number)
    except BadOption as refusal:
        return _refused(code, typed, {f"{OPTION}{refusal.field}": sentence_of(refusal)})
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _refused(code, typed, {refusal.field: sentence_of(refusal)})


@blueprint.post("/book/<code>/quote")
@signed_in(Role.MEMBER)
@repeatable("a reckoning of what the form holds; nothing is kept")
def quote(code: str) -> ResponseReturnValue:
    """Return the bar with the sum of what is chosen now."""
    with transaction(reads_only=True) as db:
        service = queries.service_by_code(db, code)
        delivery = _delivery(db, service.delivery_code, request.form)
    total = _sum(
        service.price, service.work_s, service.options, _counts(request.form), delivery=delivery
    )
    return render_template("consumer/book_sum.html", total=total)


def _checked(values: Mapping[str, Any], errors: dict[str, str]) -> Found | None:
    """Check what the schema cannot; each fault goes into `errors` at its field."""
    contact = forms.contact_error(values.get("contact", ""))
    if contact:
        errors.setdefault("contact", contact)
    try:
        return addresses.check(
            values.get("address", ""), values.get("door", ""), gazetteer.qingdao()
        )
    except Refusal as refusal:
        if refusal.field is None:
            raise
        errors.setdefault(refusal.field, sentence_of(refusal))
        if not values.get("door", "").strip():
            # Of two empty boxes both are said at once.
            errors.setdefault("door", sentence_of(DoorMissing()))
        return None


def _refused(code: str, typed: Mapping[str, str], errors: Mapping[str, str]) -> ResponseReturnValue:
    with transaction(reads_only=True) as db:
        return _page(db, code, typed=typed, errors=errors), 422


def _page(db: Session, code: str, *, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    service = queries.service_by_code(db, code)
    counts = _counts(typed)
    proof = None
    if typed.get("address"):
        proof = prove(db, text=typed["address"], door=typed.get("door", ""))
    questions = _questions(service.options, counts)
    shown = {"address", "door", "contact", "phone"}
    may_deliver = _delivery(db, service.delivery_code, {"with_delivery": "1"})
    delivery = may_deliver if typed.get("with_delivery") else None
    shown |= {f"{OPTION}{option.code}" for question in questions for option in question.options}
    return render_template(
        "consumer/book.html",
        service=service,
        typed=typed,
        errors=errors,
        # A fault that no field of the page shows, such as an option the card does not have.
        general=next((said for name, said in errors.items() if name not in shown), ""),
        proof=proof,
        is_known=_is_known(typed, errors, proof),
        questions=questions,
        delivery=may_deliver,
        stop=blocked.read(db),
        household=contact_queries.contacts_of(db, call.actor().id),
        role_names=ROLE_NAMES,
        total=_sum(service.price, service.work_s, service.options, counts, delivery=delivery),
    )


def _of_household(db: Session, number: str) -> dict[str, str]:
    """Return what that one of the household fills in; nothing where he is none of it."""
    household = contact_queries.contacts_of(db, call.actor().id)
    who = next((row for row in household if row.number == number), None)
    return {"contact": who.name, "phone": who.phone} if who else {}


def _is_known(typed: Mapping[str, str], errors: Mapping[str, str], proof: Proof | None) -> bool:
    """Tell whether address and contact can be folded away."""
    fields = ("address", "door", "contact", "phone")
    is_whole = all(typed.get(field) for field in fields)
    is_right = proof is not None and proof.tone == "ok" and proof.found is not None
    return is_whole and is_right and not any(field in errors for field in fields)


def _known(db: Session, *, service_id: int, draft_number: str) -> dict[str, str]:
    """Return what the form begins with: that draft, else the last address, else the member's name."""
    by = call.actor()
    draft = (
        queries.draft(db, number=draft_number, by=by)
        if draft_number
        else queries.latest_draft(db, by.id)
    )
    if draft is None:
        member = members.member(db, by.id)
        return {"contact": member.name, "phone": member.phone}
    typed = {
        # The whole address ends with the door, which has a box of its own.
        "address": draft.address.removesuffix(draft.door).strip(),
        "door": draft.door,
        "contact": draft.contact,
        "phone": draft.phone,
    }
    if draft.service_id == service_id and draft_number:
        typed |= {f"{OPTION}{code}": str(count) for code, count in draft.choices.items()}
        typed |= {"with_delivery": "1"} if draft.delivery_id is not None else {}
    return typed


def _said(db: Session, typed: Mapping[str, str]) -> dict[str, str]:
    """Return the place that the member named in the chat, and what was heard of his voice; another
    小区 has another door."""
    said = conversations.named_last(db, members.member(db, call.actor().id).openid)
    heard = {"heard": said.voice} if said.voice else {}
    if not said.place or said.place in typed.get("address", ""):
        return heard
    return {"address": said.place, "door": "", **heard}


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form[name] for name in form if name not in call.OURS}


def _counts(typed: Mapping[str, str]) -> dict[str, int]:
    raw = forms.raw_choices(typed)
    return {code: int(count) for code, count in raw.items() if count.isascii() and count.isdigit()}


def _questions(card: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> list[Question]:
    found: list[Question] = []
    for title, lines in groupby(card, key=lambda line: str(line.get("group", ""))):
        name = f"{GROUP}{len(found)}" if title else ""
        options = tuple(_option(line, counts.get(line["code"], 0)) for line in lines)
        if title and not any(option.count for option in options):
            # What costs nothing is what most homes have.
            free = next((o for o in options if o.price == Money(0)), None)
            chosen = free.code if free else ""
            options = tuple(
                _option(line, int(line["code"] == chosen))
                for line in card
                if line.get("group") == title
            )
        found.append(Question(title, name, options))
    return found


def _option(line: Mapping[str, Any], count: int) -> Option:
    return Option(
        name=f"{OPTION}{line['code']}",
        code=line["code"],
        kind=line["kind"],
        label=line["name"],
        price=Money(line["price_fen"]),
        unit=line.get("unit", ""),
        note=line.get("note", ""),
        most=line["most"],
        count=count,
    )


def _delivery(db: Session, code: str | None, typed: Mapping[str, str]) -> Delivery | None:
    """Return the delivery that comes first when he wants it, None when there is none."""
    if code is None or not typed.get("with_delivery"):
        return None
    found = queries.service_by_code(db, code)
    return Delivery(name=found.name, price=found.price, work_s=found.work_s)


def _sum(
    price: Money,
    work_s: int,
    card: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
    *,
    delivery: Delivery | None,
) -> Sum:
    try:
        quoted = pricing.quote(price=price, work_s=work_s, card=card, choices=counts)
    except BadOption as refusal:
        return Sum(price=price, work_s=work_s, terms="", error=sentence_of(refusal))
    amounts = [price, *(amount for _, _, amount in quoted.lines if amount != Money(0))]
    whole = quoted.price
    if delivery is not None:
        amounts.append(delivery.price)
        whole += delivery.price
    return Sum(price=whole, work_s=quoted.work_s, terms=_terms(amounts), error="")


def _terms(amounts: Sequence[Money]) -> str:
    """Return 120 + 80 − 60, or "" when there is nothing to add up."""
    if len(amounts) < 2:
        return ""
    first, *rest = amounts
    signed = [f"{'−' if a.fen < 0 else '+'} {_yuan(abs(a.fen))}" for a in rest]
    return " ".join([_yuan(first.fen), *signed])


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen / 100:,.2f}"
