"""Handing out QR codes."""

from datetime import datetime

from sqlalchemy import select

from booking import code_queries, coupon_queries, queries
from booking.code_models import Code
from booking.code_queries import CodeMissing
from booking.codes import SCENE_HEADS, CodeKind
from dispatch import queries as dispatch
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.numbers import new_number
from kernel.words import msg
from members import staff_queries


class HasBadge(Conflict):
    """He has a badge that is in force."""

    code = "has_badge"
    says = msg("他已经有一张在用的工牌码，请先停用旧的。")


class BearerMissing(Invalid):
    """A badge needs somebody of that branch who bears it."""

    code = "bearer_missing"
    says = msg("请选这是谁的工牌。")


class StoreElsewhere(Invalid):
    """No such store in that branch."""

    code = "store_elsewhere"
    says = msg("这个网点没有这家门店，请重新选择。")


def make(
    db: Session,
    *,
    kind: CodeKind,
    name: str,
    branch_id: int,
    store_code: str = "",
    bearer: str = "",
    service_code: str = "",
    coupon: str = "",
    welcome: str = "",
    about: str = "",
    by: Actor,
    now: datetime,
) -> Code:
    """Hand out a new code. `bearer` is `technician:7` or `staff:7` and is for badges alone.

    Raises Forbidden, StoreElsewhere, BearerMissing, HasBadge, ServiceMissing,
    CouponMissing.
    """
    _check_scope(by, branch_id)
    store = queries.store_by_code(db, store_code) if store_code else None
    if store_code and (store is None or store.branch_id != branch_id):
        raise StoreElsewhere(field="store")
    technician_id = staff_id = None
    if kind is CodeKind.BADGE:
        technician_id, staff_id = _bearer(db, bearer, branch_id)
    gives = coupon_queries.kind(db, coupon).id if coupon and kind is CodeKind.COUPON else None
    service = queries.service_by_code(db, service_code) if kind is CodeKind.PRODUCT else None

    code = Code(
        scene=new_number(SCENE_HEADS[kind]).lower(),
        kind=kind,
        name=name,
        branch_id=branch_id,
        store_id=store.id if store else None,
        technician_id=technician_id,
        staff_id=staff_id,
        service_id=service.id if service else None,
        coupon_kind_id=gives,
        welcome=welcome,
        about=about,
        made_at=now,
    )
    db.add(code)
    db.flush()
    return code


def change(db: Session, *, scene: str, name: str, welcome: str, about: str, by: Actor) -> Code:
    """Change how it greets; printed ones go on to work. Raises CodeMissing, Forbidden."""
    code = _code(db, scene, by)
    code.name, code.welcome, code.about = name, welcome, about
    return code


def end(db: Session, *, scene: str, by: Actor, now: datetime) -> Code:
    """Have it promise nothing any more; saying it twice is once. Raises CodeMissing, Forbidden."""
    code = _code(db, scene, by)
    code.ended_at = code.ended_at or now
    return code


def _code(db: Session, scene: str, by: Actor) -> Code:
    code = db.scalars(select(Code).where(Code.scene == scene)).one_or_none()
    if code is None or not by.sees_branch(code.branch_id):
        raise CodeMissing
    _check_scope(by, code.branch_id)
    return code


def _check_scope(by: Actor, branch_id: int) -> None:
    if by.role is Role.STORE or not by.sees_branch(branch_id):
        raise Forbidden


def _bearer(db: Session, bearer: str, branch_id: int) -> tuple[int | None, int | None]:
    kind, _, number = bearer.partition(":")
    person = int(number) if number.isdecimal() else 0
    if kind == "technician":
        theirs = {one.id for one in dispatch.technicians(db, branch_id=branch_id)}
    else:
        theirs = {one.id for one in staff_queries.of_branch(db, branch_id)}
    if kind not in ("technician", "staff") or person not in theirs:
        raise BearerMissing(field="bearer")
    found = (person, None) if kind == "technician" else (None, person)
    if code_queries.badge_of(db, technician_id=found[0], staff_id=found[1]) is not None:
        raise HasBadge(field="bearer")
    return found
