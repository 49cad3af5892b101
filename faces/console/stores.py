"""/console/stores: the stores and the QR codes that bring their followers."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries
from faces.chrome import call
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.console import frame, qr
from faces.console.forms import NoForm, PageQuery
from faces.console.routes import READERS, WRITERS, blueprint
from gateways.wechat.errors import WeChatError
from kernel.db import transaction
from kernel.errors import Missing


@blueprint.get("/stores")
@signed_in(*READERS)
def stores() -> ResponseReturnValue:
    """List the branch's stores."""
    wanted = call.query(PageQuery())
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows = [store for store in queries.stores(db) if store.branch_id == branch.id]
    return render_template("console/stores.html", rows=rows, branch=branch)


@blueprint.post("/stores/<code>/qr")
@signed_in(*WRITERS)
@repeatable("WeChat answers the same code for the same scene")
def store_qr(code: str) -> ResponseReturnValue:
    """Show the store's permanent QR code; WeChat answers the same code for the same scene."""
    call.form(NoForm())
    with transaction(reads_only=True) as db:
        store = next((s for s in queries.stores(db) if s.code == code), None)
    if store is None:
        raise Missing
    frame.check_branch(store.branch_id)
    try:
        made = qr.wechat().create_qr(scene=store.scene, seconds=None)
    except WeChatError:
        return render_template("console/store_dialog.html", store=store, picture="")
    return render_template("console/store_dialog.html", store=store, picture=qr.picture(made.url))
