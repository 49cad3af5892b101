"""Bad input is told at its field, and nothing that was typed is lost."""

import pytest

from booking.operations import catalogue
from kernel.db import transaction
from kernel.money import Money
from tests.house import HOUR_S
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import HOME, fill_in


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        pytest.param("phone", "1380000204", "手机号少 1 位，请核对。", id="phone_too_short"),
        pytest.param("phone", "", "手机号应为 11 位，以 1 开头，请核对。", id="no_phone"),
        pytest.param(
            "phone", "23800002046", "手机号应为 11 位，以 1 开头，请核对。", id="no_mobile"
        ),
        pytest.param("address", "", "请写小区或大厦的名字，如 浮山后三小区。", id="no_address"),
        pytest.param(
            "address", "不存在的地方", "没有找到这个地址，请核对小区名，或换个写法。", id="unknown"
        ),
        pytest.param(
            "address",
            "上海市徐汇区某小区",
            "这个地址不在青岛，暂时不在服务范围。",
            id="another_city",
        ),
        pytest.param(
            "address", "香港中路10号", "只找到「香港中路」，请补上小区名。", id="only_a_street"
        ),
        pytest.param("door", "", "请写楼栋和门牌，如 12号楼2单元402。", id="no_door"),
        pytest.param("contact", " ", "请写师傅怎么称呼您，如 林女士。", id="no_contact"),
        pytest.param("contact", "林" * 21, "称呼最多 20 个字，请写短一些。", id="long_contact"),
    ],
)
def test_a_bad_field_says_how_to_mend_it(
    phone: Phone, field: str, typed: str, sentence: str
) -> None:
    page = fill_in(phone, **{field: typed})

    assert page.status == 422
    assert page.said(f"said-{field}") == sentence
    for name, value in (HOME | {field: typed}).items():
        assert page.value(name) == value


def test_every_bad_field_is_told_at_once(phone: Phone) -> None:
    page = fill_in(phone, phone="138", address="", door="", contact="")

    assert page.said("said-phone")
    assert page.said("said-address")
    assert page.said("said-door")
    assert page.said("said-contact")


def test_an_address_outside_says_how_far_the_nearest_branch_is(phone: Phone) -> None:
    page = fill_in(phone, address="即墨古城小区")

    assert page.status == 422
    assert page.said("said-address").startswith("这个地址暂时不在服务范围，离最近的网点 3")
    assert page.value("door") == HOME["door"]


def test_the_door_may_stand_behind_the_compound(phone: Phone) -> None:
    page = fill_in(phone, address="市北区浮山后三小区 12号楼2单元402", door="")

    assert page.path.endswith("/windows")
    assert "浮山后三小区 12号楼2单元402" in page.text


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"option-rocket": "1"}, id="unknown"),
        pytest.param({"option-pipe": "11"}, id="more_than_there_are"),
        pytest.param({"option-pipe": "-1"}, id="negative"),
        pytest.param({"option-pipe": "1.5"}, id="not_whole"),
        pytest.param({"option-pipe": "９" * 5}, id="not_a_number"),
    ],
)
def test_an_option_off_the_price_card_is_refused(phone: Phone, extra: dict[str, str]) -> None:
    page = fill_in(phone, **extra)

    assert page.status == 422
    sentences = ("这个选项不在价目表里，请重新选择。", "数量要填 0 或更大的整数。")
    assert any(sentence in page.text for sentence in sentences)
    assert page.value("address") == HOME["address"]


def test_a_field_that_the_form_does_not_have_is_refused(phone: Phone) -> None:
    page = fill_in(phone, price_fen="1")

    assert page.status == 422
    assert "这一项不在表单里。" in page.text


def test_the_sum_is_reckoned_by_the_server_without_saving_anything(phone: Phone) -> None:
    page = fill_in(phone, act="quote", phone="", **{"option-pipe": "2"})

    assert page.status == 200
    assert "（180 + 160）" in page.said("sum")
    assert "¥340.00" in page.said("sum")


def test_the_running_sum_is_a_part_of_the_page(phone: Phone) -> None:
    bar = phone.post("/c/book/air_install/quote", {"option-pipe": "1"})

    assert "¥260.00" in bar.said("sum")


def test_an_address_is_proven_when_the_hand_leaves_it(phone: Phone) -> None:
    exact = phone.post("/c/checks/address", HOME)
    doorless = phone.post("/c/checks/address", {"address": "浮山后三小区", "door": ""})
    outside = phone.post("/c/checks/door", HOME | {"address": "即墨古城小区"})

    assert exact.said("said-address") == "门牌已核对，在服务范围内"
    assert doorless.said("said-address") == "已找到市北区 浮山后三小区，请补上门牌"
    assert "不在服务范围" in outside.said("said-address")


def test_compounds_are_suggested_by_name_and_by_street(phone: Phone) -> None:
    by_name = phone.post("/c/addresses/suggestions", {"address": "浮山后"})
    by_street = phone.post("/c/addresses/suggestions", {"address": "敦化路138号"})

    assert "浮山后三小区" in by_name.text
    assert "敦化路" in by_street.text


def test_the_last_address_is_offered_again(phone: Phone) -> None:
    fill_in(phone)

    page = phone.open("/c/book/air_install")

    assert "门牌已核对，在服务范围内" in page.text
    assert page.value("door") == HOME["door"]


def test_floors_are_one_question_whose_first_answer_costs_nothing(phone: Phone) -> None:
    with transaction() as db:
        catalogue.add_service(
            db,
            code="stairs",
            category="delivery",
            name="冰箱送货",
            short_name="冰箱",
            about="",
            icon="fridge",
            work_s=HOUR_S,
            skill="air",
            price=Money(90_00),
            options=[_floor("lift", "有电梯", 0), _floor("high", "无电梯", 40_00)],
        )
    form = phone.open("/c/book/stairs").form("/c/book/stairs")

    by_lift = phone.send(form, **HOME)
    by_stairs = phone.send(form, **HOME, **{"group-0": "high"})
    by_both = phone.send(form, **HOME, **{"option-lift": "1", "group-0": "high"})

    assert form.fields["group-0"] == "lift"
    assert "¥90.00" in by_lift.text
    assert "¥130.00" in by_stairs.text
    assert by_both.status == 422


def test_a_service_that_is_not_sold_is_missing(phone: Phone) -> None:
    assert phone.open("/c/book/nothing").status == 404


def _floor(code: str, name: str, price_fen: int) -> dict[str, object]:
    floor = {"code": code, "name": name, "group": "楼层", "kind": "choice"}
    return floor | {"most": 1, "price_fen": price_fen, "work_s": 0}
