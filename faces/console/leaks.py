"""/console/leaks: what may have gone past us, as questions to be asked, with what came of them."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import leak_queries
from booking.leaks import (
    ANSWERS,
    KINDS,
    NOTE_MAX,
    QUIET_DAYS_MIN,
    QUIET_TIMES,
    TEXTS_MAX,
    VISITS_MIN,
    WORDS_BACK,
    LeakAnswer,
    LeakGone,
    Signal,
)
from booking.operations import leaks as operations
from conversations import queries as conversations
from dispatch import queries as dispatch
from faces.chrome import audited, call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import PageQuery
from faces.console.routes import LEADERS, blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Invalid
from members import queries as members
from members import staff_queries

SETTLED = (LeakAnswer.EXPLAINED, LeakAnswer.NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with the people it is about and what came of it so far."""

    signal: Signal
    member: Any
    technician: str
    notes: list[Any]

    @property
    def is_settled(self) -> bool:
        return bool(self.notes) and self.notes[-1].answer in SETTLED


class AnswerForm(Form):
    """Which question, what came of it, and in which branch."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    key = fields.String(required=True, validate=validate.Length(max=80))
    answer = fields.Enum(LeakAnswer, by_value=True, required=True)
    text = Text(most=NOTE_MAX, load_default="")


@blueprint.get("/leaks")
@signed_in(*LEADERS, Role.AUDITOR)
def leaks() -> ResponseReturnValue:
    """List the questions about a branch, those without an answer first."""
    return _page(call.query(PageQuery())["branch"], NO_FAILURE)


@blueprint.post("/leaks")
@signed_in(*LEADERS)
def answer_leak() -> ResponseReturnValue:
    """Write down what came of one."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        branch_id = given["branch"]
        frame.check_branch(branch_id)
        signals = {signal.key: signal for signal in _signals(db, branch_id)}
        if given["key"] not in signals:
            raise LeakGone
        signal = signals[given["key"]]
        operations.note(
            db,
            signal=signal,
            branch_id=branch_id,
            answer=given["answer"],
            text=given["text"],
            by=call.actor(),
            now=call.now(),
        )
        audited.about(f"member:{members.member(db, signal.member_id).number}")
        return gettext("已记下。")

    return acting.perform("leak", AnswerForm(), effect, to="console.leaks", page=_again)


def _again(failed: Failure) -> str:
    try:
        branch_id = int(failed.typed.get("branch", ""))
    except ValueError as error:
        raise Invalid(field="branch") from error
    return _page(branch_id, failed)


def _page(branch_id: int | None, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        asked = _asked(db, _signals(db, branch.id))
        hands = {note.staff_id for one in asked for note in one.notes}
        return render_template(
            "console/leaks.html",
            branch=branch,
            asked=sorted(asked, key=lambda one: one.is_settled),
            kinds={kind.value: gettext(word) for kind, word in KINDS.items()},
            answers={answer.value: gettext(word) for answer, word in ANSWERS.items()},
            people=staff_queries.names(db, hands),
            visits_min=VISITS_MIN,
            quiet_times=QUIET_TIMES,
            quiet_days=QUIET_DAYS_MIN,
            words_days=WORDS_BACK.days,
            failed=failed,
        )


def _signals(db: Session, branch_id: int) -> list[Signal]:
    """Return what booking's rows ask, then what was said in the branch's chats."""
    now = call.now()
    found = leak_queries.signals(db, branch_id=branch_id, now=now)
    said = conversations.said_to_us(
        db, branch_id=branch_id, since=now - WORDS_BACK, limit=TEXTS_MAX
    )
    for row, chat in said:
        found += leak_queries.of_words(
            kind="chat",
            row_id=row.id,
            number=chat.number,
            member_id=chat.member_id,
            technician_id=None,
            text=row.text,
            at=row.at,
        )
    return found


def _asked(db: Session, signals: list[Signal]) -> list[Asked]:
    people = members.members_by_id(db, [signal.member_id for signal in signals])
    technicians = dispatch.technicians_by_id(
        db, {signal.technician_id for signal in signals if signal.technician_id}
    )
    notes = leak_queries.notes(db, {signal.key for signal in signals})
    return [
        Asked(
            signal=signal,
            member=people[signal.member_id],
            technician=technicians[signal.technician_id].name if signal.technician_id else "",
            notes=list(notes.get(signal.key, ())),
        )
        for signal in signals
        if people[signal.member_id].erased_at is None
    ]
