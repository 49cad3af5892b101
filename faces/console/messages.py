"""/console/messages: what was said to whom, and what became of it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import frame, story
from faces.console.forms import MessagesQuery
from faces.console.paging import Page
from faces.console.routes import READERS, blueprint
from kernel.db import transaction
from notifications import queries
from notifications.messages import SPECS

# What a message is about, and the page of such a thing.
PAGE_OF = {"booking": "console.booking", "visit": "console.visit"}


@blueprint.get("/messages")
@signed_in(*READERS)
def messages() -> ResponseReturnValue:
    """List the message log, newest first."""
    wanted = call.query(MessagesQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = queries.log(
            db,
            by=call.actor(),
            state=wanted["state"],
            kind=wanted["kind"],
            number=wanted["number"],
            day=wanted["day"],
            limit=page.size,
            offset=page.offset,
        )
    return render_template(
        "console/messages.html",
        rows=[(story.line_of(row), *row.about.split(":", 1)) for row in rows],
        pages=PAGE_OF,
        wanted=wanted,
        is_filtered=any(wanted[name] for name in ("state", "kind", "number", "day")),
        states=[(key, gettext(word)) for key, (word, _) in story.MESSAGE_STATES.items()],
        kinds=[(spec.kind, gettext(spec.title)) for spec in SPECS.values()],
        page_=page,
    )
