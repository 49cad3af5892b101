"""/console/appeals: who contests what, and the decision of somebody who had no hand in it."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking.operations import closing
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, bookings, frame, life_words
from faces.console.acting import NO_FAILURE, Failure
from faces.console.case_forms import AppealsQuery, DecideForm
from faces.console.cases import case_of, names_of
from faces.console.paging import Page
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.actor import SYSTEM
from kernel.db import Session, transaction
from kernel.errors import Missing
from members import ledger, ledger_queries, queries, rule_queries, strike_queries
from members.policy import REASON_NAMES, AppealReason, AppealSubject
from members.states import AppealState, StrikeState


@blueprint.get("/appeals")
@signed_in(*READERS)
def appeals() -> ResponseReturnValue:
    """List the queue: appeals that wait, those decided, blacklistings to look at, second persons."""
    wanted = call.query(AppealsQuery())
    by, show = call.actor(), wanted["show"]
    page = Page(number=wanted["page"])
    part = {"limit": page.size, "offset": page.offset}
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows: Any = ()
        reviews, reviews_total = strike_queries.reviews(db, by=by, **part)
        releases = strike_queries.overrides_waiting(db, by=by)
        _, waiting_total = strike_queries.appeals(db, by=by, limit=1)
        if show in ("open", "decided"):
            rows, page.total = strike_queries.appeals(
                db, by=by, is_waiting=show == "open", subject_kind=wanted["kind"], **part
            )
        else:
            page.total = reviews_total if show == "reviews" else len(releases)
        context = {
            "rows": rows,
            "reviews": reviews,
            "releases": releases,
            "counts": {
                "open": waiting_total,
                "reviews": reviews_total,
                "releases": len(releases),
            },
            **_people(db, [*rows, *reviews, *releases]),
            "names": names_of(db, {row.actor_id for row in releases}),
        }
    return render_template(
        "console/appeals.html",
        wanted=wanted,
        words=life_words,
        reason_word=_reason_word,
        now=call.now(),
        subjects=[(key.value, gettext(word)) for key, word in life_words.SUBJECTS.items()],
        page_=page,
        **context,
    )


@blueprint.get("/appeals/<number>")
@signed_in(*READERS)
def appeal(number: str) -> ResponseReturnValue:
    """Show what is contested with its evidence, and what a decision would do."""
    return _page(number, NO_FAILURE)


@blueprint.post("/appeals/<number>/decide")
@signed_in(*WRITERS)
def decide_appeal(number: str) -> ResponseReturnValue:
    """Decide; the words go to the person as they are."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        decided = closing.decide(
            db,
            appeal_number=number,
            upheld=given["upheld"],
            words=given["words"],
            by=call.actor(),
            now=call.now(),
        )
        if decided.decided_at is None:
            return gettext("您已同意解除，等另一位同事决定。")
        return gettext("已决定，结果和理由会用微信告诉本人。")

    return acting.perform(
        "decide",
        DecideForm(),
        effect,
        to="console.appeal",
        page=lambda failed: _page(number, failed),
        number=number,
    )


@blueprint.get("/appeals/<number>/photos/<sha256>")
@signed_in(*READERS)
def appeal_photo(number: str, sha256: str) -> ResponseReturnValue:
    """Send one photo that the person added."""
    with transaction(reads_only=True) as db:
        found = strike_queries.appeal(db, number=number, by=call.actor())
    if sha256 not in found.photos:
        raise Missing
    return bookings.send_photo(sha256)


def _page(number: str, failed: Failure) -> str:
    by = call.actor()
    with transaction(reads_only=True) as db:
        found = strike_queries.appeal(db, number=number, by=by)
        frame.enter(db, branch_id=_branch(found.branch_id))
        is_open = found.state in strike_queries.WAITING
        staff = {found.decided_by_id or 0, found.proposed_by_id or 0, *found.barred}
        context = {
            "appeal": found,
            "is_open": is_open,
            "is_barred": by.id in found.barred,
            "is_first": found.state is AppealState.PROPOSED and found.proposed_by_id == by.id,
            "before": [
                row
                for row in strike_queries.appeals_about(
                    db, subject_kind=found.subject_kind, subject_number=found.subject_number
                )
                if row.id != found.id
            ],
            "names": names_of(db, staff),
            **_people(db, [found]),
            **_subject(db, found),
        }
        return render_template(
            "console/appeal.html",
            failed=failed,
            words=life_words,
            reason=_reason_word(found.reason),
            now=call.now(),
            **context,
        )


def _reason_word(reason: str) -> str:
    known = set(AppealReason)
    return gettext(REASON_NAMES[AppealReason(reason)]) if reason in known else reason


def _branch(branch_id: int | None) -> int | None:
    return branch_id if branch_id is not None and call.actor().sees_branch(branch_id) else None


def _people(db: Session, rows: list[Any]) -> dict[str, Any]:
    """Return the members and technicians that the rows are about, by id."""
    member_ids = [row.member_id for row in rows if row.member_id]
    technician_ids = [i for row in rows if (i := getattr(row, "technician_id", None))]
    return {
        "members": queries.members_by_id(db, member_ids),
        "technicians": dispatch.technicians_by_id(db, technician_ids),
    }


def _subject(db: Session, found: Any) -> dict[str, Any]:
    """Return what is contested, and what each of the two decisions would do."""
    shown: dict[str, Any] = {"case": None, "listing": None, "posting": None, "history": None}
    kind, number = found.subject_kind, found.subject_number
    if kind is AppealSubject.STRIKE:
        shown["case"] = case_of(db, strike_queries.strike(db, number=number, by=SYSTEM))
    elif kind is AppealSubject.BLACKLISTING:
        listing = strike_queries.blacklisting(db, number=number, by=SYSTEM)
        rules = rule_queries.of(db, listing.rules_version)
        shown |= {"listing": listing, "within_days": rules.blacklist_within.days}
    elif kind is AppealSubject.BOOKING:
        fees = ledger_queries.fees_of(db, member_id=found.member_id, booking_number=number)
        shown["fees"] = sum(points for _, points in fees)
    elif kind is AppealSubject.EARNINGS:
        shown["posting"] = ledger_queries.posting_of(db, number)
        shown["posting_word"] = _posting_word(shown["posting"])
    if found.member_id is not None:
        past = strike_queries.strikes_of(db, member_id=found.member_id)
        shown["history"] = {
            "completed": ledger_queries.completions(db, found.member_id),
            "strikes": sum(row.state is StrikeState.POSTED for row in past),
            "undone": sum(row.state in (StrikeState.WAIVED, StrikeState.REVERSED) for row in past),
        }
        shown["standing"] = queries.standing_of(
            db, found.member_id, branch_id=found.branch_id, now=call.now()
        )
    return shown


def _posting_word(posting: Any) -> str:
    return gettext(ledger.KIND_NAMES.get(posting.kind, posting.kind)) if posting else ""
