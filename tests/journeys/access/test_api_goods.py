"""A warehouse tells where goods are; a maker's list is taken in; a ledger is read."""

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking import goods_queries
from booking.asset_models import Serial
from booking.goods import GoodsKind, NewItem
from booking.operations import goods
from booking.serial_list import COLUMNS
from kernel import audit
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import transaction
from kernel.money import Money
from members import queries as members
from members.ledger import COMPENSATION, compensation_draft, rating_draft
from members.operations import postings
from members.rule_text import RULES
from tests.house import MONDAY_NINE, a_branch
from tests.journeys.access.programs import Program, a_token
from tests.journeys.console.desk import a_promise
from tests.journeys.databases import BOTH

HEAD = ",".join(COLUMNS)
ROW = "AB123456,KFR-35,挂机空调,72,12"


@pytest.fixture
def booking(member: Actor) -> str:
    return a_promise(member)


@pytest.fixture
def item(booking: str) -> str:
    with transaction() as db:
        new = NewItem(kind=GoodsKind.GOODS, name="挂机空调", order_number="so-7")
        [row] = goods.add_items(db, booking_number=booking, items=[new], by=SYSTEM, now=MONDAY_NINE)
        return row.number


def error(told: Any) -> tuple[int, str]:
    return told.status_code, told.get_json()["error"]


def send(program: Program, raw: bytes, *, mimetype: str = "text/csv", key: int = 1) -> Any:
    """Send a list under a key of its own."""
    headers = {"Idempotency-Key": str(uuid.UUID(int=key)), "Content-Type": mimetype}
    return program.ask("POST", "/serials", data=raw, headers=headers)


def serials() -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(Serial)) or 0


class TestGoods:
    @BOTH
    def test_are_found_by_their_order_and_booking(
        self, program: Program, booking: str, item: str
    ) -> None:
        [of_order] = program.get("/goods?order=SO-7").get_json()
        of_booking = program.get(f"/bookings/{booking}/goods").get_json()

        assert (of_order["number"], of_order["state"]) == (item, "not_shipped")
        assert of_booking == [of_order]
        assert program.get("/goods?order=SO-8").get_json() == []

    @BOTH
    def test_go_where_the_warehouse_says(self, program: Program, item: str) -> None:
        said = [
            program.post(f"/goods/{item}/state", {"state": state}).get_json()["state"]
            for state in ("in_warehouse", "on_van", "in_warehouse")
        ]

        # The last notice came late: what is on the van has been in the warehouse.
        assert said == ["in_warehouse", "on_van", "on_van"]

    def test_that_go_nowhere_such_are_refused(self, program: Program, item: str) -> None:
        refused = program.post(f"/goods/{item}/state", {"state": "collected"})
        unknown = program.post(f"/goods/{item}/state", {"state": "lost"})

        assert error(refused) == (409, "bad_state")
        assert refused.get_json()["state"] == "not_shipped"
        assert (unknown.status_code, unknown.get_json()["field"]) == (400, "state")

    def test_are_expected_when_the_warehouse_says(self, program: Program, item: str) -> None:
        at = "2026-11-25T09:00:00+08:00"

        told = program.post(f"/goods/{item}/expected", {"expected_at": at})
        unknown = program.post(f"/goods/{item}/expected", {"expected_at": None})
        local = program.post(f"/goods/{item}/expected", {"expected_at": "2026-11-25T09:00:00"})

        assert told.get_json()["expected_at"] == at
        assert unknown.get_json()["expected_at"] is None
        assert error(local) == (400, "bad_time")

    def test_of_another_branch_are_missing(self, app: Flask, item: str) -> None:
        with transaction() as db:
            elsewhere = a_branch(db)
        stranger = Program(app, a_token(role=Role.DISPATCHER, branch_ids=[elsewhere], name="far"))

        refused = [
            stranger.post(f"/goods/{number}/state", {"state": "in_warehouse"})
            for number in (item, "G0000000000")
        ]

        assert [error(told) for told in refused] == [(404, "not_found")] * 2
        assert stranger.get("/goods?order=SO-7").get_json() == []

    def test_move_for_no_token_without_the_scope(self, app: Flask, item: str) -> None:
        reader = Program(app, a_token(scopes=["goods:read"], name="reader"))

        refused = reader.post(f"/goods/{item}/state", {"state": "in_warehouse"})

        assert error(refused) == (403, "out_of_scope")
        with transaction(reads_only=True) as db:
            [row] = goods_queries.items_of_order(db, order_number="SO-7", by=SYSTEM)
        assert row.state.value == "not_shipped"


