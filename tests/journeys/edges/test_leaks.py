"""A question is shown with its numbers hidden, and what came of it stands beside it."""

from datetime import timedelta

from flask import Flask

from booking.feedback import Topic
from booking.operations import feedback
from dispatch.states import VisitState
from kernel.db import transaction
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.life import TUESDAY_TEN
from tests.journeys.consumer import steps
from tests.journeys.consumer.pages import Phone
from tests.journeys.edges.steps import booking, come


def test_a_question_is_answered(app: Flask, town: Town, phone: Phone, desk_of: DeskOf) -> None:
    manager = desk_of("manager")
    number = steps.book(phone)
    come(app, manager, number, to=VisitState.WORK_DONE)
    clockwork.stand_at(app, TUESDAY_TEN + timedelta(hours=1))
    phone.send(booking(phone, number).form("/sign"))
    with transaction() as db:
        feedback.complain(
            db,
            booking_number=number,
            topic=Topic.MANNER,
            text="师傅留了电话 13800002046",
            by=town.member,
            now=TUESDAY_TEN + timedelta(hours=1),
        )

    page = manager.open("/console/leaks")
    assert "师傅留了电话 138****2046" in page.text
    answered = manager.send(page.form("/leaks"), answer="explained", text="会员自己要的")

    assert "有解释 · 会员自己要的" in answered.text
    assert desk_of("dispatcher").open("/console/leaks").status == 403
