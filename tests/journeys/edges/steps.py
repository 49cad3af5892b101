"""The steps that these journeys share: the day is published, the technician presses, people are told."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select

from dispatch.models import Visit
from dispatch.states import VisitState
from kernel.actor import Actor
from kernel.db import transaction
from members import queries as members
from notifications.models import Message
from tests.house import MONDAY_NINE, tomorrow
from tests.journeys import clockwork
from tests.journeys.console.desk import Desk
from tests.journeys.console.life import TUESDAY_TEN, visit_of
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.technician.hands import Given, Hands

# The desk's own words in every form that asks for some.
WORDS = "门铃坏了，照片属实，业主一直在家"
STORY = "上午十点我一直在家，门铃坏了没有响。"


def at(app: Flask, *, hours: float = 0, minutes: float = 0) -> None:
    """Let the clock stand so long after Monday nine."""
    clockwork.stand_at(app, MONDAY_NINE + timedelta(hours=hours, minutes=minutes))


def at_the_window(app: Flask, *, minutes: float = 0) -> None:
    """Let the clock stand so long after tomorrow's window opens."""
    clockwork.stand_at(app, TUESDAY_TEN + timedelta(minutes=minutes))


def booking(phone: Phone, number: str) -> Page:
    """Open the member's page about his booking."""
    return phone.open(f"/c/bookings/{number}")


def case(desk: Desk, number: str) -> Page:
    """Open the desk's page about a booking."""
    return desk.open(f"/console/bookings/{number}")


def confirmed(phone: Phone, number: str) -> None:
    """Let the member say that he will be at home."""
    assert "已确认" in phone.send(booking(phone, number).form("/presence")).said("answer")


def publish(desk: Desk, *, branch_id: int = 1, day: date | None = None) -> Page:
    """Press the board's button, for tomorrow."""
    board = desk.open(f"/console/board?branch={branch_id}&day={day or tomorrow()}")
    return desk.send(board.form("/publish"))


def given(number: str) -> Given:
    """Return the booking's present visit as its technician has it."""
    visit: Visit = visit_of(number)
    return Given(visit.number, visit.id, number, visit.service_code)


def hands_of(app: Flask, number: str) -> Hands:
    """Return the phone of the technician who has the booking's visit."""
    technician_id = visit_of(number).technician_id
    assert technician_id is not None
    return Hands(app, technician_id)


def come(app: Flask, desk: Desk, number: str, *, to: VisitState) -> tuple[Hands, Given]:
    """Let tomorrow be published, and its technician press his way to that state as the window opens."""
    publish(desk)
    at_the_window(app)
    hands, work = hands_of(app, number), given(number)
    hands.come_to(work, to)
    return hands, work


def go(hands: Hands, work: Given, way: str) -> Page:
    """Let the technician go another way than the straight one, by its own page."""
    page = hands.open(f"/t/visits/{work.number}/ways/{way}")
    return hands.send(page.form(f"/ways/{way}"))


def messages(member: Actor) -> Sequence[str]:
    """Return what the member was told, the oldest first, each in one line."""
    with transaction(reads_only=True) as db:
        openid = members.member(db, member.id).openid
    return told_to(openid)


def told_to(openid: str) -> Sequence[str]:
    """Return what the person of that openid was told, in the same way."""
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(Message).where(Message.openid == openid).order_by(Message.id))
        return [" ".join((row.kind, *row.fields.values())) for row in rows]
