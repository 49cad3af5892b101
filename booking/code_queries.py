"""Reads of QR codes: what a scene stands for, and how far people came by it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    func,
    select,
    true,
)

from booking.code_models import Code
from booking.codes import Bought, By, Came, CodeKind, Met, Source, funnel
from booking.models import Booking, Service, Store
from booking.payment_models import Payment
from booking.states import NOT_BOOKED, SERVED, PaymentState
from dispatch import queries as dispatch
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Missing
from kernel.money import Money
from kernel.words import msg
from members import queries as members
from members import staff_queries
from members.ledger import staff_owner, technician_owner

# Whose steps a page reckons at most: those whom its codes brought last.
PEOPLE_MAX = 20_000
_AT_ONCE = 500
# A window that is only kept, or was given back, is no booking yet.


class CodeMissing(Missing):
    """There is no such code in the actor's scope."""

    says = msg("没有找到这个二维码。")


def source(db: Session, scene: str) -> Source | None:
    """Return what a scene stands for; None for one that nobody here knows."""
    return sources_by_scene(db, {scene}).get(scene)


def sources_by_scene(db: Session, scenes: Collection[str]) -> dict[str, Source]:
    """Return what scenes stand for, those that somebody here knows."""
    asked = {scene for scene in scenes if scene}
    if not asked:
        return {}
    stores = db.scalars(_STORES, {"scenes": sorted(asked)})
    found = {store.scene: _of_store(store) for store in stores}
    others = sorted(asked - found.keys())
    codes = _of_codes(db, _CODES_OF, scenes=others) if others else ()
    return found | {one.scene: one for one in codes}


_SCENES: BindParameter[str] = bindparam("scenes", expanding=True)
_STORES = select(Store).where(Store.scene.in_(_SCENES))
_CODES = (
    select(Code, Store, Service)
    .outerjoin(Store, Store.id == Code.store_id)
    .outerjoin(Service, Service.id == Code.service_id)
    .order_by(Code.ended_at.is_not(None), Code.id.desc())
)
_CODES_OF = _CODES.where(Code.scene.in_(_SCENES))


def met_last(db: Session, *, first_scene: str, last_scene: str) -> Source | None:
    """Return the code that speaks to somebody: the one he met last, else his first."""
    return source(db, last_scene) or source(db, first_scene)


def sources(db: Session, *, branch_id: int, by: Actor) -> list[Source]:
    """Return the codes of a branch in the actor's scope: the stores' own, then the newest first."""
    theirs: ColumnElement[bool] = true()
    ours: ColumnElement[bool] = true()
    if by.role is Role.STORE:
        theirs, ours = Store.id.in_(by.store_ids), Code.store_id.in_(by.store_ids)
    stores = db.scalars(
        select(Store).where(Store.branch_id == branch_id, theirs).order_by(Store.id)
    )
    return [
        *map(_of_store, stores),
        *_of_codes(db, _CODES.where(Code.branch_id == branch_id, ours)),
    ]


def scenes_of(store_ids: Collection[int] | None = None) -> CompoundSelect[str]:
    """Return the query for the scenes of these stores, or of every store: their own, and those of
    their codes."""
    stores, ours = select(Store.scene), select(Code.scene).where(Code.store_id.is_not(None))
    if store_ids is not None:
        stores = stores.where(Store.id.in_(store_ids))
        ours = ours.where(Code.store_id.in_(store_ids))
    return stores.union(ours)


def scenes_of_store(db: Session, store_id: int | None) -> Sequence[str] | None:
    """Return the scenes that bring the store's followers; None for no store, to which all follow."""
    return None if store_id is None else db.scalars(scenes_of([store_id])).all()


def scenes_seen_by(db: Session, by: Actor) -> Sequence[str]:
    """Return the scenes that brought the followers of a store's people, none for anybody else."""
    return db.scalars(scenes_of(by.store_ids)).all() if by.role is Role.STORE else ()


def every(db: Session) -> list[Source]:
    """Return every code there is."""
    return [*map(_of_store, db.scalars(select(Store))), *_of_codes(db, _CODES)]


def names(db: Session) -> dict[str, str]:
    """Return the names of all codes by scene, a badge's with who bears it."""
    return {
        source.scene: f"{source.name} · {source.bearer}" if source.bearer else source.name
        for source in every(db)
    }


