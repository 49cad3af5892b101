"""Signing in to the console, and out again."""

import pytest
from flask import Flask

from members.operations.sign_ins import FAILURES_MAX
from tests.journeys.console.conftest import Town, hire
from tests.journeys.console.desk import PASSWORD, Desk


@pytest.fixture(autouse=True)
def dispatcher(town: Town) -> None:
    hire(town, "dispatcher")


def test_leads_to_where_one_was_going(app: Flask) -> None:
    desk = Desk(app)

    asked = desk.open("/console/bookings?q=2046")
    came = desk.send(asked.form("/sign-in"), login="dispatcher", password=PASSWORD)

    assert asked.path == "/console/sign-in"
    assert came.path == "/console/bookings"
    assert came.answer.request.args["q"] == "2046"


def test_never_leads_out_of_the_console(app: Flask) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/console/", "/c/", "/console/../c/"):
        came = Desk(app).sign_in("dispatcher", to=elsewhere)

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


def test_refuses_a_role_without_pages_here(app: Flask, town: Town) -> None:
    desk = Desk(app)
    hire(town, "store")

    page = desk.sign_in("store")

    assert page.status == 403
    assert page.said("field-login-error") == "这个账号不能进入控制台，请联系管理员。"
    assert not desk.is_signed_in


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
