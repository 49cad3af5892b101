"""A campaign begun: members keeps campaigns, whose a follower is is known here."""

from datetime import datetime

from booking import code_queries, queries
from kernel.actor import Actor
from kernel.db import Session
from members import tag_queries
from members.operations import campaigns
from members.tag_models import Campaign


def begin(db: Session, *, number: str, by: Actor, now: datetime) -> Campaign:
    """Choose whom it goes to, of its store's followers alone where it has one; again is as once.

    Raises Forbidden, TagMissing, CampaignBegun.
    """
    within = queries.stores_within(db, by)
    row = tag_queries.campaign(db, number=number, by=by, within=within)
    scenes = code_queries.scenes_of_store(db, row.store_id)
    return campaigns.begin(db, number=number, scenes=scenes, by=by, within=within, now=now)
