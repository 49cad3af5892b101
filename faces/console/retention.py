"""/console/retention: what is kept of people for how long, and what was dropped since."""

from flask import render_template
from flask.typing import ResponseReturnValue

from faces.chrome.keeping import KEPT, RULES
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.routes import blueprint
from kernel import retention as operations
from kernel.actor import Role
from kernel.db import transaction


@blueprint.get("/retention")
@signed_in(Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR)
def retention() -> ResponseReturnValue:
    """Show the rules, and how much each has dropped."""
    with transaction(reads_only=True) as db:
        frame.enter(db)
        dropped = operations.report(db)
    return render_template("console/retention.html", rules=RULES, kept=KEPT, dropped=dropped)
