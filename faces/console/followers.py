"""/console/followers: whom a store's codes brought: found and tagged."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import code_queries
from conversations import queries as conversations
from faces.chrome import call
from faces.chrome.schema import Text
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.forms import PageQuery
from faces.console.paging import Page
from faces.console.routes import blueprint
from faces.console.tags import TaggingForm
from kernel.actor import Role
from kernel.db import transaction
from members import queries, tag_queries
from members.operations import tags

ASKED_MAX = 40


class FollowersQuery(PageQuery):
    """A search among one's followers."""

    q = Text(most=ASKED_MAX, load_default="")


@blueprint.get("/followers")
@signed_in(Role.STORE)
def followers() -> ResponseReturnValue:
    """List one's followers, the newest first."""
    wanted = call.query(FollowersQuery())
    page, by = Page(number=wanted["page"]), call.actor()
    with transaction(reads_only=True) as db:
        frame.enter(db)
        rows, page.total = queries.search(
            db,
            by=by,
            text=wanted["q"],
            scenes=code_queries.scenes_seen_by(db, by),
            limit=page.size,
            offset=page.offset,
        )
        worn = tag_queries.tags_by_member(db, [row.id for row in rows])
        by_hand = [tag for tag in tag_queries.tags(db) if tag.rule is None]
        return render_template(
            "console/followers.html",
            rows=rows,
            worn=worn,
            choices={row.id: [tag for tag in by_hand if tag not in worn[row.id]] for row in rows},
            chats=conversations.open_chats(db, [row.openid for row in rows]),
            wanted=wanted,
            page_=page,
        )


@blueprint.post("/followers/<number>/tags")
@signed_in(Role.STORE)
def tag_follower(number: str) -> ResponseReturnValue:
    """Put a tag on a follower of one's store, or take it off."""
    given, by = call.form(TaggingForm()), call.actor()
    with call.once() as db:
        scenes = code_queries.scenes_seen_by(db, by)
        member_id = queries.member_by_number(db, number=number, by=by, scenes=scenes).id
        if given["off"]:
            tags.take_off(db, tag_id=given["tag"], member_id=member_id)
        else:
            tags.put_on(db, tag_id=given["tag"], member_id=member_id, now=call.now())
        return call.leads_to("console.followers")
