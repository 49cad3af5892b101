"""Accounts and the audit log, as an administrator and an auditor have them."""

import pytest

from booking.operations import catalogue
from kernel.actor import Actor, Role
from kernel.db import transaction
from members import staff_queries
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk

NEW = {"login": "lin.wei", "name": "林巍", "role": "dispatcher"}


@pytest.fixture
def admin(desk_of: DeskOf) -> Desk:
    return desk_of("administrator")


def new_user(town: Town, **changes: str) -> dict[str, str]:
    return {**NEW, "branches": str(town.here), **changes}


def account_of(login: str) -> int:
    with transaction(reads_only=True) as db:
        [found] = [row.id for row in staff_queries.accounts(db) if row.login == login]
        return found


class TestAccounts:
    def test_are_an_administrators_affair(self, desk_of: DeskOf, town: Town) -> None:
        for login in ("dispatcher", "manager", "auditor"):
            desk = desk_of(login)
            assert desk.open("/console/users").status == 403
            assert desk.post("/console/users/new", new_user(town)).status == 403

    def test_are_added_with_a_password_that_is_shown_once(self, admin: Desk, town: Town) -> None:
        page = admin.post("/console/users/new", new_user(town))

        assert "这个密码只显示这一次" in page.text
        assert "林巍" in admin.open("/console/users").text
        assert "等他改密码" in admin.open("/console/users").text

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            pytest.param("login", "Lin", id="a_login_with_capitals"),
            pytest.param("name", "", id="no_name"),
            pytest.param("role", "member", id="a_role_without_a_console"),
            pytest.param("branches", "999", id="a_branch_that_is_none"),
        ],
    )
    def test_say_at_the_field_what_is_wrong(
        self, admin: Desk, town: Town, field: str, value: str
    ) -> None:
        page = admin.post("/console/users/new", new_user(town, **{field: value}))

        assert page.status == 422
        assert page.said(f"field-{field}-error")

    def test_of_dispatchers_need_a_branch(self, admin: Desk, town: Town) -> None:
        fields = {name: value for name, value in new_user(town).items() if name != "branches"}

        assert admin.post("/console/users/new", fields).said("field-branches-error")

    def test_of_a_store_need_the_store_and_get_its_branch(self, admin: Desk, town: Town) -> None:
        with transaction() as db:
            store = catalogue.add_store(
                db, code="TD", name="台东店", scene="st_td", branch_id=town.there, welcome="欢迎"
            )
            store_id = store.id
        assert admin.post("/console/users/new", new_user(town, role="store")).said(
            "field-stores-error"
        )

        admin.post("/console/users/new", new_user(town, role="store", stores=str(store_id)))

        with transaction(reads_only=True) as db:
            [made] = [row for row in staff_queries.accounts(db) if row.login == NEW["login"]]
            assert (made.branch_ids, made.store_ids) == ([town.there], [store_id])

    def test_have_logins_of_their_own(self, admin: Desk, town: Town) -> None:
        admin.post("/console/users/new", new_user(town))

        assert admin.post("/console/users/new", new_user(town)).said("field-login-error")

    def test_are_shut_and_their_owner_is_out(
        self, admin: Desk, desk_of: DeskOf, town: Town
    ) -> None:
        dispatcher = desk_of("dispatcher")

        admin.post(f"/console/users/{account_of('dispatcher')}/disable")

        assert dispatcher.open("/console/board").path == "/console/sign-in"
        assert "已停用" in admin.open("/console/users").text

    def test_of_the_last_administrator_stay(self, admin: Desk) -> None:
        page = admin.post(f"/console/users/{account_of('administrator')}/disable")

        assert page.status == 422
        assert "最后一位管理员" in page.text

    def test_get_another_role_and_branches(self, admin: Desk, desk_of: DeskOf, town: Town) -> None:
        desk_of("dispatcher")
        staff_id = account_of("dispatcher")

        admin.post(
            f"/console/users/{staff_id}/scope", {"role": "manager", "branches": str(town.there)}
        )

        with transaction(reads_only=True) as db:
            found = staff_queries.account(db, staff_id)
        assert (found.role, found.branch_ids) == (Role.MANAGER, [town.there])

    def test_get_a_new_password_and_a_new_authenticator(self, admin: Desk, desk_of: DeskOf) -> None:
        desk_of("dispatcher")
        staff_id = account_of("dispatcher")

        password = admin.post(f"/console/users/{staff_id}/password")
        totp = admin.post(f"/console/users/{staff_id}/totp")

        assert "这个密码只显示这一次" in password.text
        assert totp.path == "/console/users"

    def test_that_do_not_exist_are_missing(self, admin: Desk) -> None:
        assert admin.open("/console/users/999").status == 404
        assert admin.post("/console/users/999/disable").status == 404


class TestTheAuditLog:
    def test_tells_who_did_what(self, admin: Desk, town: Town) -> None:
        admin.post("/console/users/new", new_user(town))

        page = admin.open("/console/audit")

        assert "新增账号" in page.text
        assert "邹调度" in page.text

    def test_is_filtered_by_act_person_thing_and_day(self, admin: Desk, town: Town) -> None:
        admin.post("/console/users/new", new_user(town))
        me, them = account_of("administrator"), account_of("lin.wei")

        def shows(query: str) -> bool:
            return "没有符合条件的记录" not in admin.open(f"/console/audit?{query}").text

        assert shows("action=staff.add")
        assert not shows("action=staff.disable")
        assert shows(f"staff={me}")
        assert not shows(f"staff={them}")
        assert shows(f"about=staff:{them}")
        assert not shows("about=staff:999")
        assert shows("since=2026-11-23&until=2026-11-23")
        assert not shows("since=2026-11-24")

    def test_is_an_auditors_to_read_and_no_dispatchers(self, desk_of: DeskOf) -> None:
        assert desk_of("auditor").open("/console/audit").status == 200
        assert desk_of("dispatcher").open("/console/audit").status == 403

    def test_shows_one_who_is_bound_to_branches_only_their_people(
        self, admin: Desk, town: Town
    ) -> None:
        bound = Actor(1, Role.AUDITOR, frozenset({town.here}))
        admin.post("/console/users/new", new_user(town))

        with transaction(reads_only=True) as db:
            seen = staff_queries.within_scope(db, bound)

        assert seen == frozenset({account_of("lin.wei")})
