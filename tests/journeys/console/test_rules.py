"""What the planner must know of places and people, written down at the console."""

import pytest

from dispatch import queries
from kernel.db import transaction
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise

ESTATES = "/console/estates"
HIS = "/console/technicians/1"


@pytest.fixture
def lead(desk_of: DeskOf) -> Desk:
    return desk_of("manager")


class TestEstates:
    def test_are_written_down_changed_and_dropped(self, lead: Desk, town: Town) -> None:
        page = lead.open(f"{ESTATES}?branch={town.here}")
        assert "还没有登记小区" in page.text

        shown = lead.send(page.form("/estates"), name="浮山后三小区", access="8")
        assert "8 分" in shown.text
        changed = lead.open(f"{ESTATES}?branch={town.here}&name=浮山后三小区")
        assert changed.form("/estates").fields["access"] == "8"

        dropped = lead.send(changed.form("/remove"))
        assert "还没有登记小区" in dropped.text

    def test_say_at_the_field_what_the_map_does_not_know(self, lead: Desk, town: Town) -> None:
        page = lead.open(f"{ESTATES}?branch={town.here}")

        refused = lead.send(page.form("/estates"), name="无此小区", access="8")

        assert refused.status == 422
        assert "地图上没有这个小区" in refused.text

    def test_are_only_read_by_dispatchers(self, desk: Desk) -> None:
        assert "登记小区" not in desk.open(ESTATES).text.replace("还没有登记小区", "")
        assert desk.post(ESTATES, {"branch": "1", "name": "浮山后三小区"}).status == 403


class TestATechniciansRules:
    def test_are_kept(self, lead: Desk) -> None:
        form = lead.open(HIS).form("/rules")

        shown = lead.send(form, serves="市北区、李沧区", overtime="60", pace="120", standby="1")

        assert shown.status == 200
        with transaction(reads_only=True) as db:
            person = queries.technician(db, 1)
        assert person.areas == ["市北区", "李沧区"]
        assert (person.overtime_s, person.pace_percent, person.is_standby) == (3600, 120, True)

    def test_name_the_place_that_nobody_knows(self, lead: Desk) -> None:
        refused = lead.send(lead.open(HIS).form("/rules"), serves="火星区")

        assert refused.status == 422
        assert "没有「火星区」" in refused.text

    def test_name_the_promise_that_they_would_break(self, lead: Desk, town: Town) -> None:
        a_promise(town.member)

        refused = [
            lead.send(lead.open(f"/console/technicians/{n}").form("/rules"), never="市北区")
            for n in (1, 2)
        ]

        assert sorted(page.status for page in refused) == [200, 422]
        assert any("会打破 1 个承诺" in page.text for page in refused)

    def test_have_the_day_on_which_a_certificate_expires(self, lead: Desk) -> None:
        form = lead.open(HIS).form("/skills")

        lead.send(form, skills="air:2", until="2027-03-31")

        with transaction(reads_only=True) as db:
            assert queries.technician(db, 1).certificates == {"air": "2027-03-31"}

    def test_are_only_read_by_dispatchers(self, desk: Desk) -> None:
        page = desk.open(HIS)
        assert "派单规则" in page.text
        assert desk.post(f"{HIS}/rules", {"serves": "市北区"}).status == 403
