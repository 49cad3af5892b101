"""Accounts of the console: who may manage them, what ends with a change, and that it is written down."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from kernel import audit
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from kernel.errors import Forbidden
from members import queries
from members.models import SignIn, Staff
from members.operations import entering, sign_ins, staff
from members.operations.staff import LastAdministrator, LoginTaken, NoPerson, StaffMissing
from tests.house import MONDAY_NINE
from tests.integration.members.test_api_clients import a_client

NOW = MONDAY_NINE


def hired(login: str, role: Role = Role.DISPATCHER, *, by: Actor = SYSTEM) -> int:
    with transaction() as db:
        given = staff.add(db, login=login, name="邹立言", role=role, branch_ids=[1], by=by, now=NOW)
        return given.staff.id


@pytest.fixture
def boss(app: Flask) -> Actor:
    return Actor(hired("hao", Role.ADMINISTRATOR), Role.ADMINISTRATOR)


def signed_in(staff_id: int) -> str:
    with transaction() as db:
        return sign_ins.open_sign_in(db, role=Role.DISPATCHER, subject_id=staff_id, now=NOW).token


def sessions() -> list[int]:
    with transaction(reads_only=True) as db:
        return [row.subject_id for row in db.scalars(select(SignIn)).all()]


def the(staff_id: int) -> Staff:
    with transaction(reads_only=True) as db:
        found = queries.staff(db, staff_id)
    assert found is not None
    return found


def acts() -> list[str]:
    with transaction(reads_only=True) as db:
        rows, _ = audit.entries(db, action="staff.")
    return [row.action.removeprefix("staff.") for row in rows]


def test_a_new_account_opens_with_its_password_and_must_set_its_own(boss: Actor) -> None:
    with transaction() as db:
        given = staff.add(
            db, login="Zou", name="邹", role=Role.DISPATCHER, branch_ids=[2, 1], by=boss, now=NOW
        )

    with transaction() as db:
        known = sign_ins.check_password(db, login="Zou", password=given.password, now=NOW)
    assert known is not None
    assert (known.must_renew, known.branch_ids) == (True, [1, 2])
    assert given.password not in str(acts())


@pytest.mark.parametrize("login", ["HAO", "hao", "api:crm"])
def test_a_login_is_given_once(boss: Actor, login: str) -> None:
    with pytest.raises(LoginTaken):
        hired(login, by=boss)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.MANAGER, Role.AUDITOR, Role.STORE])
def test_only_administrators_manage_accounts(boss: Actor, role: Role) -> None:
    number, by = hired("zou"), Actor(99, role)

    for act in (
        lambda db: staff.add(
            db, login="x", name="x", role=Role.STORE, branch_ids=[], by=by, now=NOW
        ),
        lambda db: staff.disable(db, staff_id=number, by=by, now=NOW),
        lambda db: staff.enable(db, staff_id=number, by=by, now=NOW),
        lambda db: staff.reset_password(db, staff_id=number, by=by, now=NOW),
        lambda db: staff.reset_totp(db, staff_id=number, by=by, now=NOW),
        lambda db: staff.change_scope(
            db, staff_id=number, role=Role.MANAGER, branch_ids=[], by=by, now=NOW
        ),
    ):
        with pytest.raises(Forbidden), transaction() as db:
            act(db)


def test_somebody_disabled_is_out_at_once_and_may_be_let_in_again(boss: Actor) -> None:
    number = hired("zou")
    signed_in(number)
    signed_in(boss.id)

    with transaction() as db:
        staff.disable(db, staff_id=number, by=boss, now=NOW)
    assert sessions() == [boss.id]
    assert the(number).disabled_at == NOW

    with transaction() as db:
        staff.enable(db, staff_id=number, by=boss, now=NOW)
    assert the(number).disabled_at is None
    assert acts() == ["enable", "disable", "add", "add"]


def test_another_role_ends_the_sessions_of_the_old_one(boss: Actor) -> None:
    number = hired("zou")
    signed_in(number)

    with transaction() as db:
        staff.change_scope(db, staff_id=number, role=Role.MANAGER, branch_ids=[], by=boss, now=NOW)

    assert sessions() == []
    assert (the(number).role, the(number).branch_ids) == (Role.MANAGER, [])
    with transaction(reads_only=True) as db:
        [row], _ = audit.entries(db, action="staff.change_scope")
    assert row.detail["before"] == {"role": "dispatcher", "branch_ids": [1]}
    assert row.detail["after"] == {"role": "manager", "branch_ids": []}


def test_a_members_session_of_the_same_id_stays(boss: Actor) -> None:
    number = hired("zou")
    with transaction() as db:
        sign_ins.open_sign_in(db, role=Role.MEMBER, subject_id=number, now=NOW)

    with transaction() as db:
        staff.disable(db, staff_id=number, by=boss, now=NOW)

    assert sessions() == [number]


def test_the_last_administrator_stays(boss: Actor) -> None:
    with pytest.raises(LastAdministrator), transaction() as db:
        staff.disable(db, staff_id=boss.id, by=boss, now=NOW)
    with pytest.raises(LastAdministrator), transaction() as db:
        staff.change_scope(db, staff_id=boss.id, role=Role.AUDITOR, branch_ids=[], by=boss, now=NOW)

    second = hired("mei", Role.ADMINISTRATOR)
    with transaction() as db:
        staff.disable(db, staff_id=boss.id, by=Actor(second, Role.ADMINISTRATOR), now=NOW)
    assert the(boss.id).disabled_at == NOW


def test_a_password_is_reset_to_one_that_works_once(boss: Actor) -> None:
    number = hired("zou")
    signed_in(number)

    with transaction() as db:
        given = staff.reset_password(db, staff_id=number, by=boss, now=NOW)

    assert (sessions(), the(number).must_renew) == ([], True)
    with transaction() as db:
        assert sign_ins.check_password(db, login="zou", password=given.password, now=NOW)


def test_an_authenticator_is_forgotten_by_an_administrator_or_by_himself(boss: Actor) -> None:
    number = hired("zou")
    for by in (boss, Actor(number, Role.DISPATCHER)):
        with transaction() as db:
            entering.give_authenticator(sign_ins.locked_staff(db, number))
        signed_in(number)

        with transaction() as db:
            staff.reset_totp(db, staff_id=number, by=by, now=NOW)

        assert (the(number).has_totp, the(number).totp_secret, sessions()) == (False, "", [])


def test_the_database_holds_the_secret_sealed(boss: Actor) -> None:
    number = hired("zou")
    with transaction() as db:
        secret = entering.give_authenticator(sign_ins.locked_staff(db, number))

    with transaction(reads_only=True) as db:
        [stored] = db.scalars(
            text("SELECT totp_secret FROM members_staff WHERE id = :id"), {"id": number}
        )
    assert secret not in stored
    assert the(number).totp_secret == secret


def test_a_program_has_no_password_to_reset(boss: Actor) -> None:
    a_client()
    with transaction(reads_only=True) as db:
        number = db.scalars(select(Staff.id).where(Staff.login == "api:crm")).one()

    with pytest.raises(NoPerson), transaction() as db:
        staff.reset_password(db, staff_id=number, by=boss, now=NOW)


def test_nobody_is_missing(boss: Actor) -> None:
    with pytest.raises(StaffMissing), transaction() as db:
        staff.disable(db, staff_id=999, by=boss, now=NOW)
