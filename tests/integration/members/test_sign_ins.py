"""Sessions, passwords and trips to WeChat, at the edge of each limit."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import Role
from kernel.db import transaction
from members import queries
from members.models import OAuthState, SignIn, Staff
from members.operations import sign_ins
from members.operations.sign_ins import (
    ABSOLUTE_MAX,
    FAILURES_MAX,
    PHONE_IDLE,
    SHUT_FOR,
    STAFF_ABSOLUTE_MAX,
    STAFF_IDLE,
    STATE_LIFE,
    LoginExpired,
    TooManyTries,
)
from members.passwords import PasswordTooShort
from tests.house import MONDAY_NINE

RIGHT, WRONG = "correct horse battery", "wrong horse battery"
ONE_S = timedelta(seconds=1)


def opened(role: Role, *, now: datetime = MONDAY_NINE) -> str:
    with transaction() as db:
        return sign_ins.open_sign_in(db, role=role, subject_id=1, now=now).token


def is_good(token: str, now: datetime) -> bool:
    with transaction(reads_only=True) as db:
        return queries.sign_in(db, token=token, now=now) is not None


class TestASession:
    @pytest.mark.parametrize(
        ("role", "idle"), [(Role.MEMBER, PHONE_IDLE), (Role.DISPATCHER, STAFF_IDLE)]
    )
    def test_ends_when_nobody_has_used_it(self, app: Flask, role: Role, idle: timedelta) -> None:
        token = opened(role)

        assert is_good(token, MONDAY_NINE + idle - ONE_S)
        assert not is_good(token, MONDAY_NINE + idle)

    @pytest.mark.parametrize(
        ("role", "idle", "longest"),
        [
            (Role.TECHNICIAN, PHONE_IDLE, ABSOLUTE_MAX[Role.TECHNICIAN]),
            (Role.MANAGER, STAFF_IDLE, STAFF_ABSOLUTE_MAX),
        ],
    )
    def test_is_prolonged_by_use_but_not_for_ever(
        self, app: Flask, role: Role, idle: timedelta, longest: timedelta
    ) -> None:
        token, now = opened(role), MONDAY_NINE
        while now + idle / 2 < MONDAY_NINE + longest:
            now += idle / 2
            assert is_good(token, now)
            with transaction() as db:
                sign_ins.keep_alive(db, token=token, now=now)

        assert is_good(token, MONDAY_NINE + longest - ONE_S)
        assert not is_good(token, MONDAY_NINE + longest)

    def test_ends_at_once_with_signing_out(self, app: Flask) -> None:
        mine, others = opened(Role.MEMBER), opened(Role.MEMBER)

        with transaction() as db:
            sign_ins.close_sign_in(db, token=mine)

        assert [is_good(mine, MONDAY_NINE), is_good(others, MONDAY_NINE)] == [False, True]

    def test_keeps_no_token_in_the_database(self, app: Flask) -> None:
        token = opened(Role.MEMBER)

        with transaction(reads_only=True) as db:
            row = db.scalars(select(SignIn)).one()
        assert token not in (row.token_hash, row.csrf_token)
        assert not is_good(row.token_hash, MONDAY_NINE)

    def test_that_ended_is_cleared_away_by_the_next(self, app: Flask) -> None:
        opened(Role.DISPATCHER)

        opened(Role.DISPATCHER, now=MONDAY_NINE + STAFF_IDLE)

        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(SignIn)).all()) == 1


class TestAPassword:
    @pytest.fixture(autouse=True)
    def _staff(self, app: Flask) -> None:
        with transaction() as db:
            sign_ins.add_staff(
                db,
                login="lin",
                name="林",
                role=Role.DISPATCHER,
                password=RIGHT,
                branch_ids=[1],
            )

    def tried(self, password: str, *, login: str = "lin", now: datetime = MONDAY_NINE) -> bool:
        with transaction() as db:
            return sign_ins.check_password(db, login=login, password=password, now=now) is not None

    def test_opens_when_it_is_right(self) -> None:
        assert self.tried(RIGHT)

    @pytest.mark.parametrize("password", ["", WRONG, RIGHT + " ", RIGHT.upper(), "长" * 200])
    def test_does_not_when_it_is_wrong(self, password: str) -> None:
        assert not self.tried(password)

    def test_of_nobody_is_wrong_too(self) -> None:
        assert not self.tried(RIGHT, login="nobody")

    def test_of_somebody_disabled_is_wrong_too(self) -> None:
        with transaction() as db:
            db.scalars(select(Staff)).one().disabled_at = MONDAY_NINE

        assert not self.tried(RIGHT)

    def test_tried_too_often_shuts_the_account_even_to_the_right_one(self) -> None:
        for _ in range(FAILURES_MAX):
            assert not self.tried(WRONG)

        with pytest.raises(TooManyTries):
            self.tried(RIGHT)
        with pytest.raises(TooManyTries):
            self.tried(RIGHT, now=MONDAY_NINE + SHUT_FOR - ONE_S)
        assert self.tried(RIGHT, now=MONDAY_NINE + SHUT_FOR)

    def test_that_is_right_forgets_the_wrong_ones(self) -> None:
        with transaction() as db:
            db.scalars(select(Staff)).one().failures = FAILURES_MAX - 1

        assert self.tried(RIGHT)

        assert not self.tried(WRONG)
        assert self.tried(RIGHT)

    def test_is_kept_as_argon2_alone(self) -> None:
        with transaction(reads_only=True) as db:
            kept = db.scalars(select(Staff.password_hash)).one()

        assert kept.startswith("$argon2id$")
        assert RIGHT not in kept

    def test_shorter_than_twelve_cannot_be_given(self) -> None:
        with transaction() as db, pytest.raises(PasswordTooShort):
            sign_ins.add_staff(
                db, login="x", name="x", role=Role.DISPATCHER, password="e" * 11, branch_ids=[]
            )


class TestATripToWeChat:
    def started(self, *, cookie: str = "cookie", now: datetime = MONDAY_NINE) -> str:
        with transaction() as db:
            return sign_ins.start_trip(db, cookie=cookie, return_path="/c/bookings", now=now)

    def ended(self, state: str, *, cookie: str = "cookie", now: datetime = MONDAY_NINE) -> str:
        with transaction() as db:
            return sign_ins.end_trip(db, state=state, cookie=cookie, now=now)

    def test_leads_back_to_where_it_began_once(self, app: Flask) -> None:
        state = self.started()

        assert self.ended(state) == "/c/bookings"
        with pytest.raises(LoginExpired):
            self.ended(state)

    def test_has_a_state_that_wechat_carries(self, app: Flask) -> None:
        for _ in range(50):
            state = self.started()

            assert state.isascii()
            assert state.isalnum()
            assert 20 < len(state) <= 128

    def test_of_another_browser_ends_nowhere_and_uses_nothing_up(self, app: Flask) -> None:
        state = self.started()

        with pytest.raises(LoginExpired):
            self.ended(state, cookie="a stranger's")

        assert self.ended(state) == "/c/bookings"

    def test_ends_in_time(self, app: Flask) -> None:
        in_time, late = self.started(), self.started()

        assert self.ended(in_time, now=MONDAY_NINE + STATE_LIFE - ONE_S)
        with pytest.raises(LoginExpired):
            self.ended(late, now=MONDAY_NINE + STATE_LIFE)

    def test_that_nobody_ended_is_cleared_away(self, app: Flask) -> None:
        self.started()

        self.started(now=MONDAY_NINE + STATE_LIFE)

        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(OAuthState)).all()) == 1
