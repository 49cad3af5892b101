"""A member tells who is at home for him, books for that person, and stays himself."""

from collections.abc import Callable
from typing import Any

from kernel.db import transaction
from members import contact_queries, queries
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import HOME, TOMORROW_TEN, book

MOTHER = {"name": "林妈妈", "phone": "139 0000 1111", "roles": "at_home"}


def test_a_contact_is_booked_for_and_does_not_become_the_member(
    phone: Phone, other_phone: Callable[[], Phone]
) -> None:
    book(phone)
    page = phone.send(phone.open("/c/contacts").form("/contacts"), **MOTHER)
    assert "林妈妈" in page.text
    assert "139****1111" in page.text

    [row] = _household()
    empty = phone.open("/c/book/air_install").form("/c/book/air_install")
    form = phone.send(empty, who=row.number, door="9号楼1单元901").form("/c/book/air_install")
    assert form.fields["door"] == "9号楼1单元901"
    assert (form.fields["contact"], form.fields["phone"]) == ("林妈妈", "13900001111")
    held = phone.send(phone.send(form).form("/windows"), window=TOMORROW_TEN)
    assert "林妈妈" in held.text or held.path.endswith("/confirm")
    with transaction(reads_only=True) as db:
        assert queries.member(db, 1).phone == HOME["phone"].replace(" ", "")

    stranger = other_phone()
    blank = stranger.open("/c/book/air_install").form("/c/book/air_install")
    theirs = stranger.send(blank, who=row.number).form("/c/book/air_install")
    assert "13900001111" not in theirs.fields.values()
    phone.send(phone.open("/c/contacts").form("/remove"))
    assert _household() == []


def test_what_is_missing_is_said_at_its_field(phone: Phone) -> None:
    page = phone.send(phone.open("/c/contacts").form("/contacts"), name="", phone="139")

    assert "请写师傅怎么称呼您，如 林女士。" in page.text
    assert "手机号应为 11 位，以 1 开头，请核对。" in page.text
    assert "请至少选一项。" in page.text


def _household() -> list[Any]:
    with transaction(reads_only=True) as db:
        return list(contact_queries.contacts_of(db, 1))
