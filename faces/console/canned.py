"""/console/canned: what the chat desks offer at one press, for all of a branch or for one store."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import queries as booking
from conversations import canned as replies
from conversations.operations import canned as operations
from faces.chrome import audited, call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.case_forms import (
    CANNED_MAX,
    CannedChangeForm,
    CannedForm,
    CannedLineForm,
    CannedMoveForm,
    CannedQuery,
)
from faces.console.routes import LEADERS, READERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Missing


@blueprint.get("/canned")
@signed_in(*READERS)
def canned() -> ResponseReturnValue:
    """List a desk's canned replies."""
    wanted = call.query(CannedQuery())
    return _page(wanted["branch"], wanted["store"], NO_FAILURE)


@blueprint.post("/canned")
@signed_in(*LEADERS)
def add_canned() -> ResponseReturnValue:
    """Add one at the end."""
    return _perform("add", CannedForm(), operations.add)


@blueprint.post("/canned/change")
@signed_in(*LEADERS)
def change_canned() -> ResponseReturnValue:
    """Change the words of one."""
    return _perform("change", CannedChangeForm(), operations.change)


@blueprint.post("/canned/move")
@signed_in(*LEADERS)
def move_canned() -> ResponseReturnValue:
    """Put one a place up or down."""
    return _perform("move", CannedMoveForm(), operations.move)


@blueprint.post("/canned/remove")
@signed_in(*LEADERS)
def remove_canned() -> ResponseReturnValue:
    """Take one out."""
    return _perform("remove", CannedLineForm(), operations.remove)


def _perform(form: str, schema: Form, change: Callable[..., None]) -> ResponseReturnValue:
    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        frame.check_branch(given["branch"])
        whose = {"branch": str(given["branch"])}
        if given["store"]:
            whose["store"] = given["store"]
        name = "store" if given["store"] else "branch"
        audited.about(f"{name}:{whose[name]}")
        fields = {key: value for key, value in given.items() if key not in ("branch", "store")}
        change(db, desk=_desk(db, given["branch"], given["store"]), **fields)
        return gettext("常用语已保存。"), whose

    return acting.perform(form, schema, effect, to="console.canned", page=_again)


def _again(failed: Failure) -> str:
    return _page(request.form.get("branch", type=int), request.form.get("store", ""), failed)


def _page(branch_id: int | None, store_code: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        lines = replies.lines(db, _desk(db, branch.id, store_code))
        stores = [
            (store.code, store.name) for store in booking.stores(db) if store.branch_id == branch.id
        ]
    return render_template(
        "console/canned.html",
        branch=branch,
        store=store_code,
        stores=stores,
        lines=lines,
        most=operations.LINES_MAX,
        length_most=CANNED_MAX,
        failed=failed,
    )


def _desk(db: Session, branch_id: int, store_code: str) -> str:
    """Return the desk of a branch, or of one of its stores. Raises Missing."""
    if not store_code:
        return replies.desk_of(branch_id)
    store = booking.store_by_code(db, store_code)
    if store is None or store.branch_id != branch_id:
        raise Missing
    return replies.desk_of(branch_id, store.id)
