"""Signing in to the console, step by step, and out again."""

from datetime import timedelta

import pytest
from flask import Flask

from kernel.actor import SYSTEM
from kernel.clock import FixedClock
from kernel.db import transaction
from members.operations import staff
from members.operations.entering import PROOF_LIFE
from members.operations.sign_ins import FAILURES_MAX
from tests.house import MONDAY_NINE
from tests.journeys.console.conftest import Town, hire
from tests.journeys.console.desk import PASSWORD, STEP, Desk, code_of


@pytest.fixture(autouse=True)
def dispatcher(town: Town) -> None:
    hire(town, "dispatcher")


def test_the_first_time_an_authenticator_is_set_up(app: Flask) -> None:
    desk = Desk(app)

    asked = desk.type_in("dispatcher", to="/console/bookings")
    again = desk.send(asked.form("/step"), code="000000")
    came = desk.send(again.form("/step"), code=code_of("dispatcher"))

    assert (asked.path, asked.status) == (STEP, 200)
    assert "绑定验证器" in asked.text
    assert len(asked.said("secret")) == 32
    assert again.said("field-code-error") == "验证码不对，或已经用过，请输入最新的 6 位数字。"
    assert again.said("secret") == asked.said("secret")
    assert came.path == "/console/bookings"


def test_later_the_code_is_asked_for(app: Flask) -> None:
    Desk(app).sign_in("dispatcher")
    desk = Desk(app)

    asked = desk.type_in("dispatcher")
    before = desk.is_signed_in
    came = desk.send(asked.form("/step"), code=code_of("dispatcher"))

    assert "输入验证码" in asked.text
    assert not asked.said("secret")
    assert (before, desk.is_signed_in) == (False, True)
    assert came.path == "/console/board"


def test_who_stands_at_a_step_sees_no_page_and_can_begin_anew(app: Flask) -> None:
    desk = Desk(app)
    asked = desk.type_in("dispatcher")

    assert desk.open("/console/board").path == "/console/sign-in"
    assert desk.open("/console/account").path == "/console/sign-in"
    assert desk.send(asked.form("/sign-out")).path == "/console/sign-in"
    assert desk.open(STEP).path == "/console/sign-in"


def test_the_code_is_offered_in_the_demo_alone(app: Flask) -> None:
    desk = Desk(app)
    desk.type_in("dispatcher")

    page = desk.open(f"{STEP}?fill")

    assert "填入现在的验证码" not in page.text
    assert page.value("code") == ""


def test_leads_to_where_one_was_going(app: Flask) -> None:
    desk = Desk(app)

    asked = desk.open("/console/bookings?q=2046")
    step = desk.send(asked.form("/sign-in"), login="dispatcher", password=PASSWORD)
    came = desk.send(step.form("/step"), code=code_of("dispatcher"))

    assert asked.path == "/console/sign-in"
    assert came.path == "/console/bookings"
    assert came.answer.request.args["q"] == "2046"


def test_never_leads_out_of_the_console(app: Flask) -> None:
    Desk(app).sign_in("dispatcher")
    for elsewhere in ("https://evil.example/", "//evil.example/console/", "/c/", "/console/../c/"):
        clock: FixedClock = app.extensions["doorbell.clock"]
        clock.move_to(clock.now() + timedelta(minutes=2))
        desk = Desk(app)
        step = desk.type_in("dispatcher", to=elsewhere)

        came = desk.send(step.form("/step"), code=code_of("dispatcher", clock.now()))

        assert came.answer.request.url.startswith("https://doorbell.localhost/console/board")


def test_says_under_the_field_that_something_was_wrong_and_keeps_the_login(app: Flask) -> None:
    desk = Desk(app)

    page = desk.sign_in("dispatcher", "a wrong password")

    assert page.status == 403
    assert page.said("field-password-error") == "账号或密码不对，请再试一次。"
    assert (page.value("login"), page.value("password")) == ("dispatcher", "")
    assert not desk.is_signed_in


def test_says_the_same_of_a_login_that_nobody_has(app: Flask) -> None:
    page = Desk(app).sign_in("nobody")

    assert page.said("field-password-error") == "账号或密码不对，请再试一次。"


