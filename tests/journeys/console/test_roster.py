"""Technicians at the console: shifts, leave, skills, taking on and letting go."""

import pytest
from flask import Flask

from dispatch import queries
from kernel.actor import Role
from kernel.db import transaction
from tests.house import tomorrow
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise


@pytest.fixture
def person(town: Town) -> str:
    """The page of him who has tomorrow's visit."""
    a_promise(town.member)
    with transaction(reads_only=True) as db:
        [visit] = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow()).values()
        times = queries.times_of(db, visit)
    assert times is not None
    return f"/console/technicians/{times.technician_id}"


class TestTheTechniciansPage:
    def test_shows_his_days_his_score_and_his_skills(self, desk: Desk, person: str) -> None:
        page = desk.open(person)

        assert page.status == 200
        assert "08:00–18:00" in page.text
        assert "90 天评分" in page.text
        assert "空调装" in page.text

    def test_of_another_branch_is_missing(self, desk_of: DeskOf, person: str) -> None:
        stranger = desk_of("elsewhere")

        assert stranger.open(person).status == 404
        assert stranger.open(f"{person}/shifts/{tomorrow()}").status == 404
        assert stranger.post(f"{person}/shifts/{tomorrow()}", SHIFT).status == 404
        assert stranger.post(f"{person}/call-back", {"day": str(tomorrow())}).status == 404

    def test_lets_an_auditor_only_read(self, desk_of: DeskOf, person: str) -> None:
        auditor = desk_of("auditor")

        assert auditor.open(person).status == 200
        assert auditor.post(f"{person}/shifts/{tomorrow()}", SHIFT).status == 403


SHIFT = {"opens": "09:00", "shuts": "17:00"}


class TestAShift:
    def test_is_changed(self, desk: Desk, person: str) -> None:
        form = desk.open(f"{person}/shifts/{tomorrow()}").form(f"/shifts/{tomorrow()}")

        after = desk.send(form, opens="09:00", shuts="17:00")

        assert "09:00–17:00" in after.text

    def test_that_would_break_a_promise_is_refused_and_names_it(
        self, desk: Desk, person: str
    ) -> None:
        page = desk.post(f"{person}/shifts/{tomorrow()}", {"opens": "14:00", "shuts": "18:00"})

        assert page.status == 422
        assert "空调装 浮山后三小区" in page.text
        assert "请先改派" in page.text

    def test_says_at_the_field_what_is_wrong(self, desk: Desk, person: str) -> None:
        page = desk.post(f"{person}/shifts/{tomorrow()}", {"opens": "25:00", "shuts": "18:00"})

        assert page.status == 422
        assert page.said("field-opens-error")

    def test_with_visits_cannot_be_taken_away(self, desk: Desk, person: str) -> None:
        page = desk.post(f"{person}/shifts/{tomorrow()}/remove")

        assert page.status == 422
        assert "还有 1 单" in page.text

    def test_on_no_day_is_missing(self, desk: Desk, person: str) -> None:
        assert desk.open(f"{person}/shifts/yesterday").status == 404


class TestLeave:
    LEAVE = f"first={tomorrow()}&last={tomorrow()}&reason=ill"

    def test_says_beforehand_what_it_moves_and_afterwards_who_took_it(
        self, desk: Desk, person: str
    ) -> None:
        before = desk.open(f"{person}/leave?{self.LEAVE}")
        after = desk.send(before.form("/leave"))

        assert "登记，改派 1 单" in before.text
        assert "接 1 单" in after.text
        assert "没有一个承诺被打破" in after.text
        assert "病假" in desk.open(person).text

    def test_ends_when_he_is_called_back(self, desk: Desk, person: str) -> None:
        desk.send(desk.open(f"{person}/leave?{self.LEAVE}").form("/leave"))

        after = desk.send(desk.open(person).form("/call-back"))

        assert "病假" not in after.text.partition("请假或病假")[0]

    def test_that_ends_before_it_begins_is_refused_at_the_field(
        self, desk: Desk, person: str
    ) -> None:
        page = desk.open(f"{person}/leave?first={tomorrow()}&last=2026-11-20&reason=ill")

        assert page.status == 422
        assert page.said("field-last-error")


class TestTakingOn:
    NEW = {  # noqa: RUF012  # never changed
        "name": "赵六",
        "work_number": "QD0330",
        "phone": "13900001234",
        "home": "浮山后三小区",
    }

    def test_is_a_managers_affair(self, desk_of: DeskOf, town: Town) -> None:
        fields = {"branch": str(town.here), "skills": "air:2", **self.NEW}

        refused = desk_of("dispatcher").post("/console/technicians/new", fields)
        page = desk_of("manager").post("/console/technicians/new", fields)

        assert refused.status == 403
        assert (page.status, "赵六" in page.text) == (200, True)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            pytest.param("phone", "1390000", id="a_phone_that_is_too_short"),
            pytest.param("work_number", "qd 1", id="a_work_number_in_small_letters"),
            pytest.param("home", "不存在的地方xyz", id="a_home_that_nobody_knows"),
            pytest.param("name", "", id="no_name"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(
        self, desk_of: DeskOf, town: Town, field: str, value: str
    ) -> None:
        fields = {"branch": str(town.here), **self.NEW, field: value}

        page = desk_of("manager").post("/console/technicians/new", fields)

        assert page.status == 422
        assert page.said(f"field-{field}-error")

    def test_refuses_a_work_number_that_is_taken(self, desk_of: DeskOf, town: Town) -> None:
        manager = desk_of("manager")
        fields = {"branch": str(town.here), **self.NEW}
        manager.post("/console/technicians/new", fields)

        assert manager.post("/console/technicians/new", fields).said("field-work_number-error")


class TestLettingGo:
    def test_waits_for_his_visits(self, desk_of: DeskOf, person: str) -> None:
        page = desk_of("manager").post(f"{person}/disable")

        assert page.status == 422
        assert "还有 1 单" in page.text

    def test_takes_him_off_the_list_until_he_is_back(self, desk_of: DeskOf, town: Town) -> None:
        manager = desk_of("manager")

        manager.post("/console/technicians/1/disable")
        gone = manager.open(f"/console/technicians?branch={town.here}").text
        manager.post("/console/technicians/1/enable")
        back = manager.open(f"/console/technicians?branch={town.here}").text

        assert "已停用" in gone
        assert "已停用" not in back


def test_who_was_let_go_is_signed_in_no_more(app: Flask, desk_of: DeskOf, town: Town) -> None:
    phone = Desk(app)
    phone.sit_down(1, Role.TECHNICIAN)
    before = phone.ask("GET", "/t/").status_code

    desk_of("manager").post("/console/technicians/1/disable")

    assert (before, phone.ask("GET", "/t/").status_code) == (200, 302)


def test_skills_that_a_visit_needs_are_kept(desk_of: DeskOf, person: str) -> None:
    manager = desk_of("manager")

    refused = manager.post(f"{person}/skills", {"skills": "air:0"})
    kept = manager.post(f"{person}/skills", {"skills": "air:3"})

    assert refused.status == 422
    assert kept.status == 200
