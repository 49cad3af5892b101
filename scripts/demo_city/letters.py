"""The messages that went out: one for each event that people hear of, all of them sent."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from booking.events import BookingBooked, BookingCompleted, WorkFinished
from dispatch.events import VisitArrived, VisitAssigned, VisitDeparted
from dispatch.models import Technician
from kernel.clock import instant_at
from kernel.db import Session
from kernel.events import Event
from members.ledger import points_earned
from members.rule_text import RULES
from notifications import messages
from notifications.models import Message
from notifications.reactions import key_of_assignment, surname
from scripts.demo_city.records import Written
from scripts.demo_city.stage import dice

FIRST_MSGID = 3_800_000_000_000_000_000
SENDING_S = (1, 5)
Fields = dict[str, str]


class Letters:
    """Hears events in their order and writes what the members were told of them."""

    def __init__(self, technicians: Mapping[int, Technician]) -> None:
        self._technicians = technicians
        self._balances: dict[int, int] = defaultdict(int)
        self._rows: list[dict[str, Any]] = []
        self._throw: Random = dice("letters")

    def hear(self, event: Event, about: Written) -> None:
        """Write the message that the event makes; most make none."""
        number = about.booking.number
        match event:
            case BookingBooked():
                self._tell(about, "M1", number, self._booked(about), event.at)
            case VisitAssigned():
                key = key_of_assignment(number, event)
                self._tell(about, "M5", key, self._assigned(about), event.at)
            case VisitDeparted():
                self._tell(about, "M7", number, self._departed(about, event), event.at)
            case VisitArrived():
                self._tell(about, "M12", number, self._arrived(about, event), event.at)
            case WorkFinished():
                self._tell(
                    about, "M16", str(about.visit.id), self._finished(about, event), event.at
                )
            case BookingCompleted():
                self._tell(about, "M17", number, self._completed(about, event), event.at)

    def write(self, db: Session) -> None:
        """Write every message into the log."""
        if self._rows:
            db.execute(insert(Message), self._rows)

    def _booked(self, about: Written) -> Fields:
        booking = about.booking
        return messages.booked(
            service=about.story.wish.ware.name,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            place=_place(about),
        )

    def _assigned(self, about: Written) -> Fields:
        booking, technician = about.booking, self._technician(about)
        return messages.assigned(
            service=about.story.wish.ware.name,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            technician=surname(technician.name),
            work_number=technician.work_number,
        )

    def _departed(self, about: Written, event: VisitDeparted) -> Fields:
        return messages.departed(
            technician=surname(self._technician(about).name),
            eta=instant_at(event.day, event.eta_s),
            place=_place(about),
        )

    def _arrived(self, about: Written, event: VisitArrived) -> Fields:
        return messages.arrived(
            technician=surname(self._technician(about).name), at=event.at, place=_place(about)
        )

    def _finished(self, about: Written, event: WorkFinished) -> Fields:
        return messages.notice(
            service=about.story.wish.ware.name,
            time=messages.moment(event.at),
            about=_place(about),
            tip="请点开验收，24 小时后自动验收",
        )

    def _completed(self, about: Written, event: BookingCompleted) -> Fields:
        points = points_earned(about.booking.price, rules=RULES)
        self._balances[event.member_id] += points
        return messages.completed(
            service=about.story.wish.ware.name,
            at=event.at,
            points=points,
            balance=self._balances[event.member_id],
        )

    def _technician(self, about: Written) -> Technician:
        return self._technicians[about.technician.id]

    def _tell(self, about: Written, kind: str, key: str, fields: Fields, at: datetime) -> None:
        number = about.booking.number
        sent_at = at + timedelta(seconds=self._throw.randint(*SENDING_S))
        self._rows.append(
            {
                "dedupe_key": f"{kind}:{key}",
                "kind": kind,
                "openid": about.story.wish.household.openid,
                "about": f"booking:{number}",
                "fields": fields,
                "path": f"/c/bookings/{number}",
                "made_at": at,
                "sent_at": sent_at,
                "maybe_sent_s": sent_at.timestamp(),
                "msgid": str(FIRST_MSGID + len(self._rows)),
                "outcome": "success",
                "error": "",
                "state": "sent",
                "due_s": sent_at.timestamp(),
                "lease_until_s": 0.0,
                "fence": 1,
                "attempts": 1,
            }
        )


def _place(about: Written) -> str:
    return messages.place(compound=about.booking.compound, door=about.booking.door)
