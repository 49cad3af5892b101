"""Reads of draws, and their proof."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select

from kernel.actor import Actor, Role
from kernel.db import Session
from members import collection_queries, ledger_queries, merge_queries
from members.draw_models import Draw, DrawPrize, Play
from members.drawing import (
    NO_HEAD,
    DrawMissing,
    DrawState,
    Prize,
    PrizeKind,
    Terms,
    chained,
    commitment_of,
    contents,
    evidence_of,
)
from members.scope import of_stores

RUNNING_MAX = 3


@dataclass(frozen=True, slots=True)
class Stock:
    """A kind of prize, and how many of it are still in eggs."""

    prize: Prize
    left: int


@dataclass(frozen=True, slots=True)
class DrawProof:
    """What came of deriving a draw anew; `wrong` names the first thing that does not follow."""

    plays: int
    wrong: str = ""


def draw(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = (), now: datetime
) -> Draw:
    """Return a draw that the actor may see: a member sees what has begun. Raises DrawMissing."""
    found = select(Draw).where(Draw.number == number, visible_to(by, within))
    row = db.scalars(found).one_or_none()
    hidden = (DrawState.DRAFT, DrawState.DISCARDED)
    if row is None or (by.role is Role.MEMBER and row.state_at(now) in hidden):
        raise DrawMissing
    return row


def visible_to(by: Actor, within: Collection[int] | None) -> ColumnElement[bool]:
    """Return the condition for the draws in the actor's scope: the house's, those of the stores `within`,
    and for a member where he has played."""
    found = of_stores(Draw.store_id, by=by, within=within)
    if by.role is not Role.MEMBER:
        return found
    his = Play.member_id.in_(merge_queries.ids_of(by.id))
    return found | Draw.id.in_(select(Play.draw_id).where(his))


def draws(
    db: Session, *, by: Actor, within: Collection[int] | None, limit: int, offset: int = 0
) -> tuple[Sequence[Draw], int]:
    """Return a page of the draws in the actor's scope, the newest first, and how many there are in all."""
    where = visible_to(by, within)
    total = db.scalar(select(func.count()).select_from(Draw).where(where)) or 0
    found = select(Draw).where(where).order_by(Draw.id.desc())
    return db.scalars(found.limit(limit).offset(offset)).all(), total


def running(
    db: Session, *, by: Actor, within: Collection[int] | None, now: datetime
) -> Sequence[Draw]:
    """Return the draws in the actor's scope that are running, which began last in front, RUNNING_MAX at
    most."""
    found = (
        select(Draw)
        .where(visible_to(by, within))
        .where(Draw.started_at.is_not(None), Draw.stopped_at.is_(None), Draw.ends_at > now)
        .where(Draw.smashed < Draw.eggs)
        .order_by(Draw.started_at.desc())
    )
    return db.scalars(found.limit(RUNNING_MAX)).all()


def terms_of(db: Session, row: Draw) -> Terms:
    """Return the draw's terms as its commitment covers them."""
    return Terms(row.number, row.eggs, tuple(s.prize for s in stock_of(db, [row])[row.id]))


def stock_of(db: Session, rows: Sequence[Draw]) -> Mapping[int, list[Stock]]:
    """Return the prizes of each draw in their order, and how many of each are left, by the draw's id."""
    won = (
        select(func.count())
        .where(Play.draw_id == DrawPrize.draw_id, Play.prize == DrawPrize.place)
        .scalar_subquery()
    )
    found: dict[int, list[Stock]] = {row.id: [] for row in rows}
    prizes = select(DrawPrize, won).where(DrawPrize.draw_id.in_(found)).order_by(DrawPrize.place)
    for p, count in db.execute(prizes):
        prize = Prize(p.place, p.name, p.kind, p.points, p.quantity, p.coupon)
        found[p.draw_id].append(Stock(prize, p.quantity - count))
    return found


def play_of(db: Session, *, draw_id: int, member_id: int) -> Play | None:
    """Return the person's one play, by whichever of his names; the first, if by two."""
    his = Play.member_id.in_(merge_queries.ids_of(member_id))
    found = select(Play).where(Play.draw_id == draw_id, his)
    return db.scalars(found.order_by(Play.egg)).first()


def log_of(
    db: Session, *, draw_id: int, limit: int, offset: int = 0, won_only: bool = False
) -> Sequence[Play]:
    """Return a page of the log, the newest line first."""
    found = select(Play).where(Play.draw_id == draw_id)
    if won_only:
        found = found.where(Play.prize > 0)
    return db.scalars(found.order_by(Play.egg.desc()).limit(limit).offset(offset)).all()


def prove(db: Session, row: Draw) -> DrawProof:
    """Derive the commitment, every result, the log's chain and the points that were posted anew."""
    terms = terms_of(db, row)
    plays = db.scalars(select(Play).where(Play.draw_id == row.id).order_by(Play.egg)).all()
    if row.commitment and commitment_of(row.seed, terms) != row.commitment:
        return DrawProof(len(plays), "the commitment does not follow from the seed and the terms")
    if len(plays) != row.smashed:
        return DrawProof(len(plays), f"{row.smashed} eggs are counted as smashed")
    bears, by_place = contents(row.seed, terms), {p.place: p for p in terms.prizes}
    head = NO_HEAD
    for expected, play in enumerate(plays, start=1):
        head = chained(
            head,
            egg=play.egg,
            member_id=play.member_id,
            prize=play.prize,
            at=play.at.astimezone(UTC).isoformat(),
        )
        if play.egg != expected or play.hash != head:
            return DrawProof(len(plays), f"the log is broken at egg {play.egg}")
        if play.prize != bears.get(play.egg, 0):
            return DrawProof(len(plays), f"egg {play.egg} bore another prize")
        prize = by_place.get(play.prize)
        if prize and not _given(db, prize, evidence_of(row.number, play.egg)):
            return DrawProof(len(plays), f"what lay in egg {play.egg} was not given")
    if head != row.head:
        return DrawProof(len(plays), "the log was cut off at its end")
    return DrawProof(len(plays))


def prize_of(db: Session, play: Play) -> Prize | None:
    """Return what a play won."""
    row = db.get_one(Draw, play.draw_id)
    prizes = (s.prize for s in stock_of(db, [row])[row.id])
    return next((prize for prize in prizes if prize.place == play.prize), None)


def eggs_of(db: Session, row: Draw, *, kind: PrizeKind) -> Sequence[int]:
    """Return the smashed eggs that bore a prize of that kind, in their order."""
    found = (
        select(Play.egg)
        .join(DrawPrize, (DrawPrize.draw_id == Play.draw_id) & (DrawPrize.place == Play.prize))
        .where(Play.draw_id == row.id, DrawPrize.kind == kind)
    )
    return db.scalars(found.order_by(Play.egg)).all()


def _given(db: Session, prize: Prize, cause: str) -> bool:
    """Tell whether points were posted and a thing is owed; coupons are not ours to see."""
    if prize.kind is PrizeKind.POINTS:
        return ledger_queries.posting_of(db, cause) is not None
    if prize.kind is PrizeKind.GIFT:
        return collection_queries.by_cause(db, cause=cause) is not None
    return True
