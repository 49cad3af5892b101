"""A member sees his own things; of others' he does not even learn that they exist."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.journeys.consumer.pages import HOST, Phone
from tests.journeys.consumer.steps import book, fill_in, hold


@pytest.mark.parametrize("path", ["", "/confirm", "/photos/P000"])
def test_anothers_booking_is_answered_like_none(
    phone: Phone, other_phone: Callable[[], Phone], path: str
) -> None:
    number = book(phone)
    stranger = other_phone()

    of_another = stranger.fetch(f"/c/bookings/{number}{path}")
    of_nobody = stranger.fetch(f"/c/bookings/B{'0' * 10}{path}")

    assert of_another.status_code == of_nobody.status_code == 404
    assert _without_numbers(of_another.get_data(as_text=True)) == _without_numbers(
        of_nobody.get_data(as_text=True)
    )


def test_anothers_news_are_not_told(phone: Phone, other_phone: Callable[[], Phone]) -> None:
    number = book(phone)

    assert other_phone().fetch(f"/live?topic=booking:{number}").status_code == 404


@pytest.mark.parametrize("act", ["confirm", "release", "again"])
def test_anothers_booking_cannot_be_touched(
    phone: Phone, other_phone: Callable[[], Phone], act: str
) -> None:
    number = hold(phone).path.split("/")[3]

    refused = other_phone().post(f"/c/bookings/{number}/{act}", {})

    assert refused.status == 404
    assert "时段已为您锁定" in phone.open(f"/c/bookings/{number}/confirm").text


def test_anothers_draft_is_missing(phone: Phone, other_phone: Callable[[], Phone]) -> None:
    path = fill_in(phone).path
    number = path.split("/")[3]
    stranger = other_phone()

    assert stranger.open(path).status == 404
    assert stranger.open(f"/c/book/air_install?draft={number}").status == 404
    assert stranger.post(path, {"window": "2026-11-24/36000-43200"}).status == 404


def test_the_list_holds_ones_own_bookings_alone(
    phone: Phone, other_phone: Callable[[], Phone]
) -> None:
    book(phone)
    stranger = other_phone()

    mine, theirs = phone.open("/c/bookings"), stranger.open("/c/bookings")

    assert "空调安装" in mine.text
    assert "还没有预约" in theirs.text


def test_who_is_not_signed_in_is_sent_to_wechat(app: Flask, phone: Phone) -> None:
    answer = app.test_client().get("/c/bookings", base_url=f"https://{HOST}")

    assert answer.status_code == 302
    assert "/wechat/sign-in" in answer.location


def test_a_post_without_the_sessions_token_is_refused(phone: Phone) -> None:
    form = hold(phone).form("/confirm")

    refused = phone.post(form.action, {"csrf_token": "forged"})

    assert refused.status == 403


def test_nobody_has_points_before_the_first_visit(phone: Phone) -> None:
    page = phone.open("/c/points")

    assert "可用积分 0" in page.said("points")


@pytest.mark.parametrize("path", ["/c/points", "/c/points?before=5"])
def test_the_points_follow_the_members_news_at_their_own_lines(phone: Phone, path: str) -> None:
    page = phone.fetch(path).get_data(as_text=True)

    assert 'data-live="/live?topic=member"' in page
    assert f'hx-get="{path}" hx-trigger="doorbell:changed from:body"' in page


def _without_numbers(page: str) -> str:
    """Leave out what differs between any two answers: the request's number and the path's."""
    return re.sub(r"[0-9a-f]{8}|B[0-9A-Z]{10}", "", page)
