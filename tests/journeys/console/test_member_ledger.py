"""A member's accounts: taken away as a file, and held against themselves."""

import csv
import io
from io import BytesIO
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select, text

from faces.chrome import forgetting
from faces.chrome.keeping import RULES as RULES_OF_KEEPING
from kernel import audit, retention
from kernel.actor import SYSTEM
from kernel.clock import FixedClock
from kernel.db import Base, transaction
from kernel.money import Money
from members import ledger
from members import queries as members
from members.ledger_models import Account
from members.models import Member
from members.operations import appeals, following, postings, strikes
from members.policy import AppealReason, MemberMissing
from members.risk import StrikeKind
from members.rule_text import RULES
from notifications.models import Message
from scripts import truths
from tests.house import MONDAY_NINE
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk


@pytest.fixture
def name(app: Flask, town: Town) -> str:
    """The number of a member with two postings of points and a voucher."""
    for number, price in (("B1", 180_00), ("B2", 90_00)):
        with transaction() as db:
            postings.post(
                db,
                ledger.completion_draft(
                    member_id=town.member.id,
                    booking_number=number,
                    price=Money(price),
                    rules=RULES,
                ),
                now=MONDAY_NINE,
            )
    with transaction() as db:
        legs = {ledger.HOUSE_COMPENSATION: -30_00, ledger.member_owner(town.member.id): 30_00}
        draft = ledger.Draft(
            key="late:B1",
            kind=ledger.COMPENSATED,
            unit=ledger.COMPENSATION,
            legs=legs,
            evidence="=booking:B1",
        )
        postings.post(db, draft, now=MONDAY_NINE)
        return members.member(db, town.member.id).number


def proof(desk: Desk, name: str) -> str:
    page = desk.open(f"/console/members/{name}")
    [there] = [link for link in page.links if "proof=1" in link]
    return desk.open(there).text


def tamper(town: Town, change: str) -> None:
    """Change the member's second row of points behind the house's back."""
    owner = ledger.member_owner(town.member.id)
    his = select(Account.id).where(Account.owner == owner, Account.unit == ledger.POINTS)
    guard = "SELECT sql FROM sqlite_master WHERE name = 'members_entry_no_update'"
    with transaction() as db:
        account_id, kept = db.scalars(his).one(), db.execute(text(guard)).scalar_one()
        db.execute(text("DROP TRIGGER members_entry_no_update"))
        where = f"account_id = {account_id} AND seq = 2"
        db.execute(text(f"UPDATE members_entry SET {change} WHERE {where}"))
        db.execute(text(kept))


class TestExport:
    def test_is_a_csv_of_every_account_for_a_spreadsheet(self, desk: Desk, name: str) -> None:
        form = desk.open(f"/console/members/{name}").form("/ledger")

        answer = desk.ask("POST", form.action, data=form.press({}))

        assert answer.mimetype == "text/csv"
        assert f"{name}-ledger.csv" in answer.headers["Content-Disposition"]
        assert answer.get_data().startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
        assert [row[:2] + row[6:8] for row in rows[1:]] == [
            ["积分", "1", "180", "180"],
            ["积分", "2", "90", "270"],
            ["代金券", "1", "30.00", "30.00"],
        ]
        assert rows[3][4] == "'=booking:B1"

    def test_is_written_down(self, desk: Desk, name: str) -> None:
        form = desk.open(f"/console/members/{name}").form("/ledger")

        desk.ask("POST", form.action, data=form.press({}))

        with transaction(reads_only=True) as db:
            [kept], _ = audit.entries(db, action="console.member_ledger", limit=9)
        assert kept.about == f"member:{name}"

    def test_of_nobody_is_missing(self, desk: Desk) -> None:
        assert desk.post("/console/members/M000/ledger").status == 404


class TestProof:
    def test_says_that_the_accounts_follow_from_their_rows(self, desk: Desk, name: str) -> None:
        assert "账本对得上 2 个账户、3 行" in proof(desk, name)

    def test_is_an_auditors_too(self, desk_of: DeskOf, name: str) -> None:
        assert "账本对得上" in proof(desk_of("auditor"), name)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ("amount = 91", "第 2 行：这笔记账的内容和它的指纹对不上。completion:B2"),
            ("balance_after = 999", "第 2 行：余额不是前一行加上这一行。completion:B2"),
            ("hash = 'f'", "第 2 行：指纹接不上前一行。completion:B2"),
            ("seq = 7", "第 2 行：序号不连续。completion:B2"),
        ],
        ids=["amount", "balance", "hash", "place"],
    )
    def test_names_the_first_row_that_does_not_follow(
        self, desk: Desk, town: Town, name: str, change: str, said: str
    ) -> None:
        tamper(town, change)

        assert said in proof(desk, name)

    def test_names_an_account_that_says_something_else(
        self, desk: Desk, town: Town, name: str
    ) -> None:
        with transaction() as db:
            row = db.query(Account).filter_by(owner=ledger.member_owner(town.member.id)).first()
            assert row is not None
            row.balance += 1

        assert "账本对不上" in proof(desk, name)


