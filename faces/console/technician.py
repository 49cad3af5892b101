"""/console/technicians/…: one technician, what he can do, when he works; taking on and letting go."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import addresses, score_queries
from dispatch import queries, roster_queries
from dispatch.operations import roster
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.forms import NoForm, PageQuery
from faces.console.roster_forms import REASONS, SinceQuery, SkillsForm, TechnicianForm
from faces.console.routes import LEADERS, READERS, blueprint
from faces.console.technicians import check_own, skill_words
from gateways.maps import gazetteer
from kernel.db import Session, transaction
from kernel.errors import Refusal
from kernel.money import Money
from kernel.phone import Phone
from kernel.words import msg
from members import ledger, ledger_queries
from members.rules import Measure

DAYS_SHOWN = 14
LINES_SHOWN = 10
LEVEL_MAX = 3
LEVELS = {0: msg("不会"), 1: msg("1 级"), 2: msg("2 级"), 3: msg("3 级")}
MEASURES = {
    Measure.RATING: msg("业主评分"),
    Measure.ON_TIME: msg("准时到达"),
    Measure.FIRST_TIME_FIX: msg("一次修好"),
    Measure.RECORDS: msg("记录齐全"),
}
EARNING_WORDS = {"errand": msg("空跑费")}
FIELDS = ("work_number", "name", "phone", "home")


@blueprint.get("/technicians/<int:technician_id>")
@signed_in(*READERS)
def technician(technician_id: int) -> ResponseReturnValue:
    """Show one technician with two weeks of shifts, his score and what he earned."""
    first = call.query(SinceQuery())["day"] or frame.today()
    with transaction(reads_only=True) as db:
        return render_template("console/technician.html", **page(db, technician_id, first=first))


def page(
    db: Session, technician_id: int, *, first: date, errors: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Return what the technician's page shows, with what was wrong in a form of it."""
    check_own(db, technician_id)
    person = queries.technician(db, technician_id)
    frame.enter(db, branch_id=person.branch_id)
    last = first + timedelta(days=DAYS_SHOWN - 1)
    declined = queries.declined_by(db, technician_id, limit=LINES_SHOWN)
    visits = queries.visits_by_id(db, [pair.visit_id for pair in declined])
    earned = ledger_queries.lines(
        db,
        owner=ledger.technician_owner(technician_id),
        unit=ledger.EARNINGS,
        limit=LINES_SHOWN,
    )
    return {
        "person": person,
        "days": roster_queries.days_of(db, technician_id=technician_id, first=first, last=last),
        "first": first,
        "before": first - timedelta(days=DAYS_SHOWN),
        "after": last + timedelta(days=1),
        "today": frame.today(),
        "declined": [(pair, visits[pair.visit_id]) for pair in declined],
        "score": score_queries.score_of(db, technician_id=technician_id, now=call.now()),
        "measures": MEASURES,
        "earned": [(line, Money(line.amount)) for line in earned],
        "balance": Money(earned[0].balance_after) if earned else Money(0),
        "earning_words": EARNING_WORDS,
        "skills": _skills(db, person.skills),
        "certificates": person.certificates or {},
        "levels": [(level, gettext(word)) for level, word in LEVELS.items()],
        "reasons": [(key, gettext(word)) for key, word in REASONS.items()],
        "reason_words": REASONS,
        "errors": errors or {},
        "typed": request.form,
    }


@blueprint.post("/technicians/<int:technician_id>/skills")
@signed_in(*LEADERS)
def set_skills(technician_id: int) -> ResponseReturnValue:
    """Write down what he can do; refused while a visit before him needs what he would lose."""
    given = call.form(SkillsForm())
    try:
        with call.once() as db:
            check_own(db, technician_id)
            roster.set_skills(
                db,
                technician_id=technician_id,
                skills=_levels(given["skills"]),
                certificates=_certificates(given["skills"], given["until"]),
                now=call.now(),
            )
            done = call.leads_to("console.technician", technician_id=technician_id)
    except roster.BreaksPromises as refusal:
        return refused(technician_id, filled.errors_of(refusal))
    flash(gettext("技能已保存。"), "ok")
    return done


