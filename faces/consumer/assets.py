"""我家的电器: what stands in the member's home, its warranty and its history."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields

from booking import asset_queries, queries
from booking.assets import Verdict
from booking.operations import assets
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer import care, forms
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.clock import local_date
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid
from kernel.words import msg

SOON_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One appliance in words; `care_in` are the days to its maintenance, None when that is far."""

    number: str
    serial: str
    name: str
    is_genuine: bool
    installed_on: date | None
    bound_at: datetime | None
    warranty_until: date | None
    care_on: date | None
    care_in: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One entry of its history."""

    at: datetime
    number: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the genuine check said of a serial number that he typed in."""

    serial: str
    verdict: str
    name: str
    is_bound: bool


class SerialForm(Form):
    """A serial number."""

    serial = fields.String(
        required=True, error_messages={"required": msg("请填机身铭牌上的序列号。")}
    )


@blueprint.get("/assets")
@signed_in(Role.MEMBER)
def assets_page() -> ResponseReturnValue:
    """List the member's appliances; ?serial= checks one."""
    typed = request.args.get("serial", "").strip()
    try:
        checked = _checked(typed) if typed else None
    except Invalid as refusal:
        return _page(typed=typed, error=sentence_of(refusal)), 422
    return _page(typed=typed, checked=checked)


@blueprint.get("/assets/<number>")
@signed_in(Role.MEMBER)
def asset_page(number: str) -> ResponseReturnValue:
    """Show one appliance with its history."""
    with transaction(reads_only=True) as db:
        row = asset_queries.asset(db, number=number, by=call.actor())
        shown = next((a for a in mine(db) if a.number == row.number), None)
        if shown is None:
            raise asset_queries.AssetMissing
        services = queries.services_by_id(db)
        history = [
            Served(
                at=each.at,
                number=each.booking.number,
                service=services[each.booking.service_id].name,
            )
            for each in asset_queries.history(db, row.id)
        ]
        plans = care.mine(db, asset_id=row.id)
    return render_template("consumer/asset.html", asset=shown, history=history, plans=plans)


@blueprint.post("/assets")
@signed_in(Role.MEMBER)
def bind() -> ResponseReturnValue:
    """Make the warranty his, by one tap."""
    values, errors = forms.read(SerialForm())
    if errors:
        return _page(typed="", error=next(iter(errors.values()))), 422
    try:
        with call.once() as db:
            found = assets.bind_warranty(
                db, serial=values["serial"], by=call.actor(), now=call.now()
            )
            return call.leads_to("consumer.asset_page", number=found.number)
    except (Invalid, Conflict) as refusal:
        return _page(typed=values["serial"], error=sentence_of(refusal)), status_of(refusal)


def mine(db: Session) -> list[Asset]:
    """Return the member's appliances, newest first."""
    found = asset_queries.assets_of(db, call.actor().id)
    models = asset_queries.models_by_id(db, [row.model_id for row in found if row.model_id])
    today = local_date(call.now())
    shown = []
    for row in found:
        care_on = row.next_maintenance_on
        days = (care_on - today).days if care_on else None
        shown.append(
            Asset(
                number=row.number,
                serial=row.serial,
                name=models[row.model_id].name if row.model_id else "",
                is_genuine=row.model_id is not None,
                installed_on=row.installed_on,
                bound_at=row.bound_at,
                warranty_until=row.warranty_until,
                care_on=care_on,
                care_in=days if days is not None and days <= SOON_DAYS else None,
            )
        )
    return shown


def _checked(typed: str) -> Checked:
    with transaction(reads_only=True) as db:
        found = asset_queries.check_serial(db, serial=typed, member_id=call.actor().id)
        known = asset_queries.asset_of_serial(db, found.serial)
    is_mine = found.verdict is not Verdict.ALREADY_BOUND
    return Checked(
        serial=found.serial,
        verdict=found.verdict.value,
        name=found.model.name if found.model and is_mine else "",
        is_bound=is_mine and known is not None and known.bound_at is not None,
    )


def _page(*, typed: str, error: str = "", checked: Checked | None = None) -> str:
    with transaction(reads_only=True) as db:
        return render_template(
            "consumer/assets.html",
            assets=mine(db),
            plans=care.mine(db),
            typed=typed,
            error=error,
            checked=checked,
        )
