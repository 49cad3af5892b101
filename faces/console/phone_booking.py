"""/console/members/…/book and /console/drafts/…: a booking that a caller asks for by telephone."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, pre_load, validate

from booking import addresses, offering, queries
from booking.operations import bookings, drafts
from booking.states import BookingState
from dispatch.openings import Opening
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame, keeping
from faces.console.acting import NO_FAILURE, Failure, Told
from faces.console.case_forms import WindowField
from faces.console.moving import chosen_day, days_of, rows_of
from faces.console.routes import WRITERS, blueprint
from gateways.maps import gazetteer
from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.phone import Phone
from kernel.words import msg
from members import contact_queries
from members import queries as members
from members.contacts import ROLE_NAMES

OPTION = "option-"
COUNT_MAX = 99


class CallerForm(Form):
    """What a caller asks for."""

    service = fields.String(required=True)
    address = Text(most=120, load_default="")
    door = Text(most=40, load_default="")
    # Somebody of the household, whose name and phone are taken as they are; else they are typed.
    who = fields.String(load_default="")
    contact = Text(most=20, load_default="")
    phone = fields.String(load_default="")
    # The delivery comes first, in the same booking (送装一体).
    with_delivery = fields.Boolean(load_default=False)
    choices = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(validate=validate.Range(min=0, max=COUNT_MAX)),
        load_default=dict,
    )

    @pre_load
    def gather(self, given: Mapping[str, str], **_options: Any) -> dict[str, Any]:
        plain: dict[str, Any] = {k: v for k, v in given.items() if not k.startswith(OPTION)}
        plain["choices"] = {
            k.removeprefix(OPTION): v for k, v in given.items() if k.startswith(OPTION) and v
        }
        return plain


class ContactNeeded(Invalid):
    """Nobody is named whom the technician may ask for."""

    code = "contact_needed"
    says = msg("请写师傅怎么称呼他。")


class OtherBranch(Invalid):
    """The address is served by a branch out of the dispatcher's scope."""

    code = "other_branch"
    says = msg("这个地址归别的网点，请转给他们预约。")


class PickForm(Form):
    """The window that the caller takes."""

    window = WindowField(required=True, error_messages={"required": msg("请先选一个时段。")})


@blueprint.get("/members/<number>/book")
@signed_in(*WRITERS)
def phone_booking(number: str) -> ResponseReturnValue:
    """Show the form, filled in as far as the member is known; ?service= names the service."""
    return _form(number, NO_FAILURE)


@blueprint.post("/members/<number>/book")
@signed_in(*WRITERS)
def save_phone_booking(number: str) -> ResponseReturnValue:
    """Keep what he asks for, and go on to the windows."""

    def effect(db: Session, given: dict[str, Any]) -> tuple[str, dict[str, str]]:
        by, now = call.actor(), call.now()
        owner = members.member_by_number(db, number=number, by=by)
        members.check_may_book(db, owner.id, now=now)
        found = addresses.check(given["address"], given["door"], gazetteer.qingdao())
        contact, phone = _whom(db, owner.id, given)
        draft = drafts.save_draft(
            db,
            service_code=given["service"],
            choices=given["choices"],
            address=found.address,
            contact=contact,
            phone=phone,
            with_delivery=given["with_delivery"],
            member_id=owner.id,
            by=by,
            now=now,
        )
        if not by.sees_branch(draft.branch_id):
            raise OtherBranch(field="address")
        return gettext("已记下，请选时段。"), {"number": draft.number}

    return acting.perform(
        "book",
        CallerForm(),
        effect,
        to="console.phone_windows",
        page=lambda failed: _form(number, failed),
    )


@blueprint.get("/drafts/<number>/windows")
@signed_in(*WRITERS)
def phone_windows(number: str) -> ResponseReturnValue:
    """Show the proven windows for what the caller asked for."""
    return _windows(number, NO_FAILURE)


