"""Coming in step by step: what each stage opens, and what a wrong step costs."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from kernel import audit
from kernel.actor import Role
from kernel.db import transaction
from members import queries
from members.models import SignIn, Staff
from members.operations import entering, sign_ins
from members.operations.entering import PROOF_LIFE, NotAtThatStage, SamePassword, Stage
from members.operations.sign_ins import FAILURES_MAX, SHUT_FOR, STEP_LIFE, TooManyTries
from members.passwords import WeakPassword
from tests.house import MONDAY_NINE

PASSWORD, OTHER = "correct horse battery", "another horse battery"
ONE_S = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _dispatcher(app: Flask) -> None:
    hire("zou", Role.DISPATCHER)


def hire(login: str, role: Role) -> None:
    with transaction() as db:
        sign_ins.add_staff(
            db, login=login, name="邹立言", role=role, password=PASSWORD, branch_ids=[]
        )


def the(login: str = "zou") -> Staff:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Staff).where(Staff.login == login)).one()


def change(**values: object) -> None:
    with transaction() as db:
        for name, value in values.items():
            setattr(db.scalars(select(Staff).where(Staff.login == "zou")).one(), name, value)


def begun(login: str = "zou", now: datetime = MONDAY_NINE) -> tuple[str, str]:
    """Give the right password; the token and the stage."""
    with transaction() as db:
        staff = sign_ins.check_password(db, login=login, password=PASSWORD, now=now)
        assert staff is not None
        opened = entering.begin(db, staff=staff, now=now)
    return opened.token, opened.stage


def enrolled() -> str:
    """Enrol an authenticator and return its secret."""
    token, _ = begun()
    with transaction() as db:
        _, secret = entering.secret_to_enrol(db, token=token, now=MONDAY_NINE)
    with transaction() as db:
        assert entering.enrol(db, token=token, code=a_code(), now=MONDAY_NINE)
    return secret


def a_code(now: datetime = MONDAY_NINE) -> str:
    return entering.present_code(the(), now=now)


def tried(token: str, code: str, now: datetime = MONDAY_NINE) -> str:
    """Try a code; the stage it leads to, "" when it is wrong."""
    with transaction() as db:
        opened = entering.pass_code(db, token=token, code=code, now=now)
    return opened.stage if opened else ""


@pytest.mark.parametrize(
    ("role", "stage"),
    [
        (Role.STORE, Stage.OPEN),
        (Role.DISPATCHER, Stage.ENROL),
        (Role.MANAGER, Stage.ENROL),
        (Role.ADMINISTRATOR, Stage.ENROL),
        (Role.AUDITOR, Stage.ENROL),
    ],
)
def test_from_dispatcher_up_one_needs_an_authenticator(role: Role, stage: Stage) -> None:
    hire("somebody", role)

    assert begun("somebody")[1] == stage


def test_enrolling_opens_the_session_and_the_next_time_asks_for_a_code() -> None:
    enrolled()

    token, stage = begun()

    assert (stage, the().has_totp) == (Stage.CODE, True)
    assert tried(token, a_code()) == Stage.OPEN


def test_each_step_has_a_token_of_its_own() -> None:
    enrolled()
    token, _ = begun()
    with transaction() as db:
        opened = entering.pass_code(db, token=token, code=a_code(), now=MONDAY_NINE)

    assert opened is not None
    assert opened.token != token
    with transaction(reads_only=True) as db:
        assert queries.sign_in(db, token=token, now=MONDAY_NINE) is None
        row = queries.sign_in(db, token=opened.token, now=MONDAY_NINE)
    assert row is not None
    assert row.stage == Stage.OPEN


def test_a_code_that_was_used_is_wrong() -> None:
    enrolled()
    code, (token, _) = a_code(), begun()
    assert tried(token, code)

    again, _ = begun()

    assert tried(again, code) == ""


def test_wrong_codes_shut_the_account_like_wrong_passwords() -> None:
    enrolled()
    token, _ = begun()
    for _ in range(FAILURES_MAX):
        assert tried(token, "000000") == ""

    with pytest.raises(TooManyTries):
        tried(token, a_code())
    with pytest.raises(TooManyTries):
        begun()
    later = MONDAY_NINE + SHUT_FOR
    assert tried(begun(now=later)[0], a_code(later), later) == Stage.OPEN


def test_a_right_password_does_not_forget_the_wrong_codes() -> None:
    enrolled()
    for _ in range(FAILURES_MAX - 1):
        tried(begun()[0], "000000")

    assert tried(begun()[0], "000000") == ""

    with pytest.raises(TooManyTries):
        begun()


def test_a_step_waits_ten_minutes() -> None:
    enrolled()
    token, _ = begun()

    late = MONDAY_NINE + STEP_LIFE

    with pytest.raises(NotAtThatStage):
        tried(token, a_code(late), late)
    assert tried(token, a_code(late - ONE_S), late - ONE_S) == Stage.OPEN


def test_a_step_of_another_stage_is_none() -> None:
    token, _ = begun()

    with pytest.raises(NotAtThatStage):
        tried(token, "000000")
    with pytest.raises(NotAtThatStage), transaction() as db:
        entering.renew_password(db, token=token, password=OTHER, now=MONDAY_NINE)
    with pytest.raises(NotAtThatStage), transaction() as db:
        entering.enrol(db, token="nonsense", code="000000", now=MONDAY_NINE)


def test_somebody_disabled_between_two_steps_does_not_come_in() -> None:
    enrolled()
    token, _ = begun()
    change(disabled_at=MONDAY_NINE)

    with pytest.raises(NotAtThatStage):
        tried(token, a_code())


class TestAPasswordThatWasGiven:
    @pytest.fixture(autouse=True)
    def _given(self) -> None:
        enrolled()
        change(must_renew=True)

    def renewed(self, password: str) -> str:
        token, stage = begun()
        assert stage == Stage.CODE
        with transaction() as db:
            opened = entering.pass_code(db, token=token, code=a_code(), now=MONDAY_NINE)
        assert opened is not None
        assert opened.stage == Stage.RENEW
        with transaction() as db:
            return entering.renew_password(
                db, token=opened.token, password=password, now=MONDAY_NINE
            ).stage

    def test_lets_its_owner_in_once_he_has_set_his_own(self) -> None:
        assert self.renewed(OTHER) == Stage.OPEN

        assert not the().must_renew
        with transaction() as db:
            told = [
                sign_ins.check_password(db, login="zou", password=p, now=MONDAY_NINE)
                for p in (PASSWORD, OTHER)
            ]
        assert [staff is not None for staff in told] == [False, True]

    def test_may_not_be_kept(self) -> None:
        with pytest.raises(SamePassword):
            self.renewed(PASSWORD)

    def test_nor_changed_into_a_weak_one(self) -> None:
        with pytest.raises(WeakPassword):
            self.renewed("password1234")


class TestProvingAgain:
    @pytest.fixture
    def token(self) -> str:
        enrolled()
        with transaction() as db:
            opened = entering.pass_code(db, token=begun()[0], code=a_code(), now=MONDAY_NINE)
        assert opened is not None
        return opened.token

    def proves(self, token: str, password: str, code: str, now: datetime) -> bool:
        with transaction() as db:
            return entering.prove(db, token=token, password=password, code=code, now=now)

    def is_proved(self, token: str, now: datetime) -> bool:
        with transaction(reads_only=True) as db:
            row = queries.sign_in(db, token=token, now=now)
        assert row is not None
        return entering.is_proved(row, now=now)

    def test_lasts_ten_minutes_from_coming_in(self, token: str) -> None:
        assert self.is_proved(token, MONDAY_NINE + PROOF_LIFE - ONE_S)
        assert not self.is_proved(token, MONDAY_NINE + PROOF_LIFE)

    def test_takes_password_and_code(self, token: str) -> None:
        later = MONDAY_NINE + timedelta(minutes=20)

        assert not self.proves(token, OTHER, a_code(later), later)
        assert not self.proves(token, PASSWORD, "000000", later)
        assert not self.is_proved(token, later)
        assert self.proves(token, PASSWORD, a_code(later), later)
        assert self.is_proved(token, later)


def test_who_came_in_stands_in_the_audit_log() -> None:
    enrolled()

    with transaction(reads_only=True) as db:
        [row], _ = audit.entries(db, action="staff.sign_in")
    assert (row.actor_role, row.actor_id) == ("dispatcher", the().id)


def test_a_session_under_way_is_short_and_says_where_it_stands() -> None:
    begun()

    with transaction(reads_only=True) as db:
        [row] = db.scalars(select(SignIn)).all()
    assert row.stage == Stage.ENROL
    assert row.expires_at == MONDAY_NINE + STEP_LIFE
