"""The check list on the technician's page: ticked there, asked for before 完工."""

import pytest

from booking.models import Service
from dispatch.states import VisitState
from kernel.db import transaction
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import Given, Hands, a_photo, given, state_of

POINTS = ["支架固定牢", "排水不漏"]


@pytest.fixture
def work(crew: Crew, hands: Hands) -> Given:
    with transaction() as db:
        [service] = db.query(Service).all()
        service.checks, service.shots = list(POINTS), ["装好后的全景"]
    found = given(crew.member)
    hands.come_to(found, VisitState.IN_SERVICE)
    return found


def test_he_ticks_every_point_before_the_work_is_done(hands: Hands, work: Given) -> None:
    hands.upload(work, [a_photo()])
    page = hands.visit(work)
    assert "完工 · 检查还差 2 项" in page.text
    assert "要拍：装好后的全景" in page.text

    early = hands.press(work, "finish")
    assert early.status_code == 422
    assert "完工 · 检查还差 2 项。" in early.get_data(as_text=True)

    fields = {"csrf_token": hands.csrf_token, "point": POINTS}
    ticked = hands.client.post(
        f"/t/visits/{work.number}/checks", data=fields, base_url="https://doorbell.localhost"
    )
    assert ticked.status_code == 303
    assert "2 项，全部检查过" in hands.visit(work).text
    assert hands.press(work, "finish").status_code == 200
    assert state_of(work) is VisitState.WORK_DONE


def test_a_page_from_before_cannot_tick_what_is_gone(hands: Hands, work: Given) -> None:
    answer = hands.press(work, "checks", fields={"point": "从前的一项"})

    assert answer.status_code == 422
    assert "检查单已经更新" in answer.get_data(as_text=True)
