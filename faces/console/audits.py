"""/console/audit: who did what at the console, filtered."""

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import audit_words, frame
from faces.console.paging import Page
from faces.console.routes import blueprint
from faces.console.user_forms import AuditQuery
from faces.console.users import ROLES
from kernel import audit as log
from kernel.actor import Role
from kernel.clock import midnight
from kernel.db import transaction
from members import staff_queries

READERS = (Role.ADMINISTRATOR, Role.AUDITOR)


@blueprint.get("/audit")
@signed_in(*READERS)
def audit() -> ResponseReturnValue:
    """List what was done, newest first."""
    wanted = call.query(AuditQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        until = wanted["until"]
        rows, page.total = log.entries(
            db,
            staff_ids=_whose(wanted["staff"], staff_queries.within_scope(db, call.actor())),
            action=wanted["action"],
            about=wanted["about"],
            since=midnight(wanted["since"]) if wanted["since"] else None,
            until=midnight(until + timedelta(days=1)) if until else None,
            limit=page.size,
            offset=page.offset,
        )
        told_of = {row.about.removeprefix("staff:") for row in rows}
        names = staff_queries.names(
            db, {row.actor_id for row in rows} | {int(each) for each in told_of if each.isdecimal()}
        )
        people = [(row.id, f"{row.name} {row.login}") for row in staff_queries.accounts(db)]
    return render_template(
        "console/audit.html",
        rows=rows,
        names=names,
        people=people,
        roles={role.value: word for role, word in ROLES.items()},
        words=audit_words,
        actions=[
            ("console.", gettext("控制台上的")),
            ("staff.", gettext("账号的")),
            *((key, gettext(word)) for key, word in audit_words.ACTIONS.items()),
        ],
        wanted=wanted,
        is_filtered=any(wanted[name] for name in ("staff", "action", "about", "since", "until")),
        page_=page,
    )


def _whose(staff_id: int | None, seen: frozenset[int] | None) -> frozenset[int] | None:
    """Return whose acts are shown: of one, as far as they may be seen; None for all."""
    if staff_id is None:
        return seen
    return frozenset({staff_id}) if seen is None else seen & {staff_id}
