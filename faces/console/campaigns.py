"""/console/campaigns: news to a segment, under caps and by day; and what came of it, beside those left out."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import code_queries, recall_queries
from booking import queries as booking
from booking.operations import campaigns as beginning
from faces.chrome import audited, call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, filled, frame, growing
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import NoForm, PageQuery
from faces.console.paging import Page
from faces.console.routes import GROWERS, STAFF, WRITERS, blueprint
from kernel.actor import SYSTEM, Role
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import draw_queries, survey_queries, tag_queries
from members.operations import campaigns as operations
from members.tag_models import Campaign
from members.tagging import (
    A_DAY_MAX,
    CALL_WORDS,
    CAP,
    FOLLOWED_WITHIN,
    HELD_OUT,
    HOLD_OUT_PERCENT,
    NAME_MAX,
    TEXT_MAX,
    TOLD,
    CallOutcome,
    NowhereToLead,
)
from notifications import queries as notifications

FIELDS = ("name", "store", "segment", "about", "tip", "path", "hold_out", "is_by_call")
PATH_MAX, SAID_MAX = 60, 60
CALLERS = (*WRITERS, Role.STORE)
# So many of those who are to be called are shown at a time.
CALLS_SHOWN = 10


class CampaignForm(Form):
    """What is told to whom, where it leads, and how many are left out."""

    name = Text(most=NAME_MAX, least=1, required=True)
    store = fields.Integer(load_default=growing.ALL, validate=validate.Range(min=0))
    segment = fields.Integer(required=True, validate=validate.Range(min=1))
    about = Text(most=TEXT_MAX, least=1, required=True)
    tip = Text(most=TEXT_MAX, least=1, required=True)
    path = fields.String(required=True, validate=validate.Length(max=PATH_MAX))
    hold_out = fields.Integer(required=True, validate=validate.OneOf(HOLD_OUT_PERCENT))
    is_by_call = fields.Boolean(load_default=False)


class CalledForm(Form):
    """Who of the list is called."""

    member = fields.String(required=True, validate=validate.Length(min=1, max=40))


class CallForm(CalledForm):
    """Who of the list was called, and what came of it."""

    outcome = fields.Enum(CallOutcome, by_value=True, required=True)
    text = Text(most=SAID_MAX, load_default="")


@blueprint.get("/campaigns")
@signed_in(*STAFF)
def campaigns() -> ResponseReturnValue:
    """List the campaigns, those of stores among them, a store's own for its people."""
    wanted = call.query(PageQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = tag_queries.campaigns(
            db,
            by=call.actor(),
            within=growing.within(db),
            limit=page.size,
            offset=page.offset,
        )
        return render_template(
            "console/campaigns.html",
            branch=branch,
            rows=rows,
            counts=tag_queries.fates_of(db, [row.id for row in rows]),
            names={row.id: row.name for row in tag_queries.segments(db)},
            store_names=growing.names(db),
            page_=page,
        )


@blueprint.get("/campaigns/new")
@signed_in(*GROWERS)
def new_campaign() -> ResponseReturnValue:
    """Show the form that sets one up."""
    return _form({"hold_out": "10"}, {})


@blueprint.post("/campaigns")
@signed_in(*GROWERS)
def set_up_campaign() -> ResponseReturnValue:
    """Write one down; nobody is written to yet."""
    try:
        given = call.form(CampaignForm())
        with call.once() as db:
            store_id = growing.chosen(db, given.pop("store"))
            if given["path"] not in dict(paths(db, [store_id] if store_id else ())):
                raise NowhereToLead(field="path")
            row = operations.set_up(
                db,
                segment_id=given.pop("segment"),
                store_id=store_id,
                **given,
                by=call.actor(),
                now=call.now(),
            )
            done = call.leads_to("console.campaign", number=row.number)
    except Refusal as refusal:
        if refusal.field not in FIELDS:
            raise
        return _form(filled.typed(*FIELDS), filled.errors_of(refusal, *FIELDS)), filled.STATUS
    flash(gettext("已记下，核对人数后再开始。"), "ok")
    return done


@blueprint.get("/campaigns/<number>")
@signed_in(*STAFF)
def campaign(number: str) -> ResponseReturnValue:
    """Show how far it came, and what those did who were told, beside those left out."""
    return _page(number, NO_FAILURE)


@blueprint.post("/campaigns/<number>/begin")
@signed_in(*GROWERS)
def begin_campaign(number: str) -> ResponseReturnValue:
    """Choose its people and begin."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        beginning.begin(db, number=number, by=call.actor(), now=call.now())
        return gettext("已开始。")

    return _perform(number, "begin", effect)


@blueprint.post("/campaigns/<number>/stop")
@signed_in(*GROWERS)
def stop_campaign(number: str) -> ResponseReturnValue:
    """Write to nobody more."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        by, within = call.actor(), growing.within(db)
        operations.stop(db, number=number, by=by, within=within, now=call.now())
        return gettext("已停止，没发的不再发。")

    return _perform(number, "stop", effect)


@blueprint.post("/campaigns/<number>/calls")
@signed_in(*CALLERS)
def note_call(number: str) -> ResponseReturnValue:
    """Write down what came of calling one of its people."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        audited.about(f"member:{given['member']}")
        operations.note_call(
            db,
            number=number,
            member_number=given["member"],
            outcome=given["outcome"],
            text=given["text"],
            by=call.actor(),
            within=growing.within(db),
            now=call.now(),
        )
        return gettext("已记下。")

    return _perform(number, "call", effect, CallForm())


@blueprint.post("/campaigns/<number>/calls/phone")
@signed_in(*CALLERS)
def call_phone(number: str) -> ResponseReturnValue:
    """Show the whole number of one who is to be called, once; that it was looked at is written down."""
    given = call.form(CalledForm())

    def told() -> str:
        with transaction(reads_only=True) as db:
            row = _campaign(db, number)
            _, member = tag_queries.waiting_call(db, row, member_number=given["member"])
        return render_template("console/member_phone.html", member=member)

    with call.once(again=told) as db:
        tag_queries.waiting_call(db, _campaign(db, number), member_number=given["member"])
        audited.about(f"member:{given['member']}")
    return told()


def _campaign(db: Session, number: str) -> Campaign:
    by, within = call.actor(), growing.within(db)
    return tag_queries.campaign(db, number=number, by=by, within=within)


def _perform(
    number: str, form: str, effect: Any, schema: Form | None = None
) -> ResponseReturnValue:
    def page(failed: Failure) -> str:
        return _page(number, failed)

    return acting.perform(
        form, schema or NoForm(), effect, to="console.campaign", page=page, number=number
    )


def _page(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        row = _campaign(db, number)
        segment = tag_queries.segment(db, row.segment_id)
        targets = tag_queries.targets_of(db, row.id)
        told = {one.member_id: one.told_at for one in targets if one.told_at is not None}
        left_out = {
            one.member_id: row.started_at
            for one in targets
            if one.fate == HELD_OUT and row.started_at is not None
        }
        return render_template(
            "console/campaign.html",
            branch=branch,
            row=row,
            segment=segment,
            people=tag_queries.segment_counts(
                db, segment, scenes=code_queries.scenes_of_store(db, row.store_id)
            ),
            store_name=booking.store_name(db, row.store_id),
            counts=Counter(one.fate for one in targets),
            told=TOLD,
            arrived=notifications.arrived(db, f"news:{number}:"),
            did=recall_queries.recall(db, told, within=FOLLOWED_WITHIN),
            beside=recall_queries.recall(db, left_out, within=FOLLOWED_WITHIN),
            within=FOLLOWED_WITHIN.days,
            cap=CAP.days,
            a_day=A_DAY_MAX,
            where=dict(paths(db, [row.store_id] if row.store_id else ())).get(row.path, row.path),
            calls=tag_queries.to_call(db, row, limit=CALLS_SHOWN) if row.is_by_call else [],
            outcomes=[(one.value, gettext(word)) for one, word in CALL_WORDS.items()],
            said_max=SAID_MAX,
            may_call=call.actor().role in CALLERS,
            failed=failed,
        )


def _form(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        branch, by = frame.enter(db), call.actor()
        scenes = code_queries.scenes_seen_by(db, by) if by.role is Role.STORE else None
        return render_template(
            "console/campaign_new.html",
            branch=branch,
            typed=typed,
            errors=errors,
            segments=[
                (row.id, gettext("%(name)s，%(n)s 人可发", name=row.name, n=reached))
                for row in tag_queries.segments(db)
                for _, reached in [tag_queries.segment_counts(db, row, scenes=scenes)]
            ],
            places=growing.places(db),
            paths=paths(db, [id_ for id_, _ in growing.places(db)]),
            shares=[(n, f"{n}%") for n in HOLD_OUT_PERCENT],
            cap=CAP.days,
            text_max=TEXT_MAX,
        )


def paths(db: Session, store_ids: Collection[int] = ()) -> list[tuple[str, str]]:
    """Return where news may lead, with its name; what is for the followers of these stores as well."""
    now = call.now()
    draws = draw_queries.running(db, by=SYSTEM, within=store_ids, now=now)
    asked = survey_queries.open_ones(db, by=SYSTEM, within=store_ids, now=now)
    return [
        ("/c/", gettext("首页")),
        ("/c/points", gettext("我的积分")),
        *((f"/c/draws/{row.number}", row.name) for row in draws),
        *((f"/c/surveys/{row.number}", row.title) for row in asked),
    ]
