"""Reads of appliances."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import func, select

from booking import assets, serial_list
from booking.asset_models import ApplianceModel, Asset, AssetBooking, Serial, SerialImport
from booking.assets import Verdict
from booking.models import Booking
from booking.queries import visible_to
from booking.serial_list import COLUMNS, Fault, Preview, Row
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg

T = TypeVar("T")
# How many rows one statement speaks of.
_CHUNK = 500


class AssetMissing(Missing):
    """No such appliance, or it is not the actor's to see."""

    says = msg("没有找到这台电器。")


@dataclass(frozen=True, slots=True)
class SerialCheck:
    """What the genuine check found; it never says whose the appliance is."""

    serial: str
    verdict: Verdict
    model: ApplianceModel | None


@dataclass(frozen=True, slots=True)
class Served:
    """One entry of an appliance's history."""

    at: datetime
    booking: Booking


def check_serial(db: Session, *, serial: str, member_id: int) -> SerialCheck:
    """Look the serial number up for that member. Raises BadSerial."""
    plain = serial_list.normal(serial)
    model = model_of_serial(db, plain)
    known = asset_of_serial(db, plain)
    said = assets.verdict(
        is_listed=model is not None,
        owner_id=known.member_id if known else None,
        member_id=member_id,
    )
    return SerialCheck(plain, said, model)


def model_of_serial(db: Session, serial: str) -> ApplianceModel | None:
    """Return the model for which a list vouches; `serial` as it is kept."""
    found = select(ApplianceModel).join(Serial, Serial.model_id == ApplianceModel.id)
    return db.scalars(found.where(Serial.serial == serial)).one_or_none()


def models_by_id(db: Session, model_ids: Sequence[int]) -> dict[int, ApplianceModel]:
    """Return those models by id."""
    found = select(ApplianceModel).where(ApplianceModel.id.in_(model_ids))
    return {row.id: row for row in db.scalars(found)}


def asset_of_serial(db: Session, serial: str) -> Asset | None:
    """Return the appliance of that serial number, as it is kept; fresh from the database."""
    found = select(Asset).where(Asset.serial == serial)
    return db.scalars(found.execution_options(populate_existing=True)).one_or_none()


def asset(db: Session, *, number: str, by: Actor) -> Asset:
    """Return a member's own appliance, or for the house one it has served. Raises AssetMissing."""
    where = [Asset.number == number]
    if by.role is Role.MEMBER:
        where.append(Asset.member_id == by.id)
    elif not by.sees_branch(0):
        served = (
            select(AssetBooking.asset_id)
            .join(Booking, Booking.id == AssetBooking.booking_id)
            .where(visible_to(by))
        )
        where.append(Asset.id.in_(served))
    found = db.scalars(select(Asset).where(*where)).one_or_none()
    if found is None:
        raise AssetMissing
    return found


def assets_of(db: Session, member_id: int, *, limit: int = 50) -> Sequence[Asset]:
    """Return the member's appliances, newest first."""
    found = select(Asset).where(Asset.member_id == member_id)
    return db.scalars(found.order_by(Asset.id.desc()).limit(limit)).all()


def assets_of_booking(db: Session, booking_id: int) -> Sequence[Asset]:
    """Return the appliances that were scanned for the booking."""
    found = select(Asset).join(AssetBooking, AssetBooking.asset_id == Asset.id)
    return db.scalars(found.where(AssetBooking.booking_id == booking_id).order_by(Asset.id)).all()


def history(db: Session, asset_id: int, *, limit: int = 50) -> list[Served]:
    """Return what was done at the appliance, newest first."""
    rows = db.execute(
        select(AssetBooking.at, Booking)
        .join(Booking, Booking.id == AssetBooking.booking_id)
        .where(AssetBooking.asset_id == asset_id)
        .order_by(AssetBooking.at.desc(), AssetBooking.id.desc())
        .limit(limit)
    )
    return [Served(row[0], row[1]) for row in rows]


def maintenance_due(db: Session, *, by_day: date, limit: int) -> Sequence[Asset]:
    """Return the appliances whose maintenance is due on `by_day` or before, longest due first."""
    found = select(Asset).where(Asset.next_maintenance_on <= by_day)
    return db.scalars(found.order_by(Asset.next_maintenance_on, Asset.id).limit(limit)).all()


def imports(db: Session, *, limit: int = 50, offset: int = 0) -> tuple[Sequence[SerialImport], int]:
    """Return a page of the lists that were taken in, newest first, and how many there are."""
    total = db.scalar(select(func.count()).select_from(SerialImport)) or 0
    page = select(SerialImport).order_by(SerialImport.id.desc()).limit(limit).offset(offset)
    return db.scalars(page).all(), total


def preview(db: Session, raw: bytes) -> Preview:
    """Read a list of serial numbers and hold it against what is known already.

    Raises UnreadableList, ListTooLong, WrongColumns.
    """
    read = serial_list.read(raw)
    models = _known_models(db, {row.model for row in read.rows})
    serials = known_serials(db, [row.serial for row in read.rows])
    faults = list(read.faults)
    for row in read.rows:
        model = models.get(row.model)
        if model is not None and not _is_alike(model, row):
            faults.append(
                Fault(row.line, COLUMNS[1], msg("和已有的型号不一致：%(value)s"), row.model)
            )
        if serials.get(row.serial, row.model) != row.model:
            said = msg("这个序列号已登记为别的型号：%(value)s")
            faults.append(Fault(row.line, COLUMNS[0], said, serials[row.serial]))
    return Preview(read.rows, tuple(sorted(faults, key=lambda fault: fault.line)))


def known_serials(db: Session, serials: Sequence[str]) -> dict[str, str]:
    """Return the model's code of those serial numbers that are known."""
    known: dict[str, str] = {}
    for chunk in chunks(serials):
        rows = db.execute(
            select(Serial.serial, ApplianceModel.code)
            .join(ApplianceModel, ApplianceModel.id == Serial.model_id)
            .where(Serial.serial.in_(chunk))
        )
        known |= {row[0]: row[1] for row in rows}
    return known


def model_ids(db: Session, codes: Sequence[str]) -> dict[str, int]:
    """Return the ids of those models that are known, by their codes."""
    return {code: row.id for code, row in _known_models(db, set(codes)).items()}


def chunks(values: Sequence[T]) -> Iterator[list[T]]:
    """Yield the values in as many as one statement takes."""
    rest = iter(values)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _known_models(db: Session, codes: set[str]) -> dict[str, ApplianceModel]:
    known: dict[str, ApplianceModel] = {}
    for chunk in chunks(sorted(codes)):
        found = db.scalars(select(ApplianceModel).where(ApplianceModel.code.in_(chunk)))
        known |= {row.code: row for row in found}
    return known


def _is_alike(model: ApplianceModel, row: Row) -> bool:
    return (model.name, model.warranty_months, model.maintenance_months) == (
        row.name,
        row.warranty_months,
        row.maintenance_months,
    )
