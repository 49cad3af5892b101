"""/console/stores: the stores and the QR codes that bring their followers."""

from collections.abc import Mapping

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import queries
from booking.operations import catalogue
from conversations.operations import account
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.catalogue_forms import NewStoreForm, StoreForm
from faces.console.forms import PageQuery, TextQuery
from faces.console.paging import Page
from faces.console.routes import LEADERS, READERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Missing, Refusal

FIELDS = ("code", "name", "welcome", "address", "point")


@blueprint.get("/stores")
@signed_in(*READERS)
def stores() -> ResponseReturnValue:
    """List the branch's stores."""
    wanted = call.query(TextQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows = [
            store
            for store in queries.stores(db)
            if store.branch_id == branch.id and wanted["q"] in store.name + store.code
        ]
    return render_template(
        "console/stores.html", rows=page.part(rows), branch=branch, wanted=wanted, page_=page
    )


@blueprint.get("/stores/new")
@signed_in(*LEADERS)
def new_store() -> ResponseReturnValue:
    """Ask what the new store is."""
    wanted = call.query(PageQuery())
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
    return _form(branch, "", typed=dict.fromkeys(FIELDS, ""), errors={})


@blueprint.post("/stores/new")
@signed_in(*LEADERS)
def open_store() -> ResponseReturnValue:
    """Open a store; its QR code carries a scene made of its code."""
    try:
        given = call.form(NewStoreForm())
        frame.check_branch(given["branch"])
        with call.once() as db:
            catalogue.open_store(
                db,
                code=given["code"],
                name=given["name"],
                scene=f"st_{given['code'].lower()}",
                branch_id=given["branch"],
                welcome=given["welcome"],
                address=given["address"],
                point=given["point"],
            )
            account.ask(db)
            done = call.leads_to("console.stores", branch=given["branch"])
    except Refusal as refusal:
        return _again("", request.form.get("branch", type=int), refusal)
    flash(gettext("已开「%(name)s」，可以打印二维码了。", name=given["name"]), "ok")
    return done


@blueprint.get("/stores/<code>")
@signed_in(*READERS)
def store(code: str) -> ResponseReturnValue:
    """Show one store to be changed."""
    with transaction(reads_only=True) as db:
        _check_own(db, code)
        found = queries.store_by_code(db, code)
        assert found is not None
        branch = frame.enter(db, branch_id=found.branch_id)
        typed = {
            "code": found.code,
            "name": found.name,
            "welcome": found.welcome,
            "address": found.address,
            "point": f"{found.point.lat:.6f},{found.point.lon:.6f}" if found.point else "",
        }
    return _form(branch, code, typed=typed, errors={})


@blueprint.post("/stores/<code>")
@signed_in(*LEADERS)
def change_store(code: str) -> ResponseReturnValue:
    """Change its name, welcome and place; printed codes go on to work."""
    with transaction(reads_only=True) as db:
        branch_id = _check_own(db, code)
    try:
        given = call.form(StoreForm())
        with call.once() as db:
            catalogue.change_store(db, code=code, **given)
            account.ask(db)
            done = call.leads_to("console.stores", branch=branch_id)
    except Refusal as refusal:
        return _again(code, branch_id, refusal)
    flash(gettext("已保存「%(name)s」。", name=given["name"]), "ok")
    return done


def _check_own(db: Session, code: str) -> int:
    """Return the branch of a store in scope. Raises Missing."""
    found = queries.store_by_code(db, code)
    if found is None:
        raise Missing
    frame.check_branch(found.branch_id)
    return found.branch_id


def _again(code: str, branch_id: int | None, refusal: Refusal) -> ResponseReturnValue:
    if refusal.field not in FIELDS:
        raise refusal
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
    errors = filled.errors_of(refusal, *FIELDS)
    return _form(branch, code, typed=filled.typed(*FIELDS), errors=errors), filled.STATUS


def _form(
    branch: frame.Branch, code: str, *, typed: Mapping[str, str], errors: Mapping[str, str]
) -> str:
    return render_template(
        "console/store.html", branch=branch, code=code, typed=typed, errors=errors
    )