class TestCopy:
    def test_is_a_managers_to_take_and_says_in_the_log_for_whom(
        self, desk_of: DeskOf, desk: Desk, name: str
    ) -> None:
        path = f"/console/members/{name}/copy"
        manager = desk_of("manager")
        form = manager.open(f"/console/members/{name}").form("/copy")

        answer = manager.ask("POST", path, data=form.press({"why": "来电，回拨原号核对"}))

        with ZipFile(BytesIO(answer.get_data())) as files:
            assert name in files.read("data.json").decode()
        with transaction(reads_only=True) as db:
            [kept], _ = audit.entries(db, action="console.copy_member")
        assert (kept.about, kept.detail["why"]) == (f"member:{name}", "来电，回拨原号核对")
        assert desk.post(path, {"why": "来电，回拨原号核对"}).status == 403


class TestErasure:
    def test_is_asked_by_one_and_confirmed_by_another(self, desk_of: DeskOf, name: str) -> None:
        path = f"/console/members/{name}"
        manager, other = desk_of("manager"), desk_of("administrator")
        why = "来信要求注销，已核对身份证"

        asked = manager.send(manager.open(path).form("/erasure"), why=why)
        alone = manager.send(manager.open(path).form("/erasure/confirm"))

        assert "有人提出注销" in asked.text
        assert "要由另一位同事确认" in alone.text
        assert why in other.open(path).text
        assert other.send(other.open(path).form("/erasure/confirm")).status == 200
        with transaction(reads_only=True) as db:
            found = members.member_by_number(db, number=name, by=SYSTEM)
            assert found.erased_at is not None
            assert not found.name + found.phone
            assert members.erasure_asked(db, found.id) is None

    def test_leaves_what_is_open_to_us_and_tells_nobody(
        self, app: Flask, town: Town, desk_of: DeskOf, name: str
    ) -> None:
        member_id, words = town.member.id, "林女士说门铃坏了，照片属实"
        with transaction() as db:
            struck = strikes.open_strike(
                db,
                kind=StrikeKind.NO_SHOW,
                booking_number="B1",
                evidence={
                    "arrived_at": MONDAY_NINE.isoformat(),
                    "proofs": [{"kind": "call", "at": MONDAY_NINE.isoformat(), "reason": words}],
                },
                member_id=member_id,
                branch_id=town.here,
                now=MONDAY_NINE,
            )
            appeal = appeals.open_appeal(
                db,
                strike_number=struck.number,
                reason=AppealReason.NOT_HEARD,
                text="我一直在家，门铃坏了没听见，手机在充电。",
                by=town.member,
                now=MONDAY_NINE,
            )
        with transaction() as db:
            forgetting.forget(db, member_id, now=MONDAY_NINE)
        with transaction() as db:
            first = db.get_one(Member, member_id).openid
            forgetting.forget(db, member_id, now=MONDAY_NINE)
            assert db.get_one(Member, member_id).openid == first
        with pytest.raises(MemberMissing), transaction() as db:
            following.name_member(db, member_id=member_id, name="林", phone="13800002046")
        with pytest.raises(MemberMissing), transaction() as db:
            members.check_may_book(db, member_id, now=MONDAY_NINE)

        desk = desk_of("dispatcher")
        page = desk.open(f"/console/appeals/{appeal.number}")
        assert "电话未接" in page.text
        desk.send(page.form("/decide"), upheld="true", words=words)

        let(app, "outbox", "messages")
        with transaction(reads_only=True) as db:
            told = db.scalars(select(Message).where(Message.openid == first)).all()
            assert {row.state for row in told} == {"suppressed"}
        assert retention.drop_what_is_over(RULES_OF_KEEPING, FixedClock(MONDAY_NINE)) > 0
        page = desk.open(f"/console/members/{name}")
        assert words not in page.text
        assert "已注销" in page.text
        assert desk.post(f"/console/members/{name}/claim").status == 409
        with transaction(reads_only=True) as db:
            for table in Base.metadata.sorted_tables:
                for row in db.execute(select(table)):
                    assert words not in repr(tuple(row)), table.name
            truths.the_ledger_keeps_its_promises(db, now=MONDAY_NINE)

    def test_that_is_turned_down_leaves_everything(self, desk_of: DeskOf, name: str) -> None:
        path = f"/console/members/{name}"
        manager = desk_of("manager")
        manager.send(manager.open(path).form("/erasure"), why="来电要求注销，回拨核对")

        said = manager.send(manager.open(path).form("/erasure/drop"))

        assert "提议注销" in said.text
