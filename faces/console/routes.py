"""The blueprint of the console's pages: who may read and write, and what every page's frame shows."""

from flask import Blueprint, Response, g, request

from faces.chrome import audited, call
from faces.console import frame
from kernel import audit
from kernel.actor import Role
from kernel.db import transaction

# An auditor sees what a manager sees and changes nothing.
READERS = (Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR)
# A store has no pages of the branch's work, but an account like everybody.
STAFF = (*READERS, Role.STORE)
WRITERS = (Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR)
# Who decides what is sold and who works here.
LEADERS = (Role.MANAGER, Role.ADMINISTRATOR)
# Who runs draws, surveys and campaigns: a store's people for its own followers.
GROWERS = (*LEADERS, Role.STORE)

blueprint = Blueprint("console", __name__, url_prefix="/console")


@blueprint.context_processor
def _shared() -> dict[str, object]:
    actor = g.get("actor")
    role = actor.role if actor is not None else None
    return {
        "shell": frame.shell(),
        "may_write": role in WRITERS,
        "may_lead": role in LEADERS,
        "may_grow": role in GROWERS,
        "may_watch": role in (*LEADERS, Role.AUDITOR),
    }


# Pages that show who somebody is, where he lives or what he said: that one was opened is written down.
PERSONAL = frozenset(
    f"console.{name}"
    for name in (
        "appeal",
        "booking",
        "care_plan",
        "chat",
        "compare_members",
        "complaint",
        "member",
        "phone_booking",
        "phone_windows",
        "visit",
    )
)


@blueprint.after_request
def _write_down_looks(answer: Response) -> Response:
    """Write down who opened a page about a person; without the line there is no page."""
    if request.method == "GET" and request.endpoint in PERSONAL and answer.status_code == 200:
        by, now = call.actor(), call.now()
        about, action = audited.about_of_call(), f"look.{request.endpoint.removeprefix('console.')}"
        with transaction(reads_only=True) as db:
            is_known = audit.has_looked(db, by=by, action=action, about=about, now=now)
        if not is_known:
            with transaction() as db:
                audit.record(db, by=by, action=action, about=about, now=now)
    return answer


@blueprint.after_request
def _keep_branch(answer: Response) -> Response:
    """The branch that was picked stays picked on the next page."""
    picked = frame.entered()
    if picked is not None and request.args.get("branch"):
        frame.keep(answer, picked.branch.id)
    return answer
