"""/console/tags: tags by hand and by rule, and segments of them with their counts."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import NO_SUCH_CHOICE, Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from members import queries, tag_queries
from members.operations import tags as operations
from members.tagging import NAME_MAX, NUMBER_MAX, RULE_WORDS, TAGS_MAX, Rule, RuleKind

_ID = fields.Integer(validate=validate.Range(min=1))


class TagForm(Form):
    """A tag; without a rule it is put on by hand."""

    name = Text(most=NAME_MAX, least=1, required=True)
    rule = fields.String(
        load_default="", validate=validate.OneOf(["", *RuleKind], error=NO_SUCH_CHOICE)
    )
    number = fields.Integer(load_default=30, validate=validate.Range(min=1, max=NUMBER_MAX))


class SegmentForm(Form):
    """Which tags its members have, and which they have not."""

    segment = Text(most=NAME_MAX, least=1, required=True)
    with_ids = fields.List(_ID, load_default=list, validate=validate.Length(max=TAGS_MAX))
    without_ids = fields.List(_ID, load_default=list, validate=validate.Length(max=TAGS_MAX))


class TaggingForm(Form):
    """A tag that is put on a member, or taken off."""

    tag = fields.Integer(required=True, validate=validate.Range(min=1))
    off = fields.Boolean(load_default=False)


@blueprint.get("/tags")
@signed_in(*READERS)
def tags() -> ResponseReturnValue:
    """List tags and segments, and make them."""
    return _page(NO_FAILURE)


@blueprint.post("/tags")
@signed_in(*WRITERS)
def make_tag() -> ResponseReturnValue:
    """Make a tag."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        rule = Rule(RuleKind(given["rule"]), given["number"]) if given["rule"] else None
        operations.make_tag(db, name=given["name"], rule=rule, by=call.actor(), now=call.now())
        return gettext("标签已建好。")

    return acting.perform("tag", TagForm(), effect, to="console.tags", page=_page)


@blueprint.post("/segments")
@signed_in(*WRITERS)
def make_segment() -> ResponseReturnValue:
    """Name a segment."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        operations.make_segment(
            db,
            name=given["segment"],
            with_ids=given["with_ids"],
            without_ids=given["without_ids"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("分群已建好。")

    return acting.perform("segment", SegmentForm(), effect, to="console.tags", page=_page)


@blueprint.post("/members/<number>/tags")
@signed_in(*WRITERS)
def tag_member(number: str) -> ResponseReturnValue:
    """Put a tag on a member, or take it off."""
    given = call.form(TaggingForm())
    with call.once() as db:
        member_id = queries.member_by_number(db, number=number, by=call.actor()).id
        if given["off"]:
            operations.take_off(db, tag_id=given["tag"], member_id=member_id)
        else:
            operations.put_on(db, tag_id=given["tag"], member_id=member_id, now=call.now())
        return call.leads_to("console.member", number=number)


def worn(db: Session, member_id: int) -> dict[str, Any]:
    """Return what a member's page shows of his tags."""
    theirs = tag_queries.tags_of(db, member_id)
    others = [row for row in tag_queries.tags(db) if row.rule is None and row not in theirs]
    return {"tags": theirs, "tag_choices": [(row.id, row.name) for row in others]}


def _page(failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        rows = tag_queries.tags(db)
        segments = tag_queries.segments(db)
        return render_template(
            "console/tags.html",
            branch=branch,
            rows=rows,
            counts=tag_queries.tag_counts(db),
            names={row.id: row.name for row in rows},
            segments=[(row, *tag_queries.segment_counts(db, row)) for row in segments],
            rules=RULE_WORDS,
            name_max=NAME_MAX,
            failed=failed,
        )
