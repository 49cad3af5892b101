"""The catalogue, the price card and the stores, as managers change them."""

import pytest
from flask import Flask

from booking import queries
from booking.operations import catalogue
from booking.operations.drafts import OffSale
from kernel.db import transaction
from kernel.geo import Point
from kernel.money import Money
from tests.house import a_draft
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise

SERVICE = "/console/catalogue/air_install"


@pytest.fixture
def manager(desk_of: DeskOf) -> Desk:
    return desk_of("manager")


class TestTheCatalogue:
    def test_lists_what_is_sold(self, desk: Desk) -> None:
        page = desk.open("/console/catalogue")

        assert "空调安装" in page.text
        assert "¥180.00" in page.text

    def test_is_a_managers_to_change(self, desk: Desk, desk_of: DeskOf) -> None:
        assert desk.post(f"{SERVICE}/sale", {"on_sale": "0"}).status == 403
        assert desk_of("auditor").post(SERVICE, {}).status == 403

    def test_changes_the_price_and_an_option(self, manager: Desk) -> None:
        form = manager.open(SERVICE).form(SERVICE)

        after = manager.send(
            form, price="199.90", short_name="空调装", option_code="pipe", **OPTION
        )

        assert "¥199.90" in after.text
        with transaction(reads_only=True) as db:
            found = queries.service_by_code(db, "air_install")
        assert found.price == Money(199_90)
        assert [(o["code"], o["price_fen"]) for o in found.options] == [("pipe", 90_50)]

    def test_leaves_what_was_booked_at_its_price(self, manager: Desk, town: Town) -> None:
        number = a_promise(town.member)
        form = manager.open(SERVICE).form(SERVICE)

        manager.send(form, price="500", option_code="pipe", **OPTION)

        assert "¥180.00" in manager.open(f"/console/bookings/{number}").text

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            pytest.param("price", "十元", id="a_price_in_words"),
            pytest.param("minutes", "0", id="no_working_time"),
            pytest.param("name", "", id="no_name"),
            pytest.param("short_name", "五个字的名", id="a_short_name_that_is_long"),
            pytest.param("skill", "空调", id="a_skill_that_is_no_code"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, manager: Desk, field: str, value: str) -> None:
        form = manager.open(SERVICE).form(SERVICE)

        page = manager.send(form, option_code="pipe", **{**OPTION, field: value})

        assert page.status == 422
        assert page.said(f"field-{field}-error")

    def test_names_the_row_of_the_price_card_that_is_wrong(self, manager: Desk) -> None:
        form = manager.open(SERVICE).form(SERVICE)

        page = manager.send(form, option_code="pipe", **{**OPTION, "option_price": "x"})

        assert page.status == 422
        assert "第 1 行有误" in page.said("options-error")

    def test_takes_a_service_off_sale_and_back(self, manager: Desk, town: Town) -> None:
        manager.post(f"{SERVICE}/sale", {"on_sale": "0"})
        with transaction(reads_only=True) as db:
            sold = [service.code for service in queries.services(db)]
        with transaction() as db, pytest.raises(OffSale):
            a_draft(db, by=town.member)
        manager.post(f"{SERVICE}/sale", {"on_sale": "1"})

        assert sold == []
        with transaction() as db:
            assert a_draft(db, by=town.member)

    def test_takes_up_a_new_service(self, manager: Desk) -> None:
        fields = {
            "code": "stove_repair",
            "category": "maintenance",
            "icon": "wrench",
            "name": "灶具维修",
            "short_name": "灶修",
            "about": "",
            "minutes": "45",
            "skill": "appliance",
            "level": "2",
            "price": "60",
        }

        first = manager.post("/console/catalogue/new", fields)
        again = manager.post("/console/catalogue/new", fields)

        assert "灶具维修" in first.text
        assert again.status == 422
        assert again.said("field-code-error")

    def test_that_has_no_such_service_says_so(self, manager: Desk) -> None:
        assert manager.open("/console/catalogue/none_such").status == 404
        assert manager.post("/console/catalogue/none_such/sale", {"on_sale": "1"}).status == 404


OPTION = {
    "level": "2",
    "option_name": "加长铜管",
    "option_kind": "count",
    "option_most": "10",
    "option_price": "90.50",
    "option_minutes": "10",
    "option_group": "",
}


class TestStores:
    NEW = {"code": "LC", "name": "李沧店", "welcome": "您好。"}  # noqa: RUF012  # never changed

    def test_are_opened_and_changed_by_a_manager(self, manager: Desk, town: Town) -> None:
        opened = manager.post("/console/stores/new", {"branch": str(town.here), **self.NEW})
        form = manager.open("/console/stores/LC").form("/stores/LC")
        changed = manager.send(form, name="李沧旗舰店", welcome="欢迎。")

        assert "st_lc" in opened.text
        assert "李沧旗舰店" in changed.text

    @pytest.mark.parametrize(
        "point", ["36.1105,120.4520", " 120.4520， 36.1105", "36.1105 120.4520"]
    )
    def test_have_a_place_as_either_map_writes_it(
        self, manager: Desk, town: Town, point: str
    ) -> None:
        manager.post("/console/stores/new", {"branch": str(town.here), **self.NEW})
        unplaced = manager.open("/console/stores")
        form = manager.open("/console/stores/LC").form("/stores/LC")

        after = manager.send(form, welcome="您好。", address="京口路 28 号", point=point)

        assert "还没有登记地址" in unplaced.text
        assert "京口路 28 号" in after.text
        with transaction(reads_only=True) as db:
            store = queries.store_by_code(db, "LC")
        assert store is not None
        assert store.point == Point(36.1105, 120.4520)
        assert manager.open("/console/stores/LC").value("point") == "36.110500,120.452000"

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            pytest.param({"address": "京口路", "point": "京口路"}, "point", id="words"),
            pytest.param({"address": "京口路", "point": "36.1"}, "point", id="half_a_place"),
            pytest.param({"address": "x", "point": "36.1,36.2"}, "point", id="no_longitude"),
            pytest.param({"address": "x", "point": "2.9,120.4"}, "point", id="abroad"),
            pytest.param({"address": "", "point": "36.1,120.4"}, "address", id="no_name_for_it"),
        ],
    )
    def test_have_no_place_that_is_none(
        self, manager: Desk, town: Town, fields: dict[str, str], field: str
    ) -> None:
        manager.post("/console/stores/new", {"branch": str(town.here), **self.NEW})

        form = manager.open("/console/stores/LC").form("/stores/LC")
        page = manager.send(form, welcome="您好。", **fields)

        assert page.said(f"field-{field}-error")
        assert page.value("point") == fields["point"]

    def test_have_codes_of_their_own(self, manager: Desk, town: Town) -> None:
        fields = {"branch": str(town.here), **self.NEW}
        manager.post("/console/stores/new", fields)

        assert manager.post("/console/stores/new", fields).said("field-code-error")

    def test_are_no_dispatchers_affair(self, desk: Desk, town: Town) -> None:
        fields = {"branch": str(town.here), **self.NEW}

        assert desk.post("/console/stores/new", fields).status == 403

    def test_of_another_branch_are_missing(self, desk: Desk, app: Flask, town: Town) -> None:
        with transaction() as db:
            catalogue.add_store(
                db, code="HD", name="黄岛店", scene="st_hd", branch_id=town.there, welcome="您好。"
            )

        assert desk.open("/console/stores/HD").status == 404
        assert desk.open("/console/stores/XX").status == 404
