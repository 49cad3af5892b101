"""What technicians are told of what was recorded about them. Safe to repeat: one row per event and kind."""

from datetime import datetime

from dispatch import queries as dispatch
from kernel.actor import SYSTEM
from kernel.clock import Clock
from kernel.db import Session, transaction
from kernel.events import Event
from members import strike_queries
from members.events import AppealDecided, StrikeOpened
from members.policy import AppealSubject
from notifications import messages
from notifications.reactions import tell
from notifications.saying import KEEPS_FOR


def on_strike_opened(event: Event, clock: Clock) -> None:
    """Tell a technician what was recorded about him, and that he may contest it (M10); a member reads
    it with the visit that failed."""
    assert isinstance(event, StrikeOpened)
    if not event.technician_id:
        return
    with transaction() as db:
        strike = strike_queries.strike(db, number=event.strike_number, by=SYSTEM)
        _tell_technician(
            db,
            "M10",
            event.technician_id,
            visit_number=strike.evidence.get("visit", ""),
            key=event.strike_number,
            fields=messages.notice(
                service=messages.ACCOUNT,
                time=messages.moment(strike.happened_at),
                about="师傅未到，记一次违约",
                tip="24 小时后生效，7 天内可申诉",
            ),
            now=clock.now(),
        )


def tell_of_appeal(event: AppealDecided, *, now: datetime) -> None:
    """Tell him what came of his appeal (M19)."""
    with transaction() as db:
        # Of earnings, the posting names the visit.
        visit_number = event.subject_number.rpartition(":")[2]
        if event.subject_kind == AppealSubject.STRIKE:
            strike = strike_queries.strike(db, number=event.subject_number, by=SYSTEM)
            visit_number = strike.evidence.get("visit", "")
        _tell_technician(
            db,
            "M19",
            event.technician_id,
            visit_number=visit_number,
            key=event.appeal_number,
            fields=messages.notice(
                service=messages.ACCOUNT,
                time=messages.moment(event.at),
                about="申诉成立" if event.upheld else "申诉没有成立",
                tip="理由请点开查看",
            ),
            now=now,
        )


def _tell_technician(
    db: Session,
    kind: str,
    technician_id: int,
    *,
    visit_number: str,
    key: str,
    fields: dict[str, str],
    now: datetime,
) -> None:
    """Queue a message about one of his visits, which leads to his own page; what is about none he reads
    there alone."""
    if not visit_number:
        return
    tell(
        db,
        kind=kind,
        openid=dispatch.technician(db, technician_id).openid or "",
        about=f"visit:{visit_number}",
        key=key,
        fields=fields,
        path="/t/me",
        not_after=now + KEEPS_FOR,
        now=now,
    )
