"""A member sees what we know of him, takes a copy along, and is forgotten: nothing of him is left."""

import io
import json
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from booking.asset_models import Asset
from booking.feedback_models import Complaint
from booking.models import Booking, Draft
from booking.payment_models import Payment
from booking.states import BookingState
from dispatch.models import Technician, Visit
from kernel import audit
from kernel.actor import Actor, Role
from kernel.db import Base, transaction
from kernel.geo import roughly
from kernel.money import Money
from members import ledger_queries
from members.ledger import completion_draft
from members.models import Consent, Member, SignIn, Touch
from members.operations import postings, surveys
from members.rule_text import RULES
from members.strike_models import Override
from members.survey_models import SurveyWords
from members.surveying import Given, Question, QuestionKind
from members.tag_models import Tag, Tagging
from scripts import truths
from scripts.bench.proving.asking import asked
from tests.house import MONDAY_NINE
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.planting import Planting
from tests.journeys.consumer.steps import book
from tests.journeys.databases import BOTH

# What is planted, and must be nowhere afterwards.
PLANTED = {
    "address": "浮山后三小区",
    "door": "12号楼2单元402",
    "contact": "司马种下",
    "phone": "13812345678",
}
# Where people of ours type what he may read.
IN_THE_COPY = (
    "members_strike_step.words",
    "members_override.reason",
    "members_blacklisting.review_words",
    "members_appeal.words",
    "members_redemption.what",
    "members_redemption.reversed_why",
    "booking_addition.reason",
    "booking_complaint.answer",
    "booking_care_plan.tips",
    "booking_care_note.text",
    "conversations_chat_line.text",
)
WORDS, WRITTEN = "我家门口的石狮子左边", "对门王奶奶也说好"


