"""Appliances: the lists that vouch for them, the scan at the door, the warranty by one tap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from booking import asset_queries, assets, queries
from booking.asset_models import ApplianceModel, Asset, AssetBooking, Serial, SerialImport
from booking.assets import INSTALLATION, MAINTENANCE, SerialTaken, SerialUnknown, Verdict
from booking.events import AssetScanned, WarrantyBound
from booking.models import Booking
from booking.operations.steps import facts_of
from booking.serial_list import Row
from dispatch import queries as dispatch
from dispatch.states import VisitState
from kernel import outbox
from kernel.actor import Actor, Role
from kernel.clock import local_date
from kernel.db import Base, Session
from kernel.errors import Conflict, Forbidden
from kernel.numbers import new_number
from kernel.words import msg

FILE_NAME_LENGTH_MAX = 100
# At the appliance, or just done with it.
_AT_WORK = frozenset(
    {VisitState.IN_SERVICE, VisitState.PAUSED, VisitState.WORK_DONE, VisitState.DONE}
)


class NotAtWork(Conflict):
    """A serial number is scanned while the work goes on, or when it is done."""

    code = "not_at_work"
    says = msg("开始服务后才能扫序列号。")


class MembersOnly(Forbidden):
    """A warranty is bound by him whose appliance it is."""

    says = msg("质保由会员本人绑定。")


@dataclass(frozen=True, slots=True)
class Scanned:
    """The appliance that was scanned, and what the genuine check said of it."""

    asset: Asset
    verdict: Verdict


def import_serials(
    db: Session, *, raw: bytes, file_name: str, by: Actor, now: datetime
) -> SerialImport:
    """Take in a list of genuine serial numbers, whole or not at all.

    Serial numbers that are known already are left as they are. Raises UnreadableList, ListTooLong,
    WrongColumns, BadRows.
    """
    preview = asset_queries.preview(db, raw)
    preview.check()

    taken = SerialImport(
        number=new_number("L"),
        file_name=file_name[:FILE_NAME_LENGTH_MAX],
        rows=len(preview.rows),
        added=0,
        actor_role=by.role.value,
        actor_id=by.id,
        at=now,
    )
    db.add(taken)
    db.flush()
    model_ids = _put_models(db, preview.rows)
    taken.added = _put_serials(db, preview.rows, model_ids, import_id=taken.id)
    db.flush()
    return taken


def scan_serial(
    db: Session, *, visit_number: str, serial: str, by: Actor, now: datetime
) -> Scanned:
    """Write down which appliance a visit served; the first time it becomes the member's.

    Scanned again it is the same. One that no list vouches for gets its history, but no warranty.
    Raises VisitMissing, NotAtWork, BadSerial, SerialTaken.
    """
    visit = dispatch.visit_by_number(db, visit_number)
    if by.role is Role.TECHNICIAN:
        visit = dispatch.own_visit(db, number=visit_number, technician_id=by.id)
    if visit.state not in _AT_WORK:
        raise NotAtWork
    booking = queries.booking_of_visit(db, visit.id)
    check = asset_queries.check_serial(db, serial=serial, member_id=booking.member_id)

    asset = _own_asset(db, check.serial, booking.member_id, check.model, now=now)
    _note_service(db, asset, booking, check.model, now=now)
    is_new = _insert(
        db,
        AssetBooking,
        [{"asset_id": asset.id, "booking_id": booking.id, "visit_id": visit.id, "at": now}],
        keys=["asset_id", "booking_id"],
    )
    db.flush()

    if is_new:
        told = AssetScanned(
            at=now, asset_number=asset.number, verdict=check.verdict.value, **facts_of(booking)
        )
        outbox.record(db, told)
    return Scanned(asset, check.verdict)


def bind_warranty(db: Session, *, serial: str, by: Actor, now: datetime) -> Asset:
    """Make the warranty the member's; bound again it stays as it was.

    It runs from the day on which we installed the appliance, else from today. Raises BadSerial,
    SerialUnknown, SerialTaken, MembersOnly.
    """
    if by.role is not Role.MEMBER:
        raise MembersOnly
    check = asset_queries.check_serial(db, serial=serial, member_id=by.id)
    if check.verdict is Verdict.ALREADY_BOUND:
        raise SerialTaken(field="serial")
    if check.model is None:
        raise SerialUnknown(field="serial")
    asset = _own_asset(db, check.serial, by.id, check.model, now=now)
    if asset.bound_at is not None:
        return asset

    asset.bound_at = now
    asset.model_id = check.model.id
    if check.model.warranty_months:
        begins_on = asset.installed_on or local_date(now)
        asset.warranty_until = assets.months_after(begins_on, check.model.warranty_months)
    db.flush()

    outbox.record(db, WarrantyBound(at=now, asset_number=asset.number, member_id=by.id))
    return asset


def _own_asset(
    db: Session, serial: str, member_id: int, model: ApplianceModel | None, *, now: datetime
) -> Asset:
    """Return the member's appliance, made now when it is new. Raises SerialTaken."""
    # Two hands may make it at once; PostgreSQL waits here for the other's commit.
    _insert(
        db,
        Asset,
        [
            {
                "number": new_number("A"),
                "serial": serial,
                "member_id": member_id,
                "model_id": model.id if model else None,
                "made_at": now,
                "version": 1,
            }
        ],
        keys=["serial"],
    )
    asset = asset_queries.asset_of_serial(db, serial)
    assert asset is not None
    if asset.member_id != member_id:
        raise SerialTaken(field="serial")
    return asset


def _note_service(
    db: Session, asset: Asset, booking: Booking, model: ApplianceModel | None, *, now: datetime
) -> None:
    category = queries.services_by_id(db)[booking.service_id].category
    today = local_date(now)
    if category == INSTALLATION and asset.installed_on is None:
        asset.installed_on = today
    if model is not None and category in (INSTALLATION, MAINTENANCE) and model.maintenance_months:
        asset.next_maintenance_on = assets.months_after(today, model.maintenance_months)


def _put_models(db: Session, rows: Sequence[Row]) -> dict[str, int]:
    """Make the models that are new; return every model's id by its code."""
    firsts = {row.model: row for row in reversed(rows)}
    values = [
        {
            "code": row.model,
            "name": row.name,
            "warranty_months": row.warranty_months,
            "maintenance_months": row.maintenance_months,
        }
        for row in firsts.values()
    ]
    _insert(db, ApplianceModel, values, keys=["code"])
    return asset_queries.model_ids(db, sorted(firsts))


def _put_serials(
    db: Session, rows: Sequence[Row], model_ids: dict[str, int], *, import_id: int
) -> int:
    values = [
        {"serial": row.serial, "model_id": model_ids[row.model], "import_id": import_id}
        for row in rows
    ]
    return _insert(db, Serial, values, keys=["serial"])


def _insert(
    db: Session, model: type[Base], values: Sequence[dict[str, Any]], *, keys: list[str]
) -> int:
    """Insert the rows whose keys are new; return how many those were."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = 0
    for chunk in asset_queries.chunks(values):
        statement = insert(model).values(chunk).on_conflict_do_nothing(index_elements=keys)
        added += len(db.execute(statement.returning(*model.__table__.primary_key)).all())
    return added
