"""/console/followers: whom a store's codes brought: found, tagged, written to within the caps."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import code_queries
from booking import queries as booking
from booking.operations import store_news
from conversations import queries as conversations
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, campaigns, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.campaigns import PATH_MAX
from faces.console.forms import PageQuery
from faces.console.paging import Page
from faces.console.routes import blueprint
from faces.console.tags import TaggingForm
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Invalid
from members import queries, tag_queries
from members.operations import campaigns as operations
from members.operations import tags
from members.tagging import A_DAY_MAX, CAP, NAME_MAX, TEXT_MAX, NowhereToLead

ASKED_MAX, SHOWN = 40, 10


class FollowersQuery(PageQuery):
    """A search among one's followers."""

    q = Text(most=ASKED_MAX, load_default="")


class NewsForm(Form):
    """What is told to whom of the store's followers, and where it leads."""

    name = Text(most=NAME_MAX, least=1, required=True)
    store = fields.Integer(required=True, validate=validate.Range(min=1))
    segment = fields.Integer(required=True, validate=validate.Range(min=1))
    about = Text(most=TEXT_MAX, least=1, required=True)
    tip = Text(most=TEXT_MAX, least=1, required=True)
    path = fields.String(required=True, validate=validate.Length(max=PATH_MAX))


class StopForm(Form):
    """Which news is told to nobody more."""

    number = fields.String(required=True, validate=validate.Length(max=ASKED_MAX))


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


@blueprint.get("/store-news")
@signed_in(Role.STORE)
def news() -> ResponseReturnValue:
    """Ask what is to be told, and list what was."""
    return _page(NO_FAILURE)


@blueprint.post("/store-news")
@signed_in(Role.STORE)
def send_news() -> ResponseReturnValue:
    """Begin to tell it."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        if given["path"] not in dict(campaigns.paths(db, {given["store"]})):
            raise NowhereToLead(field="path")
        store_id, segment_id = given.pop("store"), given.pop("segment")
        store_news.send(
            db,
            store_id=store_id,
            segment_id=segment_id,
            **given,
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已开始，白天分批发出。")

    return acting.perform("news", NewsForm(), effect, to="console.news", page=_page)


@blueprint.post("/store-news/stop")
@signed_in(Role.STORE)
def stop_news() -> ResponseReturnValue:
    """Tell it to nobody more."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        operations.stop(db, number=given["number"], by=call.actor(), now=call.now())
        return gettext("已停止，没发的不再发。")

    return acting.perform("stop", StopForm(), effect, to="console.news", page=_page)


def _page(failed: Failure) -> str:
    try:
        page = Page(number=call.query(PageQuery())["page"])
    except Invalid:
        page = Page(number=1)
    by = call.actor()
    with transaction(reads_only=True) as db:
        frame.enter(db)
        scenes = code_queries.scenes_seen_by(db, by)
        segments = tag_queries.segments(db)
        rows, page.total = tag_queries.campaigns(db, by=by, limit=page.size, offset=page.offset)
        return render_template(
            "console/store_news.html",
            stores=[(s.id, s.name) for s in booking.stores(db) if s.id in by.store_ids],
            segments=[
                (row.id, gettext("%(name)s，%(n)s 人可发", name=row.name, n=reached))
                for row in segments
                for _, reached in [tag_queries.segment_counts(db, row, scenes=scenes)]
            ],
            names={row.id: row.name for row in segments},
            paths=campaigns.paths(db, by.store_ids),
            rows=rows,
            counts=tag_queries.fates_of(db, [row.id for row in rows]),
            cap=CAP.days,
            a_day=A_DAY_MAX,
            text_max=TEXT_MAX,
            failed=failed,
            page_=page,
        )
