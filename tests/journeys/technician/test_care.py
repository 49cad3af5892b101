"""Whom a technician looks after: listed as masked as nobody's visit is, noted and given a gift by his hand."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from booking.care import CareKind, Doer
from booking.models import Booking
from booking.operations import care
from booking.operations.care import Terms
from kernel.clock import local_date
from kernel.db import transaction
from members import collection_queries
from tests.house import DISPATCHER, MONDAY_NINE
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import Hands, given


def cared_for(crew: Crew, technician_id: int) -> str:
    terms = Terms(
        service_id=None,
        every_months=6,
        tips="滤网每两周冲一次",
        gift="滤网一片",
        doer=Doer.TECHNICIAN,
        technician_id=technician_id,
        due_on=local_date(MONDAY_NINE) - timedelta(days=2),
    )
    with transaction() as db:
        return care.make(
            db,
            member_id=crew.member.id,
            branch_id=1,
            kind=CareKind.CONTACT,
            terms=terms,
            by=DISPATCHER,
            now=MONDAY_NINE,
        ).number


def test_lists_whom_he_looks_after_and_what_came_of_it(
    app: Flask, crew: Crew, hands: Hands, colleague: Hands
) -> None:
    given(crew.member)
    number = cared_for(crew, crew.technician_id)

    assert "定期拜访 到期 1 户" in hands.open("/t/").text
    page = hands.open("/t/care")
    body = page.answer.get_data(as_text=True)
    assert "林** · 浮山后三小区 逾期 2 天" in page.text
    assert ("138****2046" in body, "13800002046" in body, "12-2-402" in body) == (
        True,
        False,
        False,
    )
    assert "这些天没有要您拜访的" in colleague.open("/t/care").text

    with transaction() as db:
        # The place of a booking long ago is dropped.
        db.execute(update(Booking).values(phone="", contact="", door=""))
    assert "138****2046" in hands.open("/t/care").text

    form = page.form(f"/t/care/turns/{number}")
    assert colleague.send(form, csrf_token=colleague.csrf_token).status == 404
    refused = hands.send(form, outcome="not_reached", gives_gift="1")
    assert (refused.status, "这次没有礼品可送" in refused.text) == (400, True)
    done = hands.send(
        refused.form(f"/t/care/turns/{number}"), outcome="reached", gives_gift="1", text="都好"
    )
    assert "已记下，下次 2027-05-23。" in done.answer.get_data(as_text=True)
    again = hands.send(page.form(f"/t/care/turns/{number}"), outcome="reached", gives_gift="1")

    assert (again.status, "刚有人记过结果" in again.text) == (409, True)
    with transaction(reads_only=True) as db:
        [gift] = collection_queries.all_of(db, member_id=crew.member.id)
    assert (gift.what, gift.staff_id) == ("滤网一片", None)
