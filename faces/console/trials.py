"""/console/trials: what the rules tried in a store's own stores came to, for its people."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import trial_queries
from booking.trial_queries import MEASURES
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.routes import blueprint
from faces.console.weeks import charts_of
from kernel.actor import Role
from kernel.db import transaction
from members import rule_queries


@blueprint.get("/trials")
@signed_in(Role.STORE)
def trials() -> ResponseReturnValue:
    """Show each trial at one's own stores, before and after, the newest first."""
    by = call.actor()
    with transaction(reads_only=True) as db:
        frame.enter(db)
        steps = rule_queries.steps(db, store_ids=by.store_ids)
        found = trial_queries.trials(db, steps, by=by, now=call.now())
        abouts = {
            trial.step.version: rule_queries.version(db, trial.step.version).about
            for trial in found
        }
    return render_template(
        "console/trials.html",
        trials=found,
        abouts=abouts,
        measures=MEASURES,
        charts_of=charts_of,
    )
