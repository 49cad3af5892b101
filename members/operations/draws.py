"""Lucky draws: set up, begun, smashed, stopped."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from kernel import locks
from kernel.actor import Actor
from kernel.db import Session
from kernel.numbers import new_number
from members import draw_queries, policy
from members.draw_models import Draw, DrawPrize, Play
from members.drawing import (
    WHY_MAX,
    WHY_MIN,
    DrawBegun,
    DrawMissing,
    DrawNotOpen,
    DrawState,
    Prize,
    PrizeKind,
    chained,
    check_begins,
    check_prizes,
    commitment_of,
    contents,
    evidence_of,
    new_seed,
    points_draft,
)
from members.operations import collections, following, postings


def set_up(
    db: Session,
    *,
    name: str,
    about: str,
    eggs: int,
    prizes: Sequence[Prize],
    ends_at: datetime,
    store_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Draw:
    """Write a draw down, for all members or for a store's followers; nobody sees it until it is begun.

    Raises Forbidden, BadPrizes, EndsTooSoon.
    """
    policy.check_runs(by, store_id)
    check_prizes(prizes, eggs=eggs)
    if ends_at <= now:
        raise policy.EndsTooSoon(field="ends_on")

    row = Draw(
        number=new_number("Z"),
        name=name,
        about=about,
        eggs=eggs,
        store_id=store_id,
        made_at=now,
        made_by_id=by.id,
        ends_at=ends_at,
    )
    db.add(row)
    db.flush()
    db.add_all(
        DrawPrize(
            draw_id=row.id,
            place=prize.place,
            name=prize.name,
            kind=prize.kind,
            points=prize.points,
            quantity=prize.quantity,
            coupon=prize.coupon,
        )
        for prize in prizes
    )
    db.flush()
    return row


def begin(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = (), now: datetime
) -> Draw:
    """Fix what lies in which egg and publish the commitment to it; again is as once. `within` here and
    below is the stores in the actor's scope, None for all.

    Raises Forbidden, DrawMissing, DrawBegun, DrawNotOpen, HousePrizes.
    """
    row = _locked_to_run(db, number, by=by, within=within)
    if row.state_at(now) is DrawState.RUNNING:
        return row
    if row.state_at(now) is not DrawState.DRAFT:
        raise DrawBegun
    if now >= row.ends_at:
        raise DrawNotOpen

    terms = draw_queries.terms_of(db, row)
    check_begins(terms.prizes, by=by)

    row.seed = new_seed()
    row.commitment = commitment_of(row.seed, terms)
    row.started_at = now
    return row


def discard(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = (), now: datetime
) -> Draw:
    """Give up a draw that was not begun. Raises Forbidden, DrawMissing, DrawBegun."""
    row = _locked_to_run(db, number, by=by, within=within)
    if row.started_at is not None:
        raise DrawBegun
    row.discarded_at = row.discarded_at or now
    return row


def stop(
    db: Session,
    *,
    number: str,
    why: str,
    by: Actor,
    within: Collection[int] | None = (),
    now: datetime,
) -> Draw:
    """Stop a draw before its time; members read why. Again is as once.

    Raises Forbidden, TooShort, TooLong, DrawMissing, DrawNotOpen.
    """
    policy.check_length(why, field="why", least=WHY_MIN, most=WHY_MAX)
    row = _locked_to_run(db, number, by=by, within=within)
    if row.stopped_at is not None:
        return row
    if row.state_at(now) is not DrawState.RUNNING:
        raise DrawNotOpen
    row.stopped_at, row.stopped_why = now, why.strip()
    return row


def smash(
    db: Session, *, number: str, by: Actor, within: Collection[int] | None = (), now: datetime
) -> Play:
    """Smash the next egg and give what lies in it, but for a coupon, which is booking's to give: one a
    member, again is as once.

    Raises DrawMissing, DrawNotOpen.
    """
    following.lock_member(db, by.id)
    row = _locked(db, number, by=by, within=within)
    before = draw_queries.play_of(db, draw_id=row.id, member_id=by.id)
    if before is not None:
        return before
    if row.state_at(now) is not DrawState.RUNNING:
        raise DrawNotOpen

    egg, terms = row.smashed + 1, draw_queries.terms_of(db, row)
    place = contents(row.seed, terms).get(egg, 0)
    row.head = chained(
        row.head, egg=egg, member_id=by.id, prize=place, at=now.astimezone(UTC).isoformat()
    )
    row.smashed = egg
    play = Play(draw_id=row.id, egg=egg, member_id=by.id, prize=place, at=now, hash=row.head)
    db.add(play)
    db.flush()

    for prize in terms.prizes:
        if prize.place == place:
            _give(db, prize, row, by=by, now=now)
    return play


def _give(db: Session, prize: Prize, row: Draw, *, by: Actor, now: datetime) -> None:
    """Give what lay in the egg that was smashed last; a store's thing lies at the store."""
    number, egg = row.number, row.smashed
    if prize.kind is PrizeKind.POINTS:
        draft = points_draft(number=number, egg=egg, member_id=by.id, points=prize.points)
        postings.post(db, draft, now=now)
    elif prize.kind is PrizeKind.GIFT:
        collections.owe(
            db,
            member_id=by.id,
            what=prize.name,
            cause=evidence_of(number, egg),
            store_id=row.store_id,
            now=now,
        )


def _locked_to_run(db: Session, number: str, *, by: Actor, within: Collection[int] | None) -> Draw:
    row = _locked(db, number, by=by, within=within)
    policy.check_runs(by, row.store_id)
    return row


def _locked(db: Session, number: str, *, by: Actor, within: Collection[int] | None) -> Draw:
    where = (Draw.number == number) & draw_queries.visible_to(by, within)
    row = locks.lock(db, Draw, where, rank=locks.Rank.STOCK, key=("draw", number))
    if row is None:
        raise DrawMissing
    return row
