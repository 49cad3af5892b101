"""One thing of each kind that an address can name, belonging to a member, a technician and a branch.

A new kind gets a line in `MAKERS`: how to make one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from booking import queries as bookings
from booking.care import CareKind, Doer
from booking.codes import CodeKind
from booking.coupons import CouponForm, Terms
from booking.feedback import Topic
from booking.goods import GoodsKind, NewItem
from booking.models import Booking
from booking.operations import (
    additions,
    assets,
    billing,
    care,
    catalogue,
    codes,
    coupons,
    drafts,
    feedback,
    shop,
    tryouts,
    waiting,
)
from booking.operations import goods as goods_operations
from booking.operations.care import Terms as CareTerms
from booking.operations.drafts import Address
from conversations.operations import chats
from dispatch.models import Visit
from dispatch.operations import proposals
from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Session
from kernel.geo import Point
from kernel.money import Money
from kernel.phone import Phone
from members import collection_queries, ledger
from members import queries as members
from members.collecting import Way
from members.drawing import Prize, PrizeKind
from members.ledger import Draft
from members.operations import campaigns, draws, postings, sign_ins, strikes, surveys, tags
from members.rule_text import RULES
from members.rules import StrikeKind
from members.surveying import Question, QuestionKind
from tests.house import DISPATCHER, MONDAY_NINE, tomorrow
from tests.samples import a_sample

SEVEN = MONDAY_NINE - timedelta(hours=2)
PASSWORD = "a good long password"
LEADER = Actor(1, Role.MANAGER)


@dataclass
class Side:
    """One member, one technician, one branch, and a thing of each kind that is theirs."""

    member: Actor
    technician: Actor
    branch_id: int
    things: dict[str, str] = field(default_factory=dict)


def a_strike(db: Session, side: Side, member_id: int, *, booking: str, at: datetime) -> str:
    return strikes.open_strike(
        db,
        kind=StrikeKind.NO_SHOW,
        booking_number=booking,
        evidence={"arrived_at": at.isoformat()},
        now=at,
        member_id=member_id,
        branch_id=side.branch_id,
    ).number


def a_draft(db: Session, side: Side, at: Point) -> str:
    address = Address(
        text="浮山后三小区 12-2-402", compound="浮山后三小区", door="12-2-402", point=at
    )
    return drafts.save_draft(
        db,
        service_code="air_install",
        choices={},
        address=address,
        contact=f"林女士{side.branch_id}",
        phone=Phone(f"1380000204{side.branch_id}"),
        by=side.member,
        now=SEVEN,
    ).number


Maker = Callable[[Session, Side, Booking, Visit], str]


def _a_second_draft(db: Session, side: Side, _booking: Booking, visit: Visit) -> str:
    return a_draft(db, side, visit.point)


def _a_place_in_line(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    number = side.things["drafts"]
    return waiting.join(
        db, draft_number=number, day=tomorrow(), by=side.member, now=MONDAY_NINE
    ).number


def _an_addition(db: Session, side: Side, _booking: Booking, visit: Visit) -> str:
    return additions.ask(
        db,
        visit_number=visit.number,
        code="pipe",
        count=1,
        reason="管路超出标配",
        by=side.technician,
        now=MONDAY_NINE,
    ).number


def _an_asset(db: Session, side: Side, _booking: Booking, visit: Visit) -> str:
    return assets.scan_serial(
        db,
        visit_number=visit.number,
        serial=f"SN202600000{side.branch_id}",
        by=side.technician,
        now=MONDAY_NINE,
    ).asset.number


def _a_coupon(db: Session, _side: Side, _booking: Booking, _visit: Visit) -> str:
    terms = Terms(form=CouponForm.FIXED, amount=Money(20_00))
    return coupons.make_kind(
        db, name="立减券", terms=terms, live_days=30, given_max=None, now=MONDAY_NINE
    ).number


def _an_article(db: Session, _side: Side, _booking: Booking, _visit: Visit) -> str:
    return shop.add_article(
        db,
        name="滤芯",
        about="",
        icon="gift",
        points=1,
        stock=9,
        own_max=None,
        coupon="",
        by_post=True,
        by_pickup=True,
        now=MONDAY_NINE,
    ).number


def _a_payment(db: Session, _side: Side, booking: Booking, _visit: Visit) -> str:
    payment = billing.ask_at_door(db, db.merge(booking, load=True), now=MONDAY_NINE)
    assert payment is not None
    return payment.number


def _a_strike(db: Session, side: Side, booking: Booking, _visit: Visit) -> str:
    return a_strike(db, side, side.member.id, booking=booking.number, at=MONDAY_NINE)


def _a_strike_of_the_technician(db: Session, side: Side, booking: Booking, _visit: Visit) -> str:
    return strikes.open_strike(
        db,
        kind=StrikeKind.PROVIDER_NO_SHOW,
        booking_number=booking.number,
        evidence={"ends_at": MONDAY_NINE.isoformat()},
        now=MONDAY_NINE,
        technician_id=side.technician.id,
        branch_id=side.branch_id,
    ).number


def _earnings(db: Session, side: Side, _booking: Booking, visit: Visit) -> str:
    draft = ledger.errand_draft(
        technician_id=side.technician.id, visit_number=visit.number, rules=RULES
    )
    postings.post(db, draft, now=MONDAY_NINE)
    return draft.key


def _a_way(_db: Session, _side: Side, _booking: Booking, _visit: Visit) -> str:
    return "pause"


def _an_account(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    staff = sign_ins.add_staff(
        db,
        login=f"duty.{side.branch_id}",
        name="值班一位",
        role=Role.DISPATCHER,
        password=PASSWORD,
        branch_ids=[side.branch_id],
    )
    return str(staff.id)


def _goods(db: Session, side: Side, booking: Booking, _visit: Visit) -> str:
    [item] = goods_operations.add_items(
        db,
        booking_number=booking.number,
        items=[NewItem(kind=GoodsKind.GOODS, name="挂机空调")],
        by=SYSTEM,
        now=MONDAY_NINE,
    )
    return item.number


def _a_complaint(db: Session, side: Side, booking: Booking, _visit: Visit) -> str:
    return feedback.complain(
        db,
        booking_number=booking.number,
        topic=Topic.LATENESS,
        text="师傅迟到了半个小时",
        by=side.member,
        now=MONDAY_NINE,
    ).number


def _a_proposal(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    return proposals.ask(
        db, branch_id=side.branch_id, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE
    ).number


def _a_store(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    return catalogue.add_store(
        db,
        code=f"S{side.branch_id}",
        name=f"门店 {side.branch_id}",
        scene=f"store_{side.branch_id}",
        branch_id=side.branch_id,
        welcome="欢迎",
    ).code


def _a_code(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    return codes.make(
        db,
        kind=CodeKind.EVENT,
        name=f"周年庆 {side.branch_id}",
        branch_id=side.branch_id,
        store_code=side.things["stores"],
        by=LEADER,
        now=MONDAY_NINE,
    ).scene


def _a_chat(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    openid = members.member(db, side.member.id).openid
    opened = chats.ask_for_person(db, openid=openid, now=MONDAY_NINE)
    assert opened is not None
    return opened.number


def _a_collection(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    member_id = side.member.id
    legs = {ledger.HOUSE_POINTS: -9, ledger.member_owner(member_id): 9}
    key = f"earned:{member_id}"
    earned = Draft(
        key=key, kind=ledger.RATING, unit=ledger.POINTS, legs=legs, evidence="booking:B0"
    )
    postings.post(db, earned, now=MONDAY_NINE)
    db.info.pop("locks", None)
    shop.take(
        db,
        article_number=side.things["shop"],
        way=Way.PICK_UP,
        store_code=side.things["stores"],
        by=side.member,
        now=MONDAY_NINE,
    )
    [owed] = collection_queries.open_of(db, member_id=member_id)
    return owed.number


def store_id(db: Session, side: Side) -> int:
    return next(row.id for row in bookings.stores(db) if row.code == side.things["stores"])


def _a_draw(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    number = draws.set_up(
        db,
        name=f"砸金蛋 {side.branch_id}",
        about="",
        eggs=5,
        prizes=[Prize(1, "雨伞", PrizeKind.GIFT, 0, 1)],
        ends_at=MONDAY_NINE + timedelta(days=3),
        store_id=store_id(db, side),
        by=LEADER,
        now=MONDAY_NINE,
    ).number
    draws.begin(db, number=number, by=LEADER, within=None, now=MONDAY_NINE)
    return number


def _a_follower(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    return members.member(db, side.member.id).number


def _a_campaign(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    name = f"标签 {side.branch_id}"
    tag = tags.make_tag(db, name=name, rule=None, by=LEADER, now=MONDAY_NINE)
    segment = tags.make_segment(
        db, name=name, with_ids=[tag.id], without_ids=[], by=LEADER, now=MONDAY_NINE
    )
    return campaigns.set_up(
        db,
        name=name,
        segment_id=segment.id,
        about="该保养了",
        tip="点开预约",
        path="/c/",
        hold_out=0,
        store_id=store_id(db, side),
        by=LEADER,
        now=MONDAY_NINE,
    ).number


def _a_survey(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    return surveys.make(
        db,
        title=f"问卷 {side.branch_id}",
        about="",
        questions=[Question(QuestionKind.SCALE, "满意吗")],
        segment_id=None,
        after_service=False,
        ends_at=MONDAY_NINE + timedelta(days=3),
        store_id=store_id(db, side),
        by=LEADER,
        now=MONDAY_NINE,
    ).number


def _a_care_plan(doer: Doer, db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    terms = CareTerms(
        service_id=None,
        every_months=6,
        tips="",
        gift="",
        doer=doer,
        technician_id=side.technician.id,
        due_on=tomorrow(),
    )
    return care.make(
        db,
        member_id=side.member.id,
        branch_id=side.branch_id,
        kind=CareKind.CONTACT,
        terms=terms,
        by=DISPATCHER,
        now=MONDAY_NINE,
    ).number


def _a_sample(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    return a_sample(db, branch_id=side.branch_id)


def _a_tryout(db: Session, side: Side, _booking: Booking, _visit: Visit) -> str:
    by, number = Actor(side.member.id, Role.MEMBER), side.things["samples"]
    return tryouts.ask(db, sample_number=number, by=by, now=MONDAY_NINE).number


MAKERS: Mapping[str, Maker] = {
    "care": partial(_a_care_plan, Doer.STORE),
    "turns": partial(_a_care_plan, Doer.TECHNICIAN),
    "drafts": _a_second_draft,
    "waiting": _a_place_in_line,
    "additions": _an_addition,
    "assets": _an_asset,
    "payments": _a_payment,
    "strikes": _a_strike,
    "goods": _goods,
    "complaints": _a_complaint,
    "plans": _a_proposal,
    "stores": _a_store,
    "strike": _a_strike_of_the_technician,
    "earnings": _earnings,
    "ways": _a_way,
    "users": _an_account,
    "chats": _a_chat,
    "coupons": _a_coupon,
    "codes": _a_code,
    "shop": _an_article,
    "campaigns": _a_campaign,
    "followers": _a_follower,
    "collections": _a_collection,
    "draws": _a_draw,
    "surveys": _a_survey,
    "samples": _a_sample,
    "tryouts": _a_tryout,
}
