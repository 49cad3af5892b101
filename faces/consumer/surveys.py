"""/c/surveys: a survey on the phone, answered once."""

from collections.abc import Mapping, Sequence

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid
from members import survey_queries
from members.operations import surveys
from members.survey_models import Survey
from members.surveying import CHOICES_MAX, QUESTIONS_MAX, WORDS_MAX, points_for, read

NAMES = tuple(f"q{place}" for place in range(1, QUESTIONS_MAX + 1))


def _said() -> fields.List[str]:
    each = Text(most=WORDS_MAX)
    return fields.List(each, load_default=list, validate=validate.Length(max=CHOICES_MAX))


# By question the places of what was picked, or what was written.
AnswerForm = Form.from_dict({name: _said() for name in NAMES}, name="AnswerForm")


@blueprint.get("/surveys/<number>")
@signed_in(Role.MEMBER)
def survey_page(number: str) -> ResponseReturnValue:
    """Show the questions; or what he answered, or why there is nothing to answer."""
    return _page(number, {}, {})


@blueprint.post("/surveys/<number>")
@signed_in(Role.MEMBER)
def answer_survey(number: str) -> ResponseReturnValue:
    """Keep the answer, and post its points."""
    given: Mapping[str, Sequence[str]] = {}
    try:
        given = call.form(AnswerForm())
        said = {place: given[name] for place, name in enumerate(NAMES)}
        with call.once() as db:
            by = call.actor()
            within = booking.stores_within(db, by)
            asked = survey_queries.survey(db, number=number, by=by, within=within).asked
            surveys.answer(
                db,
                number=number,
                given=read(asked, said),
                rules=booking.rules_of_member(db, by.id),
                by=by,
                within=within,
                now=call.now(),
            )
            return call.leads_to("consumer.survey_page", number=number)
    except (Invalid, Conflict) as refusal:
        errors = {refusal.field or "form": sentence_of(refusal)}
        return _page(number, given, errors), status_of(refusal)


def _page(number: str, said: Mapping[str, Sequence[str]], errors: Mapping[str, str]) -> str:
    by = call.actor()
    member_id = by.id
    with transaction(reads_only=True) as db:
        within = booking.stores_within(db, by)
        row = survey_queries.survey(db, number=number, by=by, within=within)
        answer = survey_queries.answer_of(db, survey_id=row.id, member_id=member_id)
        return render_template(
            "consumer/survey.html",
            survey=row,
            questions=row.asked,
            answer=answer,
            wrote=survey_queries.words_of(db, survey_id=row.id, member_id=answer.member_id)
            if answer
            else {},
            why_not="" if answer else _why_not(db, row),
            points=points_for(surveys=1, rules=booking.rules_of_member(db, member_id)),
            earned=survey_queries.earned(db, row, answer) if answer else 0,
            said=said,
            errors=errors,
            words_max=WORDS_MAX,
        )


def _why_not(db: Session, row: Survey) -> str:
    """Return why he cannot answer: closed, others, or ""."""
    if not row.is_open(call.now()):
        return "closed"
    return "" if survey_queries.asks(db, row, member_id=call.actor().id) else "others"
