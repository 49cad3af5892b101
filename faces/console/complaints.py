"""/console/complaints: what members complain of, and our answers."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import feedback_queries, queries
from booking.feedback import TOPIC_WORDS, Topic
from booking.operations import feedback
from booking.states import ComplaintState
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.case_forms import AnswerForm, ComplaintsQuery
from faces.console.cases import names_of
from faces.console.paging import Page
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from members import queries as members


@blueprint.get("/complaints")
@signed_in(*READERS)
def complaints() -> ResponseReturnValue:
    """List the queue, longest waiting first."""
    wanted = call.query(ComplaintsQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = feedback_queries.complaints(
            db, by=call.actor(), state=wanted["state"], limit=page.size, offset=page.offset
        )
        services = queries.services_by_id(db)
    return render_template(
        "console/complaints.html",
        rows=rows,
        services=services,
        topic_word=topic_word,
        wanted=wanted,
        now=call.now(),
        page_=page,
    )


@blueprint.get("/complaints/<number>")
@signed_in(*READERS)
def complaint(number: str) -> ResponseReturnValue:
    """Show one complaint with its booking."""
    return _page(number, NO_FAILURE)


@blueprint.post("/complaints/<number>/answer")
@signed_in(*WRITERS)
def answer_complaint(number: str) -> ResponseReturnValue:
    """Answer it, once."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        feedback.answer_complaint(
            db, number=number, words=given["words"], by=call.actor(), now=call.now()
        )
        return gettext("已答复，业主会看到。")

    return acting.perform(
        "answer",
        AnswerForm(),
        effect,
        to="console.complaint",
        page=lambda failed: _page(number, failed),
        number=number,
    )


def topic_word(topic: str) -> str:
    """Return what a complaint is about, in words."""
    return gettext(TOPIC_WORDS[Topic(topic)]) if topic in set(Topic) else topic


def _page(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        found = feedback_queries.complaint(db, number=number, by=call.actor())
        booking = queries.by_id(db, found.booking_id)
        frame.enter(db, branch_id=booking.branch_id)
        return render_template(
            "console/complaint.html",
            complaint=found,
            booking=booking,
            service=queries.services_by_id(db)[booking.service_id],
            member=members.member(db, found.member_id),
            rating=feedback_queries.rating_of(db, booking.id),
            topic=topic_word(found.topic),
            is_open=found.state is ComplaintState.OPEN,
            names=names_of(db, {found.answered_id}),
            failed=failed,
        )