def everything(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every row of every table, and every file, with where it is."""
    with transaction(reads_only=True) as db:
        for table in Base.metadata.sorted_tables:
            for row in db.execute(select(table)):
                yield table.name, repr(tuple(row))
    for path in folder.rglob("*"):
        if path.is_file() and "sqlite" not in path.name:
            yield str(path), path.read_bytes().decode("utf-8", "replace")


def found(folder: Path, *strings: str) -> set[tuple[str, str]]:
    return {
        (where, string)
        for where, text in everything(folder)
        for string in strings
        if string in text or string.encode("unicode_escape").decode() in text
    }


@pytest.fixture
def number(app: Flask, phone: Phone) -> str:
    """A booking that was served, in which everything personal was said."""
    number = book(phone, **PLANTED)
    with transaction() as db:
        booking = db.scalars(select(Booking).where(Booking.number == number)).one()
        db.add(
            Complaint(
                number="C1",
                booking_id=booking.id,
                member_id=1,
                topic="other",
                text=WORDS,
                opened_at=MONDAY_NINE,
                state_since=MONDAY_NINE,
            )
        )
        draft = completion_draft(
            member_id=1, booking_number=number, price=Money(120_00), rules=RULES
        )
        postings.post(db, draft, now=MONDAY_NINE)
    with transaction() as db:
        asked = [Question(QuestionKind.TEXT, "还想说什么")]
        survey = surveys.make(
            db,
            title="问卷",
            about="",
            questions=asked,
            segment_id=None,
            after_service=False,
            ends_at=MONDAY_NINE + timedelta(days=1),
            by=Actor(1, Role.MANAGER),
            now=MONDAY_NINE,
        )
        said, by = Given(((),), {0: WRITTEN}), phone.member
        no = replace(RULES, survey_points=0)
        surveys.answer(db, number=survey.number, given=said, rules=no, by=by, now=MONDAY_NINE)
    return number


def of_persons() -> set[str]:
    """Return the tables that say where a member lives, how he is reached or what he wrote."""
    persons, theirs = {"member_id", "openid"}, {"phone", "contact", "address", "openid"}
    return {
        table.name
        for table in Base.metadata.sorted_tables
        if persons & {*table.columns.keys()} and theirs & {*table.columns.keys()}
    } - {"dispatch_technician"}


def is_over(number: str) -> None:
    with transaction() as db:
        booking = db.scalars(select(Booking).where(Booking.number == number)).one()
        booking.state = BookingState.CLOSED


def erase(phone: Phone, word: str = "注销") -> str:
    page = phone.open("/c/privacy/erase")
    return phone.send(page.form("/c/privacy/erase"), word=word).text


def test_he_says_what_he_agrees_to_and_takes_it_back(phone: Phone) -> None:
    for _ in range(2):
        forms = phone.open("/c/privacy").forms
        [form] = [each for each in forms if each.press({}).get("kind") == "location"]
        phone.send(form)

    with transaction(reads_only=True) as db:
        said = [(row.kind, row.is_given) for row in db.scalars(select(Consent))]
    assert said == [("location", True), ("location", False)]


def test_his_copy_holds_all_that_is_known_of_him(phone: Phone, number: str) -> None:
    packed = phone.fetched(phone.open("/c/privacy").form("/c/privacy/copy"))

    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        told = json.loads(files.read("data.json"))
        page = files.read("我的资料.html").decode()
    [kept] = told["bookings"]
    assert all(string in kept[name] for name, string in PLANTED.items())
    assert told["points"][0]["amount"] == 120
    for string in (*PLANTED.values(), WORDS, WRITTEN):
        assert string in page
    with transaction(reads_only=True) as db:
        [row], _ = audit.entries(db, action="privacy.copy")
    assert row.actor_id == 1


def test_his_copy_holds_what_he_has_and_paid_and_what_he_was_taken_for(
    phone: Phone, number: str
) -> None:
    at = MONDAY_NINE
    with transaction() as db:
        booking_id = db.scalars(select(Booking.id).where(Booking.number == number)).one()
        db.add(Asset(number="A1", serial="SN种下", member_id=1, made_at=at))
        paid = {"purpose": "door", "amount": Money(120_00), "opened_at": at, "state_since": at}
        db.add(Payment(number="P1", booking_id=booking_id, **paid))
        db.add(Tag(id=1, name="老主顾种下", made_at=at))
        db.flush()
        db.add(Tagging(tag_id=1, member_id=1, source="hand", at=at))
        db.add(Touch(member_id=1, scene="code种下", at=at))

    packed = phone.fetched(phone.open("/c/privacy").form("/c/privacy/copy"))

    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        told = json.loads(files.read("data.json"))
    assert [row["serial"] for row in told["appliances"]] == ["SN种下"]
    assert [(row["booking"], row["price"]) for row in told["payments"]] == [(number, "¥120.00")]
    assert [row["what"] for row in told["tags"]] == ["老主顾种下"]
    assert "code种下" in [row["what"] for row in told["codes"]]


def test_his_copy_holds_what_we_wrote_of_him_but_not_who_of_us(phone: Phone, number: str) -> None:
    with transaction() as db:
        planted = Planting(db).everywhere()
        name = db.scalars(select(Technician.name)).first()
        asked = db.scalars(select(Override)).one()
        heard = f"{name}（13900001111）说他不在家"
        settled = {"seq": 2, "reason": heard, "state": "confirmed"}
        kept = {each.name: getattr(asked, each.name) for each in Override.__table__.columns}
        db.execute(insert(Override).values(kept | settled | {"id": None}))

    packed = phone.fetched(phone.open("/c/privacy").form("/c/privacy/copy"))

    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        texts = [files.read(each).decode() for each in ("data.json", "我的资料.html")]
    for text in texts:
        assert {f"种在{column}" for column in IN_THE_COPY} - {
            w for w in planted if w in text
        } == set()
        assert "**（139****1111）说他不在家" in text
        assert str(name) not in text


def test_who_has_a_visit_before_him_is_not_forgotten_yet(phone: Phone, number: str) -> None:
    assert "还有没完成的预约" in erase(phone)
    assert "请输入" in erase(phone, word="注")
    with transaction(reads_only=True) as db:
        assert db.get_one(Member, 1).erased_at is None


@BOTH
def test_nothing_of_him_is_left_and_the_ledger_stands(
    app: Flask, phone: Phone, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder: Path = app.extensions["doorbell.settings"].data_dir
    with transaction(reads_only=True) as db:
        openid = db.get_one(Member, 1).openid
        before = ledger_queries.points_balance(db, 1)
    planted = (*PLANTED.values(), WORDS, WRITTEN, openid)
    with pytest.raises(DBAPIError), transaction() as db:
        db.execute(delete(SurveyWords))
    # The stage can show the fault.
    assert {string for _, string in found(folder, *planted)} == {*planted}
    is_over(number)

    with asked() as queries:
        assert "已经注销" in erase(phone)

    assert found(folder, *planted) == set()
    changed = {
        words.split()[1 if words.startswith("UPDATE") else 2]
        for words in queries
        if words.startswith(("UPDATE", "DELETE"))
    }
    assert of_persons() - changed == set()
    assert not [string for string in planted if string in caplog.text]
    with transaction(reads_only=True) as db:
        assert ledger_queries.points_balance(db, 1) == before == 120
        truths.the_ledger_keeps_its_promises(db, now=MONDAY_NINE)
        [row], _ = audit.entries(db, action="privacy.erase")
        assert not db.scalars(select(SignIn)).all()
        for place in (*db.scalars(select(Draft)), *db.scalars(select(Visit))):
            assert place.point == roughly(place.point)
    assert row.about.startswith("member:M")


@BOTH
def test_nor_is_what_anybody_typed_about_him(app: Flask, phone: Phone, number: str) -> None:
    """In every column of every table there is, but for those of which the list says that they hold no
    words about a person."""
    folder: Path = app.extensions["doorbell.settings"].data_dir
    is_over(number)
    with transaction() as db:
        planted = Planting(db).everywhere()
    assert {string for _, string in found(folder, *planted)} == planted

    assert "已经注销" in erase(phone)

    assert found(folder, *planted) == set()
    told = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert "everything follows" in told.output
