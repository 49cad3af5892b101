"""The catalogue and the stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from booking import queries
from booking.models import Service, Store
from kernel.db import Session
from kernel.errors import Conflict, Invalid, Missing
from kernel.geo import Point
from kernel.money import Money
from kernel.words import msg


class CodeTaken(Conflict):
    """Two things cannot have one code."""

    code = "code_taken"
    says = msg("这个代码已经用过了，请换一个。")


class StoreMissing(Missing):
    """No such store."""

    says = msg("没有这家门店。")


class NoCareService(Invalid):
    """What is to be booked for the care is not in the catalogue."""

    code = "no_care_service"
    says = msg("目录里没有这个服务，请写它的代码。")


@dataclass(frozen=True, slots=True)
class Care:
    """The plan that begins after a service: every so many months (0 for none) the service of that code
    (itself when empty), and what the member is told."""

    months: int = 0
    code: str = ""
    tips: str = ""


NO_CARE = Care()


def add_service(
    db: Session,
    *,
    code: str,
    category: str,
    name: str,
    short_name: str,
    about: str,
    icon: str,
    work_s: int,
    skill: str,
    price: Money,
    level: int = 1,
    options: Sequence[Mapping[str, Any]] = (),
    brings: Sequence[Mapping[str, Any]] = (),
    checks: Sequence[str] = (),
    shots: Sequence[str] = (),
    place: int = 0,
    delivery_code: str | None = None,
    care: Care = NO_CARE,
) -> Service:
    """Put a service on sale; `options` is its price card, `brings` what its visits bring, `checks`
    and `shots` what is ticked and photographed before its work is done."""
    service = Service(
        code=code,
        category=category,
        name=name,
        short_name=short_name,
        about=about,
        icon=icon,
        work_s=work_s,
        skill=skill,
        level=level,
        price=price,
        options=[dict(option) for option in options],
        brings=[dict(line) for line in brings],
        checks=list(checks),
        shots=list(shots),
        place=place,
        delivery_code=delivery_code,
        care_months=care.months,
        care_code=care.code,
        care_tips=care.tips,
    )
    db.add(service)
    db.flush()
    return service


def add_store(
    db: Session,
    *,
    code: str,
    name: str,
    scene: str,
    branch_id: int,
    welcome: str,
    address: str = "",
    point: Point | None = None,
) -> Store:
    """Open a store whose QR code carries `scene`; `welcome` greets those who follow by it."""
    store = Store(code=code, name=name, scene=scene, branch_id=branch_id, welcome=welcome)
    _place(store, address=address, point=point)
    db.add(store)
    db.flush()
    return store


def launch(db: Session, *, code: str, **facts: Any) -> Service:
    """Put a new service on sale under a code that is free; `facts` as for add_service.

    Raises CodeTaken, NoCareService.
    """
    _check_care(db, facts.get("care", NO_CARE), code=code)
    if db.scalar(select(Service.id).where(Service.code == code)) is not None:
        raise CodeTaken(field="code")
    return add_service(db, code=code, **facts)


def change_service(
    db: Session,
    *,
    code: str,
    name: str,
    short_name: str,
    about: str,
    work_s: int,
    skill: str,
    level: int,
    price: Money,
    options: Sequence[Mapping[str, Any]],
    checks: Sequence[str],
    shots: Sequence[str],
    care: Care,
) -> Service:
    """Change what is sold from now on; what was booked keeps its price and its time.

    Raises ServiceMissing, NoCareService.
    """
    service = queries.service_by_code(db, code)
    _check_care(db, care, code=code)
    service.name, service.short_name, service.about = name, short_name, about
    service.work_s, service.skill, service.level = work_s, skill, level
    service.price, service.options = price, [dict(option) for option in options]
    service.checks, service.shots = list(checks), list(shots)
    service.care_months, service.care_code, service.care_tips = care.months, care.code, care.tips
    db.flush()
    return service


def set_on_sale(db: Session, *, code: str, on_sale: bool) -> Service:
    """Put a service on or off sale; saying it twice is once. Raises ServiceMissing."""
    service = queries.service_by_code(db, code)
    service.on_sale = on_sale
    db.flush()
    return service


def open_store(db: Session, *, code: str, scene: str, **facts: Any) -> Store:
    """Open a store under a code and a scene that are free; `facts` as for add_store. Raises CodeTaken."""
    found = select(Store.id).where(or_(Store.code == code, Store.scene == scene))
    if db.scalar(found) is not None:
        raise CodeTaken(field="code")
    return add_store(db, code=code, scene=scene, **facts)


def change_store(
    db: Session, *, code: str, name: str, welcome: str, address: str, point: Point | None
) -> Store:
    """Change a store's name, welcome and place; printed codes go on to work. Raises StoreMissing."""
    store = queries.store_by_code(db, code)
    if store is None:
        raise StoreMissing
    store.name, store.welcome = name, welcome
    _place(store, address=address, point=point)
    db.flush()
    return store


def _check_care(db: Session, care: Care, *, code: str) -> None:
    if care.code not in ("", code) and not any(
        row.code == care.code for row in queries.catalogue(db)
    ):
        raise NoCareService(field="care_code")


def _place(store: Store, *, address: str, point: Point | None) -> None:
    store.address = address
    store.lat, store.lon = (point.lat, point.lon) if point else (None, None)
