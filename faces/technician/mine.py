"""/t/me: his score with its parts, what he earned, what was recorded against him, what he declined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from flask import flash, render_template
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from booking import score_queries
from booking.score import FULL
from dispatch import queries
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.technician.acting import leads_away
from faces.technician.forms import AppealForm
from faces.technician.routes import blueprint
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.errors import Missing, Refusal
from kernel.money import Money
from kernel.words import msg
from members import ledger_queries, strike_queries
from members.ledger import EARNINGS, KIND_NAMES, REVERSAL, technician_owner
from members.operations import appeals
from members.policy import TEXT_MIN, AppealReason, AppealSubject
from members.rules import Measure
from members.states import AppealState, StrikeState
from members.strike_models import Appeal, Strike

LINES_MAX = 50
MEASURES: Mapping[Measure, tuple[str, str]] = MappingProxyType(
    {
        Measure.RATING: (msg("业主评价"), msg("%(count)s 次评价，另加 10 次 4.5 星一起平均")),
        Measure.ON_TIME: (msg("准时到达"), msg("%(count)s 户里 %(good)s 户准时")),
        Measure.FIRST_TIME_FIX: (msg("一次修好"), msg("%(count)s 户里 %(good)s 户一次完成")),
        Measure.RECORDS: (msg("记录齐全"), msg("照片、扫码、序列号 %(count)s 项里有 %(good)s 项")),
    }
)
STRIKE_STATES: Mapping[StrikeState, str] = MappingProxyType(
    {
        StrikeState.PENDING: msg("还没有生效"),
        StrikeState.CONTESTED: msg("申诉中，没有生效"),
        StrikeState.POSTED: msg("已生效"),
        StrikeState.WAIVED: msg("已撤销"),
        StrikeState.REVERSED: msg("已冲回"),
    }
)
APPEAL_STATES: Mapping[AppealState, str] = MappingProxyType(
    {
        AppealState.OPEN: msg("申诉中"),
        AppealState.PROPOSED: msg("申诉中，等第二位同事确认"),
        AppealState.UPHELD: msg("申诉成立"),
        AppealState.REJECTED: msg("申诉没有成立"),
    }
)
# Of the reasons that can be given, those that a technician may have.
REASONS: Mapping[AppealReason, str] = MappingProxyType(
    {
        AppealReason.TOLD_BEFORE: msg("已提前告诉调度"),
        AppealReason.WRONG_ADDRESS: msg("地址或路况的原因"),
        AppealReason.UNREACHABLE: msg("电话打不通的原因"),
        AppealReason.OTHER: msg("其他"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """One line of his statement; `key` is what an appeal names, "" for what cannot be contested."""

    what: str
    at: datetime
    amount: Money
    visit: str
    key: str
    is_reversed: bool
    appeal: Appeal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One strike against him, with the newest appeal about it."""

    strike: Strike
    appeal: Appeal | None
    may_appeal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One visit that he declined."""

    at: datetime
    day: datetime
    place: str
    reason: str


@blueprint.get("/me")
@signed_in(Role.TECHNICIAN)
def me() -> ResponseReturnValue:
    """Show all of it on one page."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        technician = queries.technician(db, by.id)
        owner = technician_owner(by.id)
        return render_template(
            "technician/me.html",
            technician=technician,
            score=score_queries.score_of(db, technician_id=by.id, now=now),
            full=FULL,
            measures=MEASURES,
            balance=Money(ledger_queries.balance(db, owner=owner, unit=EARNINGS)),
            earnings=_earnings(db, owner),
            recorded=_recorded(db, by, now),
            strike_states=STRIKE_STATES,
            appeal_states=APPEAL_STATES,
            declined=_declined(db, by.id),
        )


@blueprint.get("/me/appeals/<any(strike, earnings):kind>/<path:number>")
@signed_in(Role.TECHNICIAN)
def appeal(kind: str, number: str) -> ResponseReturnValue:
    """Ask what he says against it."""
    return _appeal_page(kind, number)


