"""/console/members: search, and one member with tier, ledger, strikes, appeals and blacklist."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import asset_queries, code_queries, member_queries, waiting_queries
from booking import queries as bookings
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import care, frame, ladder, life_words, member_ledger, merging, tags
from faces.console.acting import NO_FAILURE, Failure
from faces.console.case_forms import MemberQuery, MembersQuery
from faces.console.cases import case_of, names_of
from faces.console.forms import NoForm
from faces.console.paging import Page
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Invalid
from members import (
    contact_queries,
    ledger,
    ledger_proof,
    ledger_queries,
    policy,
    queries,
    rule_queries,
    strike_queries,
)
from members.contacts import ROLE_NAMES
from members.merging import WHY_MAX
from members.risk import TIER_NAMES

LIST_SIZE = 20
LINES_MAX = 20
BOOKINGS_MAX = 12


@blueprint.get("/members")
@signed_in(*READERS)
def members() -> ResponseReturnValue:
    """List members, the newest first; a person belongs to no branch, so a search finds everybody."""
    wanted = call.query(MembersQuery())
    page = Page(number=wanted["page"], size=LIST_SIZE)
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = queries.search(
            db, by=call.actor(), text=wanted["q"], limit=page.size, offset=page.offset
        )
        ids = [row.id for row in rows]
        branches = member_queries.branches_of_members(db, ids)
        standings = queries.standings_of(db, rows, branches=branches, now=call.now())
        points = ledger_queries.points_balances(db, ids)
        listed = [(row, standings[row.id], points[row.id]) for row in rows]
    return render_template(
        "console/members.html", rows=listed, tiers=TIER_NAMES, wanted=wanted, page_=page
    )


@blueprint.get("/members/<number>")
@signed_in(*READERS)
def member(number: str) -> ResponseReturnValue:
    """Show one member."""
    return page(number, NO_FAILURE)


@blueprint.post("/members/<number>/phone")
@signed_in(*WRITERS)
def member_phone(number: str) -> ResponseReturnValue:
    """Show the whole phone number, once; that it was looked at is written down."""
    call.form(NoForm())
    with call.once(again=lambda: _phone(number)) as db:
        queries.member_by_number(db, number=number, by=call.actor())
    return _phone(number)


def _phone(number: str) -> str:
    with transaction(reads_only=True) as db:
        found = queries.member_by_number(db, number=number, by=call.actor())
    return render_template("console/member_phone.html", member=found)


def page(number: str, failed: Failure) -> str:
    """Return the member's page; after a refused act, with its sentence. Raises MemberMissing."""
    try:
        wanted = call.query(MemberQuery())
    except Invalid:
        wanted = {"unit": ledger.POINTS, "before": None, "proof": False}
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found = queries.member_by_number(db, number=number, by=by)
        frame.enter(db)
        branch_id = bookings.branch_of_member(db, found.id)
        standing = queries.standing_of(db, found.id, branch_id=branch_id, now=now)
        return render_template(
            "console/member.html",
            member=found,
            standing=standing,
            rungs=ladder.rungs(standing, bookings.rules_of_member(db, found.id)),
            rises=ladder.rises(
                standing,
                queries.standing_if_posted(db, found.id, branch_id=branch_id, now=now),
                waiting=_waiting_strikes(db, found.id),
            ),
            balance=ledger_queries.points_balance(db, found.id),
            vouchers=ledger_queries.compensation_balance(db, found.id),
            completed=ledger_queries.completions(db, found.id),
            touches=queries.touches(db, found.id),
            scene_word=partial(_scene_word, code_queries.names(db)),
            failed=failed,
            words=life_words,
            services=bookings.services_by_id(db),
            unit=wanted["unit"],
            proof=ledger_proof.prove(db, now=now, owner=ledger.member_owner(found.id))
            if wanted["proof"]
            else None,
            units=member_ledger.UNITS,
            broken=member_ledger.BROKEN,
            **_account(db, found.id, wanted["unit"], wanted["before"]),
            **_cases(db, found.id),
            **_erasure(db, found.id),
            **_things(db, found.id),
            **tags.worn(db, found.id),
            care=care.of_member(db, found.id),
            **merging.shown(db, found),
            household=contact_queries.contacts_of(db, found.id),
            role_names=ROLE_NAMES,
        )


