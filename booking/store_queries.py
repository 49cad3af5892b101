"""How a store stands: its followers, how far its codes brought people, and what waits there."""

from dataclasses import dataclass
from datetime import datetime

from booking import code_queries
from booking.codes import By, Came, together
from kernel.actor import Actor
from kernel.db import Session
from members import collection_queries, redemption_queries
from members import queries as members
from members.states import CollectionState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """The stores of one of their people together: who follows and how many of them are `fresh`; how far
    all codes brought people, the points taken at the counter, and what lies there to be handed out."""

    followers: int
    fresh: int
    came: Came
    points: int
    to_hand_over: int


def figures(db: Session, *, by: Actor, fresh_since: datetime, since: datetime) -> StoreFigures:
    """Return the figures of the actor's stores: followers since `fresh_since` count as new, the rest is
    of what happened since `since`."""
    scenes = code_queries.scenes_seen_by(db, by)
    followers, fresh = members.follower_counts(db, by=by, scenes=scenes, since=fresh_since)
    _, to_hand_over = collection_queries.owed(
        db, by=by, within=by.store_ids, state=CollectionState.OWED, limit=0
    )
    return StoreFigures(
        followers=followers,
        fresh=fresh,
        came=together(code_queries.came(db, scenes, since=since, by=By.LAST).values()),
        points=redemption_queries.points_taken(db, by=by, since=since),
        to_hand_over=to_hand_over,
    )
