"""/console/surveys: surveys made and closed, and what was answered: bars for each question."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from faces.chrome import call, qr
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, filled, frame, growing
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import NoForm, PageQuery
from faces.console.paging import Page
from faces.console.routes import GROWERS, STAFF, blueprint
from kernel.clock import local_date, midnight
from kernel.db import Session, transaction
from kernel.errors import Invalid, Refusal
from kernel.logs import masked
from kernel.words import msg
from members import rule_queries, survey_queries, tag_queries
from members.operations import surveys as operations
from members.surveying import (
    ABOUT_MAX,
    ASKED_MAX,
    CHOICE_MAX,
    CHOICES_MAX,
    KIND_WORDS,
    QUESTIONS_MAX,
    TITLE_MAX,
    Choice,
    Question,
    QuestionKind,
    tallies,
)

FIELDS = ("title", "about", "ends_on", "store", "segment", "after_service", "questions")
COLUMNS = ("asked", "kind", "choices")
DAYS_AHEAD = 14
# Between a choice and the tag that it writes.
MARK = "#"
_CHOICES_LENGTH_MAX = CHOICES_MAX * (CHOICE_MAX + 20)


class NoSuchTag(Invalid):
    """A choice writes a tag that is not there, or that a rule puts on."""

    code = "no_such_tag"
    says = msg("没有可以手工加的标签「%(tag)s」，请先在标签页建好，或去掉 # 后面的字。")


class ChoiceTooLong(Invalid):
    """A choice longer than CHOICE_MAX."""

    code = "choice_too_long"
    says = msg("选项最多 %(most)s 个字：%(text)s")


def _column(most: int) -> fields.List[str]:
    each = Text(most=most)
    return fields.List(each, load_default=list, validate=validate.Length(max=QUESTIONS_MAX))


class SurveyForm(Form):
    """A survey; its questions come as columns, their choices one a line."""

    title = Text(most=TITLE_MAX, least=1, required=True)
    about = Text(most=ABOUT_MAX, load_default="")
    ends_on = fields.Date(required=True)
    store = fields.Integer(load_default=growing.ALL, validate=validate.Range(min=0))
    # 0 asks everybody.
    segment = fields.Integer(load_default=0, validate=validate.Range(min=0))
    after_service = fields.Boolean(load_default=False)
    asked = _column(ASKED_MAX)
    kind = fields.List(fields.Enum(QuestionKind, by_value=True), load_default=list)
    choices = _column(_CHOICES_LENGTH_MAX)


@blueprint.get("/surveys")
@signed_in(*STAFF)
def surveys() -> ResponseReturnValue:
    """List the surveys, a store's own for its people."""
    wanted = call.query(PageQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = survey_queries.surveys(
            db,
            by=call.actor(),
            within=growing.within(db),
            limit=page.size,
            offset=page.offset,
        )
        return render_template(
            "console/surveys.html",
            branch=branch,
            rows=rows,
            counts=survey_queries.counts(db, [row.id for row in rows]),
            names={row.id: row.name for row in tag_queries.segments(db)},
            store_names=growing.names(db),
            now=call.now(),
            page_=page,
        )


@blueprint.get("/surveys/new")
@signed_in(*GROWERS)
def new_survey() -> ResponseReturnValue:
    """Show the form that makes one."""
    ends_on = local_date(call.now()) + timedelta(days=DAYS_AHEAD)
    return _form({"ends_on": ends_on.isoformat()}, {})


@blueprint.post("/surveys")
@signed_in(*GROWERS)
def make_survey() -> ResponseReturnValue:
    """Make a survey; it is open at once."""
    try:
        given = call.form(SurveyForm())
        with call.once() as db:
            row = operations.make(
                db,
                title=given["title"],
                about=given["about"],
                questions=_questions(db, given),
                segment_id=given["segment"] or None,
                after_service=given["after_service"],
                ends_at=midnight(given["ends_on"] + timedelta(days=1)),
                store_id=growing.chosen(db, given["store"]),
                by=call.actor(),
                now=call.now(),
            )
            done = call.leads_to("console.survey", number=row.number)
    except Refusal as refusal:
        if refusal.field not in (*FIELDS, *COLUMNS):
            raise
        errors = filled.errors_of(refusal, *FIELDS, *COLUMNS)
        return _form(filled.typed(*FIELDS), errors), filled.STATUS
    flash(gettext("问卷已开放。"), "ok")
    return done


@blueprint.get("/surveys/<number>")
@signed_in(*STAFF)
def survey(number: str) -> ResponseReturnValue:
    """Show how people reach it, and what they answered."""
    return _page(number, NO_FAILURE)


@blueprint.post("/surveys/<number>/close")
@signed_in(*GROWERS)
def close_survey(number: str) -> ResponseReturnValue:
    """Let nobody answer any more."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        by, within = call.actor(), growing.within(db)
        operations.close(db, number=number, by=by, within=within, now=call.now())
        return gettext("问卷已关闭，答过的留着。")

    def page(failed: Failure) -> str:
        return _page(number, failed)

    return acting.perform("close", NoForm(), effect, to="console.survey", page=page, number=number)


def _page(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        row = survey_queries.survey(db, number=number, by=call.actor(), within=growing.within(db))
        answers = survey_queries.answers(db, row.id)
        may_read = call.actor().role in GROWERS
        written = survey_queries.words(db, row.id) if may_read else {}
        address = url_for("consumer.survey_page", number=number, _external=True)
        tags = {tag.id: tag.name for tag in tag_queries.tags(db)}
        return render_template(
            "console/survey.html",
            branch=branch,
            survey=row,
            is_open=row.is_open(call.now()),
            store_name=booking.store_name(db, row.store_id),
            segment=tag_queries.segment(db, row.segment_id).name if row.segment_id else "",
            answered=len(answers),
            results=list(zip(row.asked, tallies(row.asked, answers), strict=True)),
            word_counts=survey_queries.word_counts(db, row.id),
            # Whoever writes down a number did not mean it for a list.
            words={place: [masked(text) for text in texts] for place, texts in written.items()},
            kind_words=KIND_WORDS,
            tags=tags,
            points=rule_queries.in_force(db, branch_id=branch.id).survey_points,
            address=address,
            code=qr.picture(address),
            failed=failed,
        )


def _form(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    columns = [request.form.getlist(name) for name in COLUMNS]
    known = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=False)]
    blank = {"asked": "", "kind": QuestionKind.ONE.value, "choices": ""}
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        return render_template(
            "console/survey_new.html",
            branch=branch,
            typed=typed,
            errors=errors,
            rows=(known + [blank] * QUESTIONS_MAX)[:QUESTIONS_MAX],
            kinds=[(kind.value, gettext(word)) for kind, word in KIND_WORDS.items()],
            places=growing.places(db),
            segments=[(0, gettext("不分群，都问"))]
            + [(row.id, row.name) for row in tag_queries.segments(db)],
            tags=[row.name for row in tag_queries.tags(db) if row.rule is None],
            points=rule_queries.in_force(db, branch_id=branch.id).survey_points,
            asked_max=ASKED_MAX,
        )


def _questions(db: Session, given: Mapping[str, Any]) -> list[Question]:
    """Return the questions of the rows that say something. Raises NoSuchTag, ChoiceTooLong."""
    tags = {row.name: row.id for row in tag_queries.tags(db) if row.rule is None}
    rows = zip(*(given[name] for name in COLUMNS), strict=False)
    return [
        Question(kind, asked, tuple(_choice(line, tags) for line in choices.splitlines() if line))
        for asked, kind, choices in rows
        if asked or choices
    ]


def _choice(line: str, tags: Mapping[str, int]) -> Choice:
    text, mark, tag = (part.strip() for part in line.partition(MARK))
    if len(text) > CHOICE_MAX:
        raise ChoiceTooLong(field="questions", most=CHOICE_MAX, text=text[:CHOICE_MAX])
    if mark and tag not in tags:
        raise NoSuchTag(field="questions", tag=tag)
    return Choice(text, tags[tag] if mark else None)
