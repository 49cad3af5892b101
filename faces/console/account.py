"""/console/account: one's own account: password, authenticator, other devices."""

from flask import flash, g, render_template
from flask.typing import ResponseReturnValue

from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import proved_lately, signed_in
from faces.console.forms import NoForm, PasswordForm
from faces.console.routes import STAFF, blueprint
from kernel.db import transaction
from kernel.errors import Refusal
from members import queries
from members.operations import entering, sign_ins, staff


@blueprint.get("/account")
@signed_in(*STAFF)
def account() -> ResponseReturnValue:
    """Show who one is here."""
    return _page()


@blueprint.post("/account/password")
@signed_in(*STAFF)
@proved_lately
def change_password() -> ResponseReturnValue:
    """Set another password; one's other devices are signed out."""
    try:
        given = call.form(PasswordForm())
        with call.once() as db:
            me = sign_ins.locked_staff(db, call.actor().id)
            entering.set_password(me, given["new_password"])
            sign_ins.end_staff_sessions(db, staff_id=me.id, but=g.sign_in_token)
            done = call.leads_to("console.account")
    except Refusal as refusal:
        errors = {refusal.field or "new_password": sentence_of(refusal)}
        return _page(errors=errors), status_of(refusal)
    flash(gettext("密码已更换，其他设备已退出。"), "ok")
    return done


@blueprint.post("/account/authenticator")
@signed_in(*STAFF)
@proved_lately
def change_authenticator() -> ResponseReturnValue:
    """Forget the authenticator; the way in leads to setting up another."""
    call.form(NoForm())
    with call.once() as db:
        staff.reset_totp(db, staff_id=call.actor().id, by=call.actor(), now=call.now())
        return call.leads_to("console_sign_in.page")


@blueprint.post("/account/devices")
@signed_in(*STAFF)
def leave_devices() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    call.form(NoForm())
    with call.once() as db:
        sign_ins.end_staff_sessions(db, staff_id=call.actor().id, but=g.sign_in_token)
        done = call.leads_to("console.account")
    flash(gettext("其他设备已退出。"), "ok")
    return done


def _page(*, errors: dict[str, str] | None = None) -> str:
    with transaction(reads_only=True) as db:
        me = queries.staff(db, call.actor().id)
        names = [b.name for b in dispatch.branches(db) if call.actor().sees_branch(b.id)]
    assert me is not None, "behind signed_in"
    return render_template(
        "console/account.html",
        me=me,
        branches=names,
        needs_code=me.role in entering.NEEDS_TOTP,
        errors=errors or {},
    )
