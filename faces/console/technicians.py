"""/console/technicians: who works today, with what skills and load, and whose WeChat is bound."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from dispatch import board as boards
from dispatch import queries, scope
from dispatch.operations import roster
from faces.chrome import call, qr
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.forms import NoForm, PeopleQuery
from faces.console.paging import Page
from faces.console.routes import READERS, WRITERS, blueprint
from gateways.wechat.errors import WeChatError
from kernel.db import Session, transaction

BIND_S = 600


@blueprint.get("/technicians")
@signed_in(*READERS)
def technicians() -> ResponseReturnValue:
    """List the branch's technicians."""
    wanted = call.query(PeopleQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        board = boards.day_board(db, branch_id=branch.id, day=frame.today(), now=call.now())
        rows = {row.technician_id: row for row in board.rows}
        people = queries.technicians(db, branch_id=branch.id)
        skills = skill_words(db)
    listed = [(person, rows[person.id]) for person in people if person.id in rows]
    found = [each for each in listed if _is_wanted(each[0], wanted)]
    return render_template(
        "console/technicians.html",
        people=page.part(found),
        whole=len(listed),
        at_work=sum(row.shift is not None for _, row in listed),
        wanted=wanted,
        page_=page,
        left=[person for person in people if person.disabled_at is not None],
        skills=skills,
        branch=branch,
    )


def _is_wanted(person: Any, wanted: Mapping[str, str]) -> bool:
    text, skill = wanted["q"], wanted["skill"]
    is_named = not text or (
        text in person.name
        or text.upper() in person.work_number.upper()
        or person.phone.endswith(text)
    )
    return is_named and (not skill or skill in person.skills)


def check_own(db: Session, technician_id: int) -> None:
    """Refuse a technician of a branch out of scope. Raises TechnicianMissing."""
    scope.technician(db, technician_id=technician_id, by=call.actor())


@blueprint.post("/technicians/<int:technician_id>/bind")
@signed_in(*WRITERS)
def bind(technician_id: int) -> ResponseReturnValue:
    """Show a QR code by which the technician binds his WeChat; an older one is void."""
    call.form(NoForm())
    with call.once(again=lambda: _bind_dialog(technician_id)) as db:
        check_own(db, technician_id)
        roster.new_bind_code(db, technician_id=technician_id)
    return _bind_dialog(technician_id)


def _bind_dialog(technician_id: int) -> str:
    with transaction(reads_only=True) as db:
        person = queries.technician(db, technician_id)
    try:
        made = qr.wechat().create_qr(scene=f"bind_{person.bind_code}", seconds=BIND_S)
    except WeChatError:
        return render_template("console/bind_dialog.html", person=person, picture="")
    return render_template(
        "console/bind_dialog.html",
        person=person,
        picture=qr.picture(made.url),
        minutes=BIND_S // 60,
    )


@blueprint.get("/technicians/<int:technician_id>/bound")
@signed_in(*READERS)
def bound(technician_id: int) -> ResponseReturnValue:
    """Tell the dialog whether the code was used."""
    with transaction(reads_only=True) as db:
        check_own(db, technician_id)
        person = queries.technician(db, technician_id)
    return render_template("console/bind_state.html", person=person)


def skill_words(db: Session) -> Mapping[str, str]:
    """Return what a skill allows: the services that need it."""
    words: dict[str, list[str]] = defaultdict(list)
    for service in bookings.catalogue(db):
        words[service.skill].append(service.short_name)
    return {skill: gettext("、").join(names) for skill, names in words.items()}
