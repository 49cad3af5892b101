"""/console/users: who may sign in here, as what, for which branches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import queries as booking
from dispatch import queries as dispatch
from faces.chrome import audited, call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.forms import AccountsQuery, NoForm
from faces.console.paging import Page
from faces.console.routes import blueprint
from faces.console.user_forms import ScopeForm, UserForm
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Missing, Refusal
from kernel.words import msg
from members import staff_queries
from members.operations import staff

ROLES = {
    Role.DISPATCHER: msg("调度员"),
    Role.MANAGER: msg("经理"),
    Role.ADMINISTRATOR: msg("管理员"),
    Role.AUDITOR: msg("审计员"),
    Role.STORE: msg("门店"),
}
FIELDS = ("login", "name", "role", "branches", "stores")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The branches and stores that are ticked."""

    branches: Collection[int] = ()
    stores: Collection[int] = ()


@blueprint.get("/users")
@signed_in(Role.ADMINISTRATOR)
def users() -> ResponseReturnValue:
    """List every account."""
    wanted = call.query(AccountsQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        found = [
            row
            for row in staff_queries.accounts(db)
            if wanted["q"] in row.name + row.login and wanted["role"] in (None, row.role)
        ]
        return render_template(
            "console/users.html",
            rows=page.part(found),
            wanted=wanted,
            page_=page,
            branches={branch.id: branch.name for branch in dispatch.branches(db)},
            roles=ROLES,
            me=call.actor().id,
        )


@blueprint.get("/users/new")
@signed_in(Role.ADMINISTRATOR)
def new_user() -> ResponseReturnValue:
    """Ask who the new account is for."""
    with transaction(reads_only=True) as db:
        typed = {"login": "", "name": "", "role": Role.DISPATCHER.value}
        return _form(db, typed=typed, chosen=Chosen(), errors={})


@blueprint.post("/users/new")
@signed_in(Role.ADMINISTRATOR)
def add_user() -> ResponseReturnValue:
    """Open an account and show its first password, once."""
    try:
        given = call.form(UserForm())
        with call.once(again=_to_list) as db:
            scope = _scope(db, given)
            audited.about(f"staff:{given['login']}")
            opened = staff.add(
                db,
                login=given["login"],
                name=given["name"],
                role=given["role"],
                **scope,
                by=call.actor(),
                now=call.now(),
            )
            return _told(db, opened.staff.id, opened.password)
    except Refusal as refusal:
        if refusal.field not in FIELDS:
            raise
        with transaction(reads_only=True) as db:
            page = _form(
                db,
                typed=filled.typed("login", "name", "role"),
                chosen=_chosen(),
                errors=filled.errors_of(refusal, *FIELDS),
            )
        return page, filled.STATUS


@blueprint.get("/users/<int:staff_id>")
@signed_in(Role.ADMINISTRATOR)
def user(staff_id: int) -> ResponseReturnValue:
    """Show one account to be changed."""
    with transaction(reads_only=True) as db:
        return _page(db, staff_id, errors={})


@blueprint.post("/users/<int:staff_id>/scope")
@signed_in(Role.ADMINISTRATOR)
def change_scope(staff_id: int) -> ResponseReturnValue:
    """Give the account another role or other branches."""
    try:
        given = call.form(ScopeForm())
        with call.once() as db:
            staff.change_scope(
                db,
                staff_id=staff_id,
                role=given["role"],
                **_scope(db, given),
                by=call.actor(),
                now=call.now(),
            )
            done = call.leads_to("console.users")
    except Refusal as refusal:
        return _refused(staff_id, refusal)
    flash(gettext("已保存，他要重新登录。"), "ok")
    return done


@blueprint.post("/users/<int:staff_id>/disable")
@signed_in(Role.ADMINISTRATOR)
def disable_user(staff_id: int) -> ResponseReturnValue:
    """Shut the account and end its sessions."""
    call.form(NoForm())
    try:
        with call.once() as db:
            staff.disable(db, staff_id=staff_id, by=call.actor(), now=call.now())
            done = call.leads_to("console.users")
    except staff.LastAdministrator as refusal:
        return _refused(staff_id, refusal)
    flash(gettext("账号已停用，他已被退出登录。"), "ok")
    return done


@blueprint.post("/users/<int:staff_id>/enable")
@signed_in(Role.ADMINISTRATOR)
def enable_user(staff_id: int) -> ResponseReturnValue:
    """Open an account that was shut."""
    call.form(NoForm())
    with call.once() as db:
        staff.enable(db, staff_id=staff_id, by=call.actor(), now=call.now())
        done = call.leads_to("console.users")
    flash(gettext("账号已启用。"), "ok")
    return done


@blueprint.post("/users/<int:staff_id>/password")
@signed_in(Role.ADMINISTRATOR)
def reset_password(staff_id: int) -> ResponseReturnValue:
    """Give the account a password that works once, and show it, once."""
    call.form(NoForm())
    try:
        with call.once(again=_to_list) as db:
            given = staff.reset_password(db, staff_id=staff_id, by=call.actor(), now=call.now())
            return _told(db, staff_id, given.password)
    except staff.NoPerson as refusal:
        return _refused(staff_id, refusal)


@blueprint.post("/users/<int:staff_id>/totp")
@signed_in(Role.ADMINISTRATOR)
def reset_totp(staff_id: int) -> ResponseReturnValue:
    """Forget the account's authenticator."""
    call.form(NoForm())
    with call.once() as db:
        staff.reset_totp(db, staff_id=staff_id, by=call.actor(), now=call.now())
        done = call.leads_to("console.users")
    flash(gettext("动态码已重置，他下次登录时重新绑定。"), "ok")
    return done


def _to_list() -> ResponseReturnValue:
    # A password is shown once and kept nowhere: the press that comes again leads to the list.
    return redirect(url_for("console.users"), 303)


def _told(db: Session, staff_id: int, password: str) -> str:
    frame.enter(db)
    account = staff_queries.account(db, staff_id)
    return render_template("console/user_password.html", account=account, password=password)


def _refused(staff_id: int, refusal: Refusal) -> ResponseReturnValue:
    with transaction(reads_only=True) as db:
        return _page(db, staff_id, errors=filled.errors_of(refusal, *FIELDS)), filled.STATUS


def _page(db: Session, staff_id: int, *, errors: Mapping[str, str]) -> str:
    frame.enter(db)
    account = staff_queries.account(db, staff_id)
    role, chosen = account.role.value, Chosen(account.branch_ids, account.store_ids or ())
    if "role" in request.form:
        role, chosen = request.form["role"], _chosen()
    return render_template(
        "console/user.html",
        account=account,
        errors=errors,
        role=role,
        me=call.actor().id,
        **_choices(db, chosen),
    )


def _form(
    db: Session, *, typed: Mapping[str, str], chosen: Chosen, errors: Mapping[str, str]
) -> str:
    frame.enter(db)
    return render_template(
        "console/user_new.html",
        typed=typed,
        errors=errors,
        role=typed["role"],
        **_choices(db, chosen),
    )


def _choices(db: Session, chosen: Chosen) -> dict[str, object]:
    return {
        "roles": [(role.value, gettext(word)) for role, word in ROLES.items()],
        "branches": [(branch.id, branch.name) for branch in dispatch.branches(db)],
        "stores": [(store.id, store.name) for store in booking.stores(db)],
        "chosen": chosen,
    }


def _chosen() -> Chosen:
    found = (
        [int(text) for text in request.form.getlist(name) if text.isdecimal()]
        for name in ("branches", "stores")
    )
    return Chosen(*found)


def _scope(db: Session, given: Mapping[str, Any]) -> dict[str, Collection[int]]:
    """Return branches and stores of an account; a store's people have those of their stores.

    Raises Missing for what does not exist.
    """
    if given["role"] is not Role.STORE:
        if not {branch.id for branch in dispatch.branches(db)}.issuperset(given["branches"]):
            raise Missing(field="branches")
        return {"branch_ids": given["branches"], "store_ids": ()}
    homes = {store.id: store.branch_id for store in booking.stores(db)}
    if not homes.keys() >= set(given["stores"]):
        raise Missing(field="stores")
    return {
        "branch_ids": {homes[store_id] for store_id in given["stores"]},
        "store_ids": given["stores"],
    }