class TestAList:
    @BOTH
    @pytest.mark.parametrize(
        "encoding", [pytest.param("utf-8-sig", id="with_a_mark"), pytest.param("gbk", id="gbk")]
    )
    def test_is_taken_in_once(self, program: Program, encoding: str) -> None:
        raw = f"{HEAD}\n{ROW}\n".encode(encoding)

        first, second = send(program, raw), send(program, raw)
        other = send(program, raw + b"AB123457,KFR-35,\xb9,72,12")
        later = send(program, raw, key=2)

        told = first.get_json()
        assert (first.status_code, told["rows"], told["added"]) == (201, 1, 1)
        assert second.get_json() == told
        assert second.headers["Idempotent-Replayed"] == "true"
        assert error(other) == (422, "key_reused")
        assert later.get_json()["added"] == 0
        assert serials() == 1

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            pytest.param(b"a,b\n1,2\n", "bad_columns", id="other_columns"),
            pytest.param(b"", "bad_columns", id="nothing"),
            pytest.param(b"\x00\xff\xfe", "unreadable_list", id="no_text"),
            pytest.param(
                "\n".join([HEAD, *(ROW for _ in range(20_001))]).encode(),
                "list_too_long",
                id="too_many_rows",
            ),
        ],
    )
    def test_that_is_none_is_refused(self, program: Program, raw: bytes, code: str) -> None:
        assert error(send(program, raw)) == (422, code)

    def test_with_faults_names_their_lines_and_is_not_taken(self, program: Program) -> None:
        raw = "\n".join([HEAD, ROW, "=1+1,KFR-35,挂机空调,72,12", "x,KFR-35,挂机空调,72,12"])

        refused = send(program, raw.encode())

        assert error(refused) == (422, "bad_rows")
        assert [fault["line"] for fault in refused.get_json()["faults"]] == [3, 4]
        assert serials() == 0

    def test_that_is_said_to_be_something_else_is_refused(self, program: Program) -> None:
        raw = f"{HEAD}\n{ROW}\n".encode()

        refused = [send(program, raw, mimetype=said) for said in ("text/plain", "")]

        assert [error(told) for told in refused] == [(415, "wrong_type")] * 2

    def test_beyond_what_a_call_may_send_is_refused(self, program: Program) -> None:
        assert error(send(program, b" " * (10 << 20))) == (413, "too_large")


class TestALedger:
    @pytest.fixture
    def number(self, member: Actor) -> str:
        """A member with a line of points and one of money."""
        with transaction() as db:
            number = members.member(db, member.id).number
            drafts = [
                rating_draft(member_id=member.id, booking_number="B1", rules=RULES),
                rating_draft(member_id=member.id, booking_number="B2", rules=RULES),
                compensation_draft(
                    member_id=member.id,
                    booking_number="B1",
                    amount=Money(10_00),
                    once="late",
                    rules=RULES,
                ),
            ]
            postings.post_all(db, drafts, now=MONDAY_NINE)
        return number

    def test_is_read_by_account_and_page(self, program: Program, number: str) -> None:
        points = program.get(f"/members/{number}/ledger?size=1").get_json()
        before = program.get(
            f"/members/{number}/ledger?before={points['lines'][0]['place']}"
        ).get_json()
        money = program.get(f"/members/{number}/ledger?unit={COMPENSATION}").get_json()

        assert (points["balance"], points["lines"][0]["balance_after"]) == (40, 40)
        assert [line["evidence"] for line in before["lines"]] == ["booking:B1"]
        assert (money["unit"], money["balance"]) == (COMPENSATION, 10_00)

    def test_is_read_under_the_eyes_of_the_audit_log(self, program: Program, number: str) -> None:
        program.get(f"/members/{number}/ledger")

        with transaction(reads_only=True) as db:
            [look], _ = audit.entries(db, action="member.read_ledger")
        assert look.about == f"member:{number}"

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            pytest.param("unit=earnings", "bad_field", id="an_account_of_technicians"),
            pytest.param("size=1000000000", "bad_page", id="a_page_without_end"),
            pytest.param("size=0", "bad_page", id="an_empty_page"),
            pytest.param("before=-1", "out_of_range", id="before_the_beginning"),
            pytest.param("before=x", "bad_type", id="before_a_word"),
            pytest.param("sort=at", "bad_page", id="an_unknown_order"),
        ],
    )
    def test_asked_for_wrongly_says_so(
        self, program: Program, number: str, asked: str, code: str
    ) -> None:
        assert error(program.get(f"/members/{number}/ledger?{asked}")) == (400, code)

    def test_of_nobody_is_missing(self, program: Program) -> None:
        assert error(program.get("/members/M0000000000/ledger")) == (404, "not_found")
