"""/console/own-store: where a store's people begin: how their store stands, and what waits there."""

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as booking
from booking import store_queries
from conversations import queries as conversations
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from members import collection_queries
from members import queries as members
from members.states import CollectionState

FRESH, LATELY = timedelta(days=7), timedelta(days=30)
SHOWN = 5


@blueprint.get("/own-store")
@signed_in(Role.STORE)
def own_store() -> ResponseReturnValue:
    """Show the figures of the stores where one works, who waits for an answer, and what lies there."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        frame.enter(db)
        chats, waiting = conversations.queue(db, by=by, show="waiting", limit=SHOWN, offset=0)
        owed, _ = collection_queries.owed(
            db, by=by, within=by.store_ids, state=CollectionState.OWED, limit=SHOWN
        )
        people = [*(row.member_id for row in chats), *(row.member_id for row in owed)]
        return render_template(
            "console/own_store.html",
            stores=[store for store in booking.stores(db) if store.id in by.store_ids],
            figures=store_queries.figures(db, by=by, fresh_since=now - FRESH, since=now - LATELY),
            days=LATELY.days,
            chats=chats,
            waiting=waiting,
            said=conversations.last_words(db, {row.openid for row in chats}),
            owed=owed,
            known=members.members_by_id(db, people),
            now=now,
        )