def source_in_scope(db: Session, *, scene: str, by: Actor) -> Source:
    """Return a code that the actor may see. Raises CodeMissing."""
    found = source(db, scene)
    if found is None or not by.sees_branch(found.branch_id):
        raise CodeMissing
    if by.role is Role.STORE and found.store_id not in by.store_ids:
        raise CodeMissing
    return found


def coupon_kind_of(db: Session, scene: str) -> int | None:
    """Return the kind of coupon that a code in force gives, None for one that gives none."""
    found = select(Code.coupon_kind_id).where(Code.scene == scene, Code.ended_at.is_(None))
    return db.scalar(found)


def badge_of(
    db: Session, *, technician_id: int | None = None, staff_id: int | None = None
) -> Code | None:
    """Return the badge in force of a technician or of somebody of the console."""
    whose = Code.technician_id == technician_id if technician_id else Code.staff_id == staff_id
    found = select(Code).where(Code.kind == CodeKind.BADGE, whose, Code.ended_at.is_(None))
    return db.scalars(found).first()


def bearer_account(db: Session, scene: str) -> str:
    """Return the ledger's name of whoever bears that badge, "" where it is none."""
    code = db.scalars(select(Code).where(Code.scene == scene)).one_or_none()
    if code is None or code.kind is not CodeKind.BADGE:
        return ""
    if code.technician_id is not None:
        return technician_owner(code.technician_id)
    return staff_owner(code.staff_id) if code.staff_id is not None else ""


def came(db: Session, scenes: Collection[str], *, since: datetime, by: By) -> dict[str, Came]:
    """Return how far those came whom the codes brought, by scene; PEOPLE_MAX people at most."""
    people = members.met_by(db, scenes, limit=PEOPLE_MAX)
    met = [
        Met(touch.member_id, touch.scene, touch.at, touch.followed)
        for part in _parts(people)
        for touch in members.touches_of(db, part)
    ]
    bought = [one for part in _parts(people) for one in _bought(db, part, since)]
    return funnel(met, bought, since=since, by=by)


def _bought(db: Session, member_ids: Sequence[int], since: datetime) -> list[Bought]:
    paid = (
        select(Payment.booking_id, func.sum(Payment.amount).label("paid"))
        .where(Payment.state == PaymentState.PAID)
        .group_by(Payment.booking_id)
        .subquery()
    )
    rows = db.execute(
        select(Booking.member_id, Booking.made_at, paid.c.paid, Booking.state)
        .outerjoin(paid, paid.c.booking_id == Booking.id)
        .where(Booking.member_id.in_(member_ids), Booking.made_at >= since)
        .where(Booking.state.not_in(NOT_BOOKED))
    )
    return [
        Bought(member_id, at, _money(sum_), is_served=state in SERVED)
        for member_id, at, sum_, state in rows
    ]


def _money(sum_: Money | int | None) -> Money:
    return sum_ if isinstance(sum_, Money) else Money(int(sum_ or 0))


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def _of_store(store: Store) -> Source:
    return Source(
        scene=store.scene,
        kind=CodeKind.STORE,
        name=store.name,
        branch_id=store.branch_id,
        store_id=store.id,
        store=store.name,
        welcome=store.welcome,
    )


def _of_codes(db: Session, codes: Select[Code, Store, Service], **values: object) -> list[Source]:
    rows = db.execute(codes, values).all()
    if not rows:
        return []
    technicians = dispatch.technicians_by_id(
        db, {code.technician_id for code, _, _ in rows if code.technician_id}
    )
    staff = staff_queries.names(db, {code.staff_id for code, _, _ in rows if code.staff_id})
    found = []
    for code, store, service in rows:
        person = technicians.get(code.technician_id or 0)
        bearer = person.name if person else staff.get(code.staff_id or 0, "")
        found.append(
            Source(
                scene=code.scene,
                kind=code.kind,
                name=code.name,
                branch_id=code.branch_id,
                store_id=code.store_id,
                store=store.name if code.store_id else "",
                welcome=code.welcome,
                about=code.about,
                service_code=service.code if code.service_id and service.on_sale else "",
                service=service.name if code.service_id else "",
                bearer=bearer,
                work_number=person.work_number if person else "",
                is_over=code.ended_at is not None
                or bool(person and person.disabled_at is not None),
            )
        )
    return found
