"""/c/news: whether the member hears news beside what concerns his own bookings and account."""

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields

from faces.chrome import call
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from members import tag_queries
from members.operations import tags


class NewsForm(Form):
    """Whether he wants news."""

    wanted = fields.Boolean(required=True)


@blueprint.get("/news")
@signed_in(Role.MEMBER)
def news() -> ResponseReturnValue:
    """Show whether he hears news."""
    with transaction(reads_only=True) as db:
        wanted = tag_queries.wants_news(db, call.actor().id)
    return render_template("consumer/news.html", wanted=wanted)


@blueprint.post("/news")
@signed_in(Role.MEMBER)
def want_news() -> ResponseReturnValue:
    """Hear news, or none."""
    given = call.form(NewsForm())
    with call.once() as db:
        tags.want_news(db, wanted=given["wanted"], by=call.actor(), now=call.now())
        return call.leads_to("consumer.news")
