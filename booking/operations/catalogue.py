"""The catalogue and the stores."""

from collections.abc import Mapping, Sequence
from typing import Any

from booking.models import Service, Store
from kernel.db import Session
from kernel.money import Money


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
    place: int = 0,
    delivery_code: str | None = None,
) -> Service:
    """Put a service on sale; `options` is its price card, `brings` what its visits bring."""
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
        place=place,
        delivery_code=delivery_code,
    )
    db.add(service)
    db.flush()
    return service


def add_store(
    db: Session, *, code: str, name: str, scene: str, branch_id: int, welcome: str
) -> Store:
    """Open a store whose QR code carries `scene`; `welcome` greets those who follow by it."""
    store = Store(code=code, name=name, scene=scene, branch_id=branch_id, welcome=welcome)
    db.add(store)
    db.flush()
    return store