@blueprint.post("/drafts/<number>/windows")
@signed_in(*WRITERS)
def take_window(number: str) -> ResponseReturnValue:
    """Hold the window and promise it in one step: the caller has said yes on the telephone."""

    by, now = call.actor(), call.now()

    def effect(
        db: Session, given: dict[str, Any], opening: Opening | None
    ) -> tuple[str, dict[str, str]]:
        queries.draft(db, number=number, by=by)
        day, window = given["window"]
        held = bookings.hold(
            db, draft_number=number, day=day, window=window, by=by, now=now, opening=opening
        )
        done = bookings.commit(
            db,
            number=held.number,
            by=by,
            now=now,
            takes_payments=call.settings().takes_payments,
        )
        if done.state is BookingState.AWAITING_DEPOSIT:
            said = gettext("时段已留好，等业主在微信付押金。")
        else:
            said = gettext("已约好，业主会收到微信。")
        return said, {"number": done.number}

    def with_room(given: dict[str, Any], take: Callable[[Opening | None], Told]) -> Told:
        day, window = given["window"]
        return offering.with_room(take, draft_number=number, day=day, window=window, by=by, now=now)

    return acting.perform_with_room(
        "take",
        PickForm(),
        effect,
        with_room,
        to="console.booking",
        page=lambda failed: _windows(number, failed),
    )


def _whom(db: Session, member_id: int, given: Mapping[str, Any]) -> tuple[str, Phone]:
    """Return whom the technician asks for, and his phone, which the console shows masked.

    Raises ContactNeeded, also for one whom the member has taken off meanwhile, and BadPhone.
    """
    household = {row.number: row for row in contact_queries.contacts_of(db, member_id)}
    if row := household.get(given["who"]):
        return row.name, Phone.parse(row.phone)
    if given["who"] or not given["contact"]:
        raise ContactNeeded(field="contact")
    return given["contact"], Phone.parse(given["phone"])


def _form(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        owner = members.member_by_number(db, number=number, by=call.actor())
        frame.enter(db)
        services = queries.services(db)
        wanted = failed.typed.get("service") or request.args.get("service", "")
        service = next((row for row in services if row.code == wanted), None)
        last = queries.latest_draft(db, owner.id)
        typed = dict(failed.typed) or {
            "address": last.address.removesuffix(last.door).strip() if last else "",
            "door": last.door if last else "",
            "contact": last.contact if last else owner.name,
        }
        return render_template(
            "console/phone_booking.html",
            member=owner,
            services=services,
            service=service,
            delivery=_delivery_before(db, service),
            people=_people(db, owner.id),
            typed=typed,
            failed=failed,
        )


def _people(db: Session, member_id: int) -> list[tuple[str, str, str]]:
    """Return the household as chips, the typed one first; none without a household."""
    found = [
        (row.number, f"{row.name} · {gettext(ROLE_NAMES[row.roles[0]])}", row.masked_phone)
        for row in contact_queries.contacts_of(db, member_id)
    ]
    return [("", gettext("别的人"), ""), *found] if found else []


def _delivery_before(db: Session, service: Any) -> Any:
    """Return the delivery that may come before the service in one booking; None when none may."""
    if service is None or service.delivery_code is None:
        return None
    return queries.service_by_code(db, service.delivery_code)


def _windows(number: str, failed: Failure) -> str:
    by = call.actor()
    offers = offering.offers(draft_number=number, by=by, now=call.now())
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=number, by=by)
        frame.enter(db, branch_id=draft.branch_id)
        days = days_of(offers)
        day = chosen_day(days, failed)
        services = queries.services_by_id(db)
        return render_template(
            "console/phone_windows.html",
            draft=draft,
            member=members.member(db, draft.member_id),
            service=services[draft.service_id],
            delivery=services[draft.delivery_id] if draft.delivery_id is not None else None,
            days=days,
            day=day,
            choices=rows_of([offer for offer in offers if offer.day == day]),
            kept=keeping.shown(db, draft.branch_id)["said"],
            failed=failed,
        )
