"""What visits show of a home: forgotten. When, how long and by whom stays, for the plans to come."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CompoundSelect, String, delete, select, update

from dispatch.events import VisitDeclined, VisitForced
from dispatch.models import BarredPair, Evidence, Visit, VisitPhoto, VisitStep
from dispatch.states import Proof, VisitAction
from kernel import erasing, retention
from kernel.db import Session
from kernel.erasing import Typed, acts_on
from kernel.outbox import OutboxRow

# Moves whose cause is what somebody wrote; that of the others is one of `states.Trouble`.
_A = VisitAction
_EXPLAINED = (_A.ASSIGN, _A.DECLINE, _A.ARRIVE, _A.START, _A.PAUSE)


def forget(db: Session, visit_ids: Collection[int]) -> None:
    """Forget the photos, the signature, the place's name and where its door is of those visits; photos
    that nothing speaks of any more leave the shelf by themselves."""
    roughly = {name: retention.roughly(getattr(Visit, name)) for name in ("lat", "lon")}
    db.execute(
        update(Visit).where(Visit.id.in_(visit_ids)).values({"label": "", "estate": ""} | roughly)
    )
    db.execute(update(Evidence).where(Evidence.visit_id.in_(visit_ids)).values(facts={}))
    db.execute(delete(VisitPhoto).where(VisitPhoto.visit_id.in_(visit_ids)))


def typed(visits: CompoundSelect[int]) -> tuple[Typed, ...]:
    """Return where people typed about those visits."""
    numbers = select(Visit.number).where(Visit.id.in_(visits))
    said = OutboxRow.facts["visit_number"].as_string().in_(numbers)
    explained = VisitStep.visit_id.in_(visits) & VisitStep.action.in_(_EXPLAINED)
    return (
        Typed(VisitStep.cause, explained),
        acts_on("visit", Visit.number, Visit.id.in_(visits)),
        Typed(BarredPair.reason, BarredPair.visit_id.in_(visits)),
        Typed(Evidence.facts, Evidence.visit_id.in_(visits), mark={}),
        *(erasing.told(event.__name__, said) for event in (VisitForced, VisitDeclined)),
    )


def drop_old_photos(db: Session, before: datetime, limit: int) -> int:
    """Drop the photos of the work that were taken before then."""
    old = select(VisitPhoto.id).where(VisitPhoto.taken_at < before).order_by(VisitPhoto.id)
    ids = db.scalars(old.limit(limit)).all()
    db.execute(delete(VisitPhoto).where(VisitPhoto.id.in_(ids)))
    return len(ids)


def drop_old_signatures(db: Session, before: datetime, limit: int) -> int:
    """Drop the strokes of signatures of before then; that was signed stays."""
    over = [
        Evidence.at < before,
        Evidence.kind == Proof.SIGNATURE,
        Evidence.facts.cast(String) != "{}",
    ]
    return retention.blank(db, Evidence, where=over, values={"facts": {}}, limit=limit)