def refused(technician_id: int, errors: Mapping[str, str]) -> ResponseReturnValue:
    """Show the page once more with what was wrong."""
    with transaction(reads_only=True) as db:
        context = page(db, technician_id, first=frame.today(), errors=errors)
    return render_template("console/technician.html", **context), filled.STATUS


@blueprint.get("/technicians/new")
@signed_in(*LEADERS)
def new_technician() -> ResponseReturnValue:
    """Ask who the new technician is."""
    wanted = call.query(PageQuery())
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        return _form(db, branch, typed=dict.fromkeys(FIELDS, ""), chosen=(), errors={})


@blueprint.post("/technicians/new")
@signed_in(*LEADERS)
def hire() -> ResponseReturnValue:
    """Take on a technician."""
    try:
        given = call.form(TechnicianForm())
        frame.check_branch(given["branch"])
        home = addresses.place(given["home"], gazetteer.qingdao()).point
        with call.once() as db:
            person = roster.hire(
                db,
                branch_id=given["branch"],
                work_number=given["work_number"],
                name=given["name"],
                phone=Phone.parse(given["phone"]).digits,
                home=home,
                skills={skill: level for skill, level in _levels(given["skills"]).items() if level},
            )
            done = call.leads_to("console.technician", technician_id=person.id)
    except Refusal as refusal:
        # The address's checks know their field by another name.
        field = "home" if refusal.field == "address" else refusal.field
        if field not in FIELDS:
            raise
        refusal.field = field
        return _again(filled.errors_of(refusal, *FIELDS))
    flash(gettext("已添加%(name)s，接着给他排班。", name=given["name"]), "ok")
    return done


@blueprint.post("/technicians/<int:technician_id>/disable")
@signed_in(*LEADERS)
def disable(technician_id: int) -> ResponseReturnValue:
    """Let him go; refused while visits are before him."""
    call.form(NoForm())
    try:
        with call.once() as db:
            check_own(db, technician_id)
            roster.disable(db, technician_id=technician_id, now=call.now())
            done = call.leads_to("console.technician", technician_id=technician_id)
    except roster.StillHasVisits as refusal:
        return refused(technician_id, filled.errors_of(refusal))
    flash(gettext("已停用，以后的班次已取消。"), "ok")
    return done


@blueprint.post("/technicians/<int:technician_id>/enable")
@signed_in(*LEADERS)
def enable(technician_id: int) -> ResponseReturnValue:
    """Take him back."""
    call.form(NoForm())
    with call.once() as db:
        check_own(db, technician_id)
        roster.enable(db, technician_id=technician_id)
        done = call.leads_to("console.technician", technician_id=technician_id)
    flash(gettext("已重新启用，请给他排班。"), "ok")
    return done


def _again(errors: Mapping[str, str]) -> ResponseReturnValue:
    branch_id = request.form.get("branch", type=int)
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        chosen = request.form.getlist("skills")
        page = _form(db, branch, typed=filled.typed(*FIELDS), chosen=chosen, errors=errors)
    return page, filled.STATUS


def _form(
    db: Session,
    branch: frame.Branch,
    *,
    typed: Mapping[str, str],
    chosen: Sequence[str],
    errors: Mapping[str, str],
) -> str:
    levels = {skill: int(level) for skill, _, level in (pair.partition(":") for pair in chosen)}
    return render_template(
        "console/technician_new.html",
        branch=branch,
        typed=typed,
        errors=errors,
        skills=_skills(db, levels),
        levels=[(level, gettext(word)) for level, word in LEVELS.items()],
    )


def _skills(db: Session, levels: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return every skill that some service needs or he has: code, services, level."""
    words = skill_words(db)
    return [
        (skill, words.get(skill, skill), levels.get(skill, 0))
        for skill in sorted(words.keys() | levels.keys())
    ]


def _certificates(pairs: Sequence[str], until: Sequence[str]) -> dict[str, date] | None:
    """Return the last days that are given, by skill; None of a form without. Raises BadField."""
    if not until:
        return None
    try:
        return {
            pair.partition(":")[0]: date.fromisoformat(last)
            for pair, last in zip(pairs, until, strict=False)
            if last
        }
    except ValueError as error:
        raise call.BadField(field="until", message=gettext("日期不对。")) from error


def _levels(pairs: Sequence[str]) -> dict[str, int]:
    return {skill: int(level) for skill, _, level in (pair.partition(":") for pair in pairs)}
