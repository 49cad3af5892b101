"""What is kept of people is dropped when its time is over, some at a time, and counted."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from booking.models import Booking, Draft
from booking.states import BookingState
from conversations.models import InboxRow
from dispatch.models import VisitPhoto
from faces.chrome.keeping import RULES
from kernel import retention
from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from members.collection_models import Collection
from members.models import Member
from members.operations import collections
from notifications.models import Message
from tests.house import MONDAY_NINE
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import book

LATER = MONDAY_NINE + timedelta(days=182)


def test_what_is_over_goes_and_the_rest_stays(app: Flask, phone: Phone) -> None:
    number = book(phone)
    still = book(phone, "2026-11-24/46800-54000")
    with transaction() as db:
        openid = db.scalars(select(Member.openid)).one()
        done = update(Booking).where(Booking.number == number)
        db.execute(done.values(state=BookingState.CLOSED))
        visit_id = db.scalars(select(Booking.visit_id).where(Booking.number == number)).one()
        for place, at in enumerate((MONDAY_NINE, LATER)):
            db.add(
                InboxRow(dedupe_key=f"x{place}", openid=openid, kind="text", text="门牌402", at=at)
            )
            db.add(InboxRow(dedupe_key=f"y{place}", openid="oGone", kind="unfollowed", at=at))
            db.add(
                VisitPhoto(number=f"V{place}", visit_id=visit_id, sha256=str(place), taken_at=at)
            )
        db.execute(update(Message).values(state="sent"))

    first = retention.drop_what_is_over(RULES, FixedClock(LATER))
    again = retention.drop_what_is_over(RULES, FixedClock(LATER))

    assert (first > 0, again) == (True, 0)
    with transaction(reads_only=True) as db:
        kept = {row.number: row for row in db.scalars(select(Booking))}
        assert (kept[number].phone, kept[number].door, kept[number].address) == ("", "", "")
        assert kept[number].compound
        assert kept[still].phone == "13800002046"
        assert db.get_one(Draft, kept[still].draft_id).phone == "13800002046"
        said = db.execute(select(InboxRow.openid, InboxRow.text).order_by(InboxRow.id)).all()
        assert said == [(openid, ""), (openid, "门牌402"), ("oGone", "")]
        assert db.scalars(select(VisitPhoto.sha256)).all() == ["1"]
        assert {str(row.fields) for row in db.scalars(select(Message))} <= {"{}"}
        told = retention.report(db)
        assert sum(one.rows for one in told.values()) == first
        assert told["places"].rows == 1


def test_where_a_gift_was_sent_goes_once_it_is_long_over(phone: Phone) -> None:
    where = {"name": "林女士", "phone": "13800002046", "address": "市北区浮山后三小区 12-2-402"}
    with transaction() as db:
        for cause in ("draw:1", "draw:2"):
            row = collections.owe(db, member_id=1, what="雨伞", cause=cause, now=MONDAY_NINE)
            collections.choose_post(db, number=row.number, by=phone.member, **where)
        parcel = {"number": row.number, "carrier": "顺丰", "tracking": "SF1"}
        collections.send(db, **parcel, by=Actor(1, Role.MANAGER), now=MONDAY_NINE)

    retention.drop_what_is_over(RULES, FixedClock(LATER))

    with transaction(reads_only=True) as db:
        kept = db.execute(select(Collection.phone, Collection.address).order_by(Collection.id))
        assert kept.all() == [(where["phone"], where["address"]), ("", "")]


def test_goes_on_where_it_was(phone: Phone) -> None:
    with transaction() as db:
        for place in range(retention.BATCH_MAX + 3):
            db.add(
                InboxRow(dedupe_key=f"x{place}", openid="o", kind="text", text="话", at=MONDAY_NINE)
            )
    with transaction() as db:
        [rule] = [rule for rule in RULES if rule.name == "chat_words"]
        assert rule.drop(db, LATER, 2) == 2

    assert retention.drop_what_is_over([rule], FixedClock(LATER)) == retention.BATCH_MAX + 1
    with transaction(reads_only=True) as db:
        assert len(db.scalars(select(retention.RetentionRun)).all()) == 2


def test_the_member_reads_the_same_table(phone: Phone) -> None:
    page = phone.open("/c/privacy").text

    assert all(rule.what in page for rule in RULES)
    assert "180 天" in page
