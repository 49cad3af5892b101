"""The blueprint of the console's pages: who may read and write, and what every page's frame shows."""

from flask import Blueprint, Response, g, request

from faces.console import frame
from kernel.actor import Role

# An auditor sees what a manager sees and changes nothing.
READERS = (Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR)
# A store has no pages of the branch's work, but an account like everybody.
STAFF = (*READERS, Role.STORE)
WRITERS = (Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR)
# Who decides what is sold and who works here.
LEADERS = (Role.MANAGER, Role.ADMINISTRATOR)

blueprint = Blueprint("console", __name__, url_prefix="/console")


@blueprint.context_processor
def _shared() -> dict[str, object]:
    actor = g.get("actor")
    role = actor.role if actor is not None else None
    return {
        "shell": frame.shell(),
        "may_write": role in WRITERS,
        "may_lead": role in LEADERS,
        "may_watch": role in (*LEADERS, Role.AUDITOR),
    }


@blueprint.after_request
def _keep_branch(answer: Response) -> Response:
    """The branch that was picked stays picked on the next page."""
    picked = frame.entered()
    if picked is not None and request.args.get("branch"):
        frame.keep(answer, picked.branch.id)
    return answer