@blueprint.post("/me/appeals/<any(strike, earnings):kind>/<path:number>")
@signed_in(Role.TECHNICIAN)
def open_appeal(kind: str, number: str) -> ResponseReturnValue:
    """Open the appeal; another person decides it."""
    try:
        given = call.form(AppealForm())
        with call.once(again=lambda: leads_away("technician.me")) as db:
            _open(db, kind, number, given, by=call.actor(), now=call.now())
    except Missing:
        raise
    except Refusal as refusal:
        errors = {refusal.field or "act": sentence_of(refusal)}
        return _appeal_page(kind, number, errors=errors), status_of(refusal)
    flash(gettext("申诉已提交，由另一位同事决定，结果会用微信告诉您。"), "ok")
    return leads_away("technician.me")


def _open(
    db: Session, kind: str, number: str, given: Mapping[str, str], *, by: Actor, now: datetime
) -> None:
    if kind == AppealSubject.STRIKE:
        appeals.open_appeal(db, strike_number=number, by=by, now=now, **given)
        return
    branch_id = queries.technician(db, by.id).branch_id
    appeals.open_earnings_appeal(
        db, posting_key=number, branch_id=branch_id, by=by, now=now, **given
    )


def _appeal_page(
    kind: str, number: str, *, errors: Mapping[str, str] = MappingProxyType({})
) -> str:
    by = call.actor()
    with transaction(reads_only=True) as db:
        if kind == AppealSubject.STRIKE:
            strike = strike_queries.strike(db, number=number, by=by)
            about, at = gettext(KIND_NAMES[strike.kind.value]), strike.happened_at
        else:
            line = next(
                (each for each in _lines(db, technician_owner(by.id)) if each.key == number), None
            )
            if line is None:
                raise Missing
            about, at = gettext(KIND_NAMES[line.kind]), line.at
    return render_template(
        "technician/appeal.html",
        kind=kind,
        number=number,
        about=about,
        at=at,
        reasons=REASONS,
        least=TEXT_MIN,
        errors=errors,
    )


def _lines(db: Session, owner: str) -> Sequence[ledger_queries.Line]:
    return ledger_queries.lines(db, owner=owner, unit=EARNINGS, limit=LINES_MAX)


def _earnings(db: Session, owner: str) -> list[Earning]:
    return [
        Earning(
            what=gettext(KIND_NAMES.get(line.kind, line.kind)),
            at=line.at,
            amount=Money(line.amount),
            visit=line.evidence_number if line.evidence_kind == "visit" else "",
            key=line.key if line.amount < 0 and line.kind != REVERSAL else "",
            is_reversed=line.reversed_at is not None,
            appeal=_newest(db, AppealSubject.EARNINGS, line.key),
        )
        for line in _lines(db, owner)
    ]


def _recorded(db: Session, by: Actor, now: datetime) -> list[Recorded]:
    found = []
    for strike in strike_queries.strikes_of_technician(db, technician_id=by.id):
        about = _newest(db, AppealSubject.STRIKE, strike.number)
        stands = strike.state in (StrikeState.PENDING, StrikeState.POSTED)
        waits = about is not None and about.state in strike_queries.WAITING
        may = stands and not waits and now <= strike.contest_until
        found.append(Recorded(strike=strike, appeal=about, may_appeal=may))
    return found


def _newest(db: Session, kind: AppealSubject, number: str) -> Appeal | None:
    about = strike_queries.appeals_about(db, subject_kind=kind, subject_number=number)
    return about[-1] if about else None


def _declined(db: Session, technician_id: int) -> list[Refused]:
    pairs = queries.declined_by(db, technician_id)
    served = bookings.bookings_of_visits(db, [pair.visit_id for pair in pairs])
    kept = bookings.promises_of_visits(db, [pair.visit_id for pair in pairs])
    return [
        Refused(
            at=pair.at,
            day=kept[pair.visit_id].starts_at,
            place=served[pair.visit_id].compound,
            reason=pair.reason,
        )
        for pair in pairs
    ]