def test_shuts_the_account_after_too_many_wrong_passwords(app: Flask) -> None:
    for _ in range(FAILURES_MAX):
        Desk(app).sign_in("dispatcher", "a wrong password")

    page = Desk(app).sign_in("dispatcher")

    assert page.status == 429
    assert page.said("field-password-error") == "试错次数太多，请 15 分钟后再试。"


def test_a_store_comes_in_without_a_code_and_begins_with_who_waits(app: Flask, town: Town) -> None:
    hire(town, "store")
    desk = Desk(app)

    came = desk.sign_in("store")

    assert came.path == "/console/own-store"
    assert "门店店员" in came.text
    assert desk.open("/console/board").status == 403


def test_a_password_that_was_given_is_replaced_by_ones_own(app: Flask, town: Town) -> None:
    number, _ = hire(town, "manager")
    with transaction() as db:
        given = staff.reset_password(db, staff_id=number, by=SYSTEM, now=MONDAY_NINE)
    desk = Desk(app)

    asked = desk.type_in("manager", given.password)
    weak = desk.send(asked.form("/step"), new_password="password1234")
    own = desk.send(weak.form("/step"), new_password="ten horses run away")
    came = desk.send(own.form("/step"), code=code_of("manager"))

    assert "设置您自己的密码" in asked.text
    assert weak.said("field-new_password-error") == "密码太容易猜到，请换一个。"
    assert "绑定验证器" in own.text
    assert came.path == "/console/board"


class TestAnAccount:
    @pytest.fixture
    def desk(self, app: Flask) -> Desk:
        desk = Desk(app)
        desk.sign_in("dispatcher")
        return desk

    def test_says_who_one_is(self, desk: Desk) -> None:
        page = desk.open("/console/account")

        assert "邹调度" in page.text
        assert "青岛网点 1" in page.text
        assert "青岛网点 2" not in page.text

    def test_changes_its_password_and_leaves_the_other_devices(
        self, app: Flask, desk: Desk
    ) -> None:
        other = Desk(app)
        other.sign_in("dispatcher")
        form = desk.open("/console/account").form("/password")

        same = desk.send(form, new_password=PASSWORD)
        done = desk.send(same.form("/password"), new_password="ten horses run away")

        assert same.said("field-new_password-error") == "新密码和原来的一样，请换一个。"
        assert (done.path, done.status) == ("/console/account", 200)
        assert (desk.is_signed_in, other.is_signed_in) == (True, False)

    def test_asks_for_a_proof_when_one_came_in_a_while_ago(self, app: Flask, desk: Desk) -> None:
        form = desk.open("/console/account").form("/authenticator")
        clock: FixedClock = app.extensions["doorbell.clock"]
        clock.move_to(MONDAY_NINE + PROOF_LIFE)

        asked = desk.send(form)
        wrong = desk.send(asked.form("/prove"), password=PASSWORD, code="000000")
        code = code_of("dispatcher", clock.now())
        proved = desk.send(wrong.form("/prove"), password=PASSWORD, code=code)
        done = desk.send(desk.open("/console/account").form("/authenticator"))

        assert asked.path == "/console/prove"
        assert wrong.said("field-password-error") == "账号或密码不对，请再试一次。"
        assert proved.path.startswith("/console/")
        assert done.path == "/console/sign-in"
        assert "绑定验证器" in desk.type_in("dispatcher").text

    def test_leaves_the_other_devices(self, app: Flask, desk: Desk) -> None:
        other = Desk(app)
        other.sign_in("dispatcher")

        desk.send(desk.open("/console/account").form("/devices"))

        assert (desk.is_signed_in, other.is_signed_in) == (True, False)


def test_ends_with_signing_out(app: Flask) -> None:
    desk = Desk(app)
    board = desk.sign_in("dispatcher")

    left = desk.send(board.form("/sign-out"))

    assert left.path == "/console/sign-in"
    assert not desk.is_signed_in
    assert desk.open("/console/board").path == "/console/sign-in"


def test_is_not_asked_of_one_who_is_signed_in(app: Flask) -> None:
    desk = Desk(app)
    desk.sign_in("dispatcher")

    assert desk.open("/console/sign-in?next=/console/plans").path == "/console/plans"