def _scene_word(names: Mapping[str, str], scene: str) -> str:
    """Return which code was scanned by its name, an unknown one as it is; "" is none."""
    return names.get(scene, scene) or gettext("自己关注")


def _account(db: Session, member_id: int, unit: str, before: int | None) -> dict[str, Any]:
    """Return a page of one of his accounts, newest first."""
    if unit == ledger.POINTS:
        said = strike_queries.statement(db, member_id=member_id, limit=LINES_MAX, before=before)
        lines, pending, older = list(said.lines), said.pending, said.before
    else:
        owner = ledger.member_owner(member_id)
        lines = list(
            ledger_queries.lines(db, owner=owner, unit=unit, limit=LINES_MAX + 1, before=before)
        )
        older = lines[LINES_MAX - 1].place if len(lines) > LINES_MAX else None
        lines, pending = lines[:LINES_MAX], ()
    return {
        "lines": lines,
        "pending": pending,
        "older": older,
        "kind_word": lambda kind: gettext(ledger.KIND_NAMES.get(kind, kind)),
    }


def _cases(db: Session, member_id: int) -> dict[str, Any]:
    """Return his strikes, appeals and blacklistings, as far as they are in the actor's scope."""
    by, now = call.actor(), call.now()
    strikes = [
        case_of(db, row)
        for row in strike_queries.strikes_of(db, member_id=member_id)
        if policy.sees(by, row.branch_id)
    ]
    listed = [
        row
        for row in strike_queries.blacklistings_of(db, member_id=member_id)
        if policy.sees(by, row.branch_id)
    ]
    contested = [
        appeal
        for row in listed
        for appeal in strike_queries.appeals_about(
            db, subject_kind=policy.AppealSubject.BLACKLISTING, subject_number=row.number
        )
    ]
    overrides = strike_queries.overrides_of(db, member_id=member_id)
    waiting = strike_queries.overrides_waiting(db, by=by, member_id=member_id)
    staff = {row.actor_id for row in overrides} | {row.reviewed_by_id or 0 for row in listed}
    staff |= {step.actor_id for case in strikes for step in case.steps}
    return {
        "strikes": strikes,
        "known": {
            case.row.booking_number
            for case in strikes
            if bookings.by_number(db, case.row.booking_number) is not None
        },
        "appeals": [*contested, *(appeal for case in strikes for appeal in case.appeals)],
        "blacklistings": listed,
        "within_days": {
            row.id: rule_queries.of(db, row.rules_version).blacklist_within.days for row in listed
        },
        "is_blacklisted": bool(
            strike_queries.blacklistings_in_force(db, member_id=member_id, now=now)
        ),
        "overrides": overrides,
        "waiting": waiting,
        "names": names_of(db, staff),
        "me": by.id,
        "fades_days": bookings.rules_of_member(db, member_id).fades_after.days,
    }


def _erasure(db: Session, member_id: int) -> dict[str, Any]:
    """Return what was asked about forgetting him, and by whom."""
    asked = queries.erasure_asked(db, member_id)
    return {
        "erasure": asked,
        "erasure_by": names_of(db, {asked.asked_by_id}).get(asked.asked_by_id, "") if asked else "",
        "why_max": WHY_MAX,
    }


def _things(db: Session, member_id: int) -> dict[str, Any]:
    """Return his bookings in the actor's branches, his appliances and his places in lines."""
    by = call.actor()
    assets = asset_queries.assets_of(db, member_id)
    found = [
        row
        for row in bookings.bookings_of(db, member_id, limit=50)
        if by.sees_branch(row.branch_id)
    ]
    return {
        "bookings": found[:BOOKINGS_MAX],
        "bookings_count": len(found),
        "assets": assets,
        "models": asset_queries.models_by_id(db, [a.model_id for a in assets if a.model_id]),
        "lines_waited": [
            row for row in waiting_queries.open_of(db, member_id) if by.sees_branch(row.branch_id)
        ],
    }


def _waiting_strikes(db: Session, member_id: int) -> int:
    return sum(
        row.state in strike_queries.NOT_POSTED_YET
        for row in strike_queries.strikes_of(db, member_id=member_id)
    )
