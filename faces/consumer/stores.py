"""/c/stores: where the stores are, the member's own first."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from members import queries as members


@blueprint.get("/stores")
@signed_in(Role.MEMBER)
def stores() -> ResponseReturnValue:
    """List the stores whose address is known, each with the way there."""
    with transaction(reads_only=True) as db:
        member = members.member(db, call.actor().id)
        own = queries.own_store(db, first_scene=member.first_scene, last_scene=member.last_scene)
        known = [store for store in queries.stores(db) if store.address]
    own_id = own.id if own else None
    return render_template(
        "consumer/stores.html",
        stores=sorted(known, key=lambda store: store.id != own_id),
        own_id=own_id,
    )
