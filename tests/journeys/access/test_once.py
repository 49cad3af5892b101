"""A press counts once: the key that every unsafe call carries."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from booking.models import Draft
from faces.chrome import call
from faces.chrome.once import TRIES_MAX
from kernel import audit
from kernel.clock import FixedClock
from kernel.db import Crossed, Session, transaction
from kernel.idempotency import KEEP, UsedKey, sweep
from tests.house import MONDAY_NINE, a_member, tomorrow
from tests.journeys.access.people import a_manager
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import HOME
from tests.journeys.databases import BOTH
from tests.journeys.technician.hands import Hands, acts_of, given

pytestmark = BOTH

BOOK = "/c/book/air_install"
KEY = str(uuid.UUID(int=7))


def press(phone: Phone, key: str | None = KEY, /, **changes: str) -> TestResponse:
    """Send the first step's form under that key; None sends none."""
    body = {"csrf_token": phone.csrf_token, **HOME, **changes}
    headers = {"Idempotency-Key": key or ""}
    return phone._ask("POST", BOOK, data=body, headers=headers)


def drafts() -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(Draft)) or 0


def test_the_same_call_again_gets_the_same_answer(phone: Phone) -> None:
    first, second = press(phone), press(phone)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert drafts() == 1


def test_another_spelling_of_the_key_is_the_same_key(phone: Phone) -> None:
    first, second = press(phone), press(phone, KEY.upper().replace("-", ""))

    assert first.location == second.location


def test_the_key_may_stand_in_the_form(phone: Phone) -> None:
    first, second = (press(phone, None, idempotency_key=KEY) for _ in range(2))

    assert first.location == second.location
    assert drafts() == 1


def test_the_same_key_for_something_else_changes_nothing(phone: Phone) -> None:
    press(phone)

    other = press(phone, contact="王先生")

    assert other.status_code == 422
    assert "这一步已经提交过，内容却和这次不同" in other.get_data(as_text=True)
    assert drafts() == 1


@pytest.mark.parametrize(
    ("key", "code"),
    [
        pytest.param("", "key_required", id="none"),
        pytest.param("7", "bad_key", id="no_uuid"),
        pytest.param("é" * 32, "bad_key", id="no_digits"),
    ],
)
def test_a_call_without_a_good_key_is_refused(phone: Phone, key: str, code: str) -> None:
    body = {"csrf_token": phone.csrf_token, **HOME}
    headers = {"Accept": "application/json"}

    refused = phone._ask("POST", BOOK, data=body | {"idempotency_key": key}, headers=headers)

    assert (refused.status_code, refused.get_json()["error"]) == (400, code)
    assert drafts() == 0


def test_two_members_may_use_the_same_key(app: Flask, phone: Phone) -> None:
    with transaction() as db:
        other = a_member(db, openid="oTest000000000000000000002")

    mine, theirs = press(phone), press(Phone(app, other))

    assert mine.location != theirs.location
    assert drafts() == 2


def test_a_refused_call_leaves_its_key_unused(phone: Phone) -> None:
    refused = press(phone, phone="1")
    done = press(phone)

    assert (refused.status_code, done.status_code) == (422, 303)
    assert "Idempotent-Replayed" not in done.headers


def test_an_answer_that_was_not_kept_is_drawn_from_things_as_they_are(
    app: Flask, branch_id: int, phone: Phone
) -> None:
    visit = given(phone.member)
    hands = Hands(app, technician_id=1)
    page = hands.visit(visit)

    first, second = hands.send(page.form("/accept")), hands.send(page.form("/accept"))

    assert (first.status, second.status) == (200, 200)
    assert acts_of(visit).count("accept") == 1


class TestWhenHandsCross:
    def test_the_call_is_tried_again(self, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        crossing = _Crossing(times=TRIES_MAX - 1)
        monkeypatch.setattr(call, "transaction", crossing.before_commit)

        done = press(phone)

        assert done.status_code == 303
        assert drafts() == 1

    def test_and_for_ever_the_person_is_told_to_try_later(
        self, phone: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crossing = _Crossing(times=TRIES_MAX)
        monkeypatch.setattr(call, "transaction", crossing.before_commit)

        told = press(phone)

        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
        assert drafts() == 0

    def test_a_cut_during_the_commit_is_looked_up_and_never_assumed(
        self, phone: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crossing = _Crossing(times=1)
        monkeypatch.setattr(call, "transaction", crossing.after_commit)

        done = press(phone)

        assert done.status_code == 303
        assert done.headers["Idempotent-Replayed"] == "true"
        assert drafts() == 1

    def test_a_view_that_answers_refusals_itself_is_called_again_too(
        self, app: Flask, branch_id: int, phone: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visit = given(phone.member)
        hands = Hands(app, technician_id=1)
        form = hands.visit(visit).form("/accept")
        monkeypatch.setattr(call, "transaction", _Crossing(times=2).before_commit)

        done = hands.send(form)

        assert done.status == 200
        assert acts_of(visit).count("accept") == 1

    def test_a_write_that_came_first_is_waited_for_and_seen(
        self, phone: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first try reads before it locks; on SQLite it must not write over what changed since."""
        rivals = []

        @contextmanager
        def raced(**options: Any) -> Iterator[Session]:
            with transaction(**options) as db:
                db.scalars(select(Draft)).all()
                if options["looks_first"]:
                    with transaction() as rival:
                        rivals.append(a_member(rival, openid="oRival00000000000000000001"))
                yield db

        monkeypatch.setattr(call, "transaction", raced)

        done = press(phone)

        assert done.status_code == 303
        assert (len(rivals), drafts()) == (1, 1)


class _Crossing:
    """A database whose first `times` transactions are cut."""

    def __init__(self, *, times: int) -> None:
        self._left = times

    def _is_cut(self) -> bool:
        self._left -= 1
        return self._left >= 0

    @contextmanager
    def before_commit(self, **options: Any) -> Iterator[Session]:
        with transaction(**options) as db:
            yield db
            if self._is_cut():
                raise Crossed

    @contextmanager
    def after_commit(self, **options: Any) -> Iterator[Session]:
        with transaction(**options) as db:
            yield db
        if self._is_cut():
            raise Crossed


class TestOldKeys:
    def test_are_forgotten_after_three_days_and_no_earlier(self, phone: Phone) -> None:
        press(phone)
        clock = FixedClock(MONDAY_NINE + KEEP)

        early = sweep(clock)
        clock.move_to(MONDAY_NINE + KEEP + timedelta(seconds=1))

        assert (early, sweep(clock), sweep(clock)) == (0, 1, 0)
        with transaction(reads_only=True) as db:
            assert db.scalars(select(UsedKey)).all() == []


class TestTheAuditLog:
    def test_has_every_write_of_the_console(self, app: Flask, branch_id: int, phone: Phone) -> None:
        a_promise(phone.member)
        desk = Desk(app)
        desk.sit_down(*a_manager())

        fields = {"branch": str(branch_id), "day": tomorrow().isoformat()}
        desk.post("/console/board/publish", fields)
        desk.post("/console/technicians/1/bind")
        desk.post("/console/board/publish", fields | {"day": "nonsense"})

        with transaction(reads_only=True) as db:
            rows, total = audit.entries(db)
        assert [(row.action, row.about) for row in rows] == [
            ("console.bind", "technician:1"),
            ("console.publish", ""),
        ]
        assert rows[1].detail == fields
        assert (rows[0].actor_role, total) == ("manager", 2)
