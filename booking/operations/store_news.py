"""News of a store to its own followers: members keeps campaigns, whose a follower is is known here."""

from datetime import datetime

from booking import code_queries
from kernel.actor import Actor
from kernel.db import Session
from members.operations import campaigns
from members.tag_models import Campaign


def send(
    db: Session,
    *,
    name: str,
    segment_id: int,
    about: str,
    tip: str,
    path: str,
    store_id: int,
    by: Actor,
    now: datetime,
) -> Campaign:
    """Write news down and begin to tell it to the store's followers in that segment.

    Raises Forbidden, TagMissing, TooShort, TooLong.
    """
    row = campaigns.set_up(
        db,
        name=name,
        segment_id=segment_id,
        about=about,
        tip=tip,
        path=path,
        hold_out=0,
        store_id=store_id,
        by=by,
        now=now,
    )
    scenes = db.scalars(code_queries.scenes_of([store_id])).all()
    return campaigns.begin(db, number=row.number, scenes=scenes, by=by, now=now)
