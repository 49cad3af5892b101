"""What visits show of a home: forgotten. When, how long and by whom stays, for the plans to come."""

from collections.abc import Collection

from sqlalchemy import delete, update

from dispatch.models import Evidence, Visit, VisitPhoto
from kernel.db import Session


def forget(db: Session, visit_ids: Collection[int]) -> None:
    """Forget the photos, the signature and the place's name of those visits; photos that nothing
    speaks of any more leave the shelf by themselves."""
    db.execute(update(Visit).where(Visit.id.in_(visit_ids)).values(label="", estate=""))
    db.execute(update(Evidence).where(Evidence.visit_id.in_(visit_ids)).values(facts={}))
    db.execute(delete(VisitPhoto).where(VisitPhoto.visit_id.in_(visit_ids)))
