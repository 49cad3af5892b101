"""A strike as its member reads it: what was recorded, what follows, and how to contest it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries
from dispatch.policy import WAIT
from faces.chrome import call
from faces.chrome.filters import clock_text, gettext, length_text, window_text
from faces.chrome.sign_in import signed_in
from faces.consumer import pictures, words
from faces.consumer.routes import blueprint
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.money import ZERO, Money
from members import queries as members
from members import rule_queries, strike_queries
from members.policy import REASON_NAMES, ROUNDS_MAX, AppealReason, AppealSubject
from members.risk import KIND_NAMES, Standing, StrikeKind
from members.states import AppealState, StrikeState

_METRES = "metres"
_SHA256 = "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was recorded, with its time."""

    picture: str
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed:
    """An appeal as its member reads it."""

    number: str
    state: AppealState
    reason: str
    text: str
    photos: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    decided_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """One strike with all that its page says."""

    number: str
    kind: str
    name: str
    state: StrikeState
    happened_at: datetime
    posts_at: datetime
    contest_until: datetime
    posted_at: datetime | None
    points: int
    booking: str
    draft_service: str
    service: str
    starts_at: datetime
    ends_at: datetime
    facts: tuple[Fact, ...]
    photos: tuple[str, ...]
    appeals: tuple[Appealed, ...]
    may_appeal: bool
    # What follows once it is posted.
    deposit: Money
    stops_days: int
    # How long it counts.
    fades_days: int

    @property
    def appeal_waits(self) -> bool:
        return any(a.state in strike_queries.WAITING for a in self.appeals)


@blueprint.get("/strikes/<number>")
@signed_in(Role.MEMBER)
def strike_page(number: str) -> ResponseReturnValue:
    """Show the record, without blame: the facts, the consequences, the way to contest it."""
    with transaction(reads_only=True) as db:
        strike = read(db, number=number, by=call.actor(), now=call.now())
    return render_template("consumer/strike.html", strike=strike)


def read(db: Session, *, number: str, by: Actor, now: datetime) -> Struck:
    """Return the member's strike. Raises StrikeMissing."""
    row = strike_queries.strike(db, number=number, by=by)
    booking = queries.booking(db, number=row.booking_number, by=by)
    service = queries.services_by_id(db)[booking.service_id]
    about = appeals_about(db, kind=AppealSubject.STRIKE, number=row.number)
    steps = strike_queries.strike_steps(db, row.id)
    confirmed = [s.at for s in queries.steps(db, booking.id) if s.action == "confirm"]
    is_open = row.state in strike_queries.NOT_POSTED_YET
    after = (
        members.standing_if_posted(db, by.id, branch_id=row.branch_id, now=now) if is_open else None
    )
    return Struck(
        number=row.number,
        kind=row.kind.value,
        name=gettext(KIND_NAMES[row.kind]),
        state=row.state,
        happened_at=row.happened_at,
        posts_at=row.posts_at,
        contest_until=row.contest_until,
        posted_at=next((s.at for s in steps if s.action == "post"), None),
        points=row.points,
        booking=row.booking_number,
        draft_service=service.code,
        service=service.name,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        facts=tuple(_facts(row.kind, row.evidence, confirmed=confirmed, now=now)),
        photos=tuple(_photos(row.evidence)),
        appeals=about,
        may_appeal=row.state in (StrikeState.PENDING, StrikeState.POSTED)
        and now <= row.contest_until
        and may_appeal(about),
        deposit=after.deposit if after else ZERO,
        fades_days=rule_queries.governing(db, row).fades_after.days,
        stops_days=_stops_days(after, now=now),
    )


def appeals_about(db: Session, *, kind: AppealSubject, number: str) -> tuple[Appealed, ...]:
    """Return the appeals about one thing, the newest first."""
    rows = strike_queries.appeals_about(db, subject_kind=kind, subject_number=number)
    return tuple(
        Appealed(
            number=row.number,
            state=row.state,
            reason=gettext(REASON_NAMES[AppealReason(row.reason)]),
            text=row.text,
            photos=tuple(pictures.token_of(sha256) for sha256 in row.photos),
            opened_at=row.opened_at,
            due_at=row.due_at,
            decided_at=row.decided_at,
            words=row.words if row.decided_at else "",
        )
        for row in reversed(rows)
    )


def may_appeal(about: Sequence[Appealed]) -> bool:
    """Tell whether one more appeal may be made about what those were about."""
    is_settled = any(
        a.state in strike_queries.WAITING or a.state is AppealState.UPHELD for a in about
    )
    return not is_settled and len(about) < ROUNDS_MAX


def _stops_days(after: Standing | None, *, now: datetime) -> int:
    """Return for how many days bookings would stop if what waits were posted; 0 for not at all."""
    if after is None or after.blacklisted_until is None:
        return 0
    return (after.blacklisted_until - now).days


def _facts(
    kind: StrikeKind, evidence: Mapping[str, Any], *, confirmed: Sequence[datetime], now: datetime
) -> list[Fact]:
    if kind is StrikeKind.LATE_CANCEL:
        return _of_cancel(evidence, now=now)
    found = [*_of_door(evidence), *_of_wait(evidence)]
    if confirmed:
        what = gettext("%(time)s 您确认过在家", time=words.moment(confirmed[-1], now=now))
        found.append(Fact(picture="check", what=what, note=gettext("来自您的微信")))
    return found


def _of_cancel(evidence: Mapping[str, Any], *, now: datetime) -> list[Fact]:
    at, starts_at = _instant(evidence, "cancelled_at"), _instant(evidence, "starts_at")
    if at is None or starts_at is None:
        return []
    left = length_text(max(0, int((starts_at - at).total_seconds())))
    return [
        Fact(
            picture="calendar-x",
            what=gettext("%(time)s 您取消了预约", time=words.moment(at, now=now)),
            note=gettext("距上门时段还有 %(left)s，规则是至少提前 2 小时", left=left),
        )
    ]


def _of_door(evidence: Mapping[str, Any]) -> list[Fact]:
    proofs = [proof for proof in evidence.get("proofs", ()) if isinstance(proof, Mapping)]
    arrived_at = _instant(evidence, "arrived_at")
    found = []
    if arrived_at is not None:
        arrival = next((proof for proof in proofs if proof.get("kind") == "arrival"), {})
        found.append(
            Fact(
                picture="map-pin-check",
                what=gettext("%(time)s 到达", time=clock_text(arrived_at)),
                note=_arrival_note(arrival),
            )
        )
    calls = [_instant(proof, "at") for proof in proofs if proof.get("kind") == "call"]
    times = gettext("、").join(clock_text(at) for at in calls if at)
    if times:
        what = gettext("%(times)s 来电", times=times)
        note = gettext("共 %(n)s 次，没有接通", n=len(calls))
        found.append(Fact(picture="phone-off", what=what, note=note))
    for proof in proofs:
        at = _instant(proof, "at")
        if proof.get("kind") == "message" and at is not None:
            what = gettext("%(time)s 发出消息", time=clock_text(at))
            found.append(Fact(picture="message", what=what))
    return found


def _arrival_note(proof: Mapping[str, Any]) -> str:
    if _METRES in proof:
        return gettext("定位距您门牌 %(metres)s 米", metres=proof[_METRES])
    return gettext("门口照片 1 张") if _SHA256 in proof else ""


def _of_wait(evidence: Mapping[str, Any]) -> list[Fact]:
    arrived_at, left_at = _instant(evidence, "arrived_at"), _instant(evidence, "left_at")
    if arrived_at is None or left_at is None:
        return []
    waited = int((left_at - arrived_at).total_seconds() // 60)
    window = window_text(arrived_at, left_at)
    return [
        Fact(
            picture="clock-pause",
            what=gettext("%(window)s 等候 %(n)s 分钟", window=window, n=waited),
            note=gettext("规则为至少 %(n)s 分钟", n=int(WAIT.total_seconds() // 60)),
        )
    ]


def _photos(evidence: Mapping[str, Any]) -> list[str]:
    proofs = [proof for proof in evidence.get("proofs", ()) if isinstance(proof, Mapping)]
    return [pictures.token_of(str(proof[_SHA256])) for proof in proofs if _SHA256 in proof]


def _instant(facts: Mapping[str, Any], name: str) -> datetime | None:
    text = facts.get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None
