"""Two rows of one person become one: nothing is lost, nothing washed off, and the ledger stands."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from kernel.actor import SYSTEM, Actor, Role
from kernel.db import Base, sa, transaction
from kernel.errors import ChangedMeanwhile, Forbidden
from kernel.money import Money
from kernel.outbox import OutboxRow
from kernel.phone import Phone
from members import (
    grade_queries,
    ledger,
    ledger_queries,
    merge_queries,
    personal,
    queries,
    rule_queries,
    strike_queries,
)
from members.ledger_models import Lot
from members.merge_models import Merge
from members.merging import MergeReason, NothingInCommon, NotOneOfUs, PointsInUse
from members.models import Member, SignIn, Touch
from members.operations import (
    blacklist,
    following,
    holds,
    merging,
    postings,
    sign_ins,
    strikes,
)
from members.policy import Blocked
from members.privacy import ConsentKind
from scripts import promises
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    BRANCH,
    DAY,
    MEMBER,
    NEIGHBOUR,
    SUN,
    ZOU,
    a_posted_strike,
    three_strikes,
)

LATER = MONDAY_NINE + 30 * DAY
OLD, NEW = MEMBER.id, NEIGHBOUR.id


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for place in (1, 2):
            a_member(db, openid=f"oTest{place:023d}")
        # The second follows, so that he is who stays.
        db.get_one(Member, OLD).follows = False


def earned(number: str, yuan: int, *, member_id: int = OLD) -> None:
    with transaction() as db:
        rules = rule_queries.in_force(db)
        draft = ledger.completion_draft(
            member_id=member_id, booking_number=number, price=Money(yuan * 100), rules=rules
        )
        postings.post(db, draft, now=MONDAY_NINE)


def fined(member_id: int, points: int) -> None:
    with transaction() as db:
        rules = rule_queries.in_force(db)
        draft = ledger.fee_draft(
            member_id=member_id,
            booking_number=f"F{member_id}",
            kind=ledger.CANCEL_FEE,
            points=points,
            rules=rules,
        )
        postings.post(db, draft, now=MONDAY_NINE)


def merged() -> Member:
    with transaction() as db:
        return merging.merge(
            db, one_id=OLD, other_id=NEW, reason=MergeReason.UNIONID, by=SYSTEM, now=LATER
        )


def broken() -> list[promises.Broken]:
    with transaction(reads_only=True) as db:
        return list(promises.broken(db, now=LATER))


class TestPoints:
    def test_move_lot_by_lot_and_expire_when_they_would_have(self) -> None:
        earned("B1", 80)
        earned("B2", 20, member_id=NEW)
        with transaction() as db:
            dies_at = db.scalars(select(Lot.expires_at).order_by(Lot.id)).first()

        kept = merged()

        with transaction() as db:
            assert kept.id == NEW
            assert [ledger_queries.points_balance(db, one) for one in (OLD, NEW)] == [0, 100]
            assert db.scalars(select(Lot.expires_at).order_by(Lot.id.desc())).first() == dies_at
            assert ledger_queries.completions(db, NEW) == 2
            rules = rule_queries.in_force(db)
            assert grade_queries.held_by(db, NEW, rules=rules, now=LATER).earned == 100
        assert broken() == []

    @pytest.mark.parametrize(("old", "new"), [(-30, 80), (80, -30), (-30, -30)])
    def test_what_either_owes_is_repaid_or_owed_on(self, old: int, new: int) -> None:
        for member_id, points in ((OLD, old), (NEW, new)):
            if points > 0:
                earned(f"B{member_id}", points, member_id=member_id)
            else:
                fined(member_id, -points)

        merged()

        with transaction() as db:
            assert ledger_queries.points_balance(db, NEW) == old + new
        assert broken() == []

    def test_what_is_taken_back_later_follows_them(self) -> None:
        earned("B1", 80)
        merged()
        with transaction() as db:
            postings.reverse(db, key="completion:B1", evidence="refund:1", now=LATER)
            assert merge_queries.unfinished(db, since=LATER + DAY, limit=9) != []

        with transaction() as db:
            [done] = merge_queries.merges_of(db, NEW)
            assert merging.carry_on(db, done.id, now=LATER) == 1
            assert merging.carry_on(db, done.id, now=LATER) == 0

        with transaction() as db:
            assert ledger_queries.points_balance(db, NEW) == 0
            assert ledger_queries.completions(db, NEW) == 0
            assert merge_queries.unfinished(db, since=LATER + DAY, limit=9) == []
        assert broken() == []

    def test_that_are_in_use_are_waited_for(self) -> None:
        earned("B1", 80)
        with transaction() as db:
            holds.open_hold(
                db,
                key="hold:1",
                member_id=OLD,
                amount=10,
                evidence="booking:B9",
                expires_at=LATER + DAY,
                now=LATER,
            )

        with pytest.raises(PointsInUse):
            merged()


class TestStrikes:
    def test_of_both_count_and_may_stop_him_together(self) -> None:
        for place, member_id in enumerate((OLD, OLD, NEW)):
            a_posted_strike(f"B{place}", member_id=member_id, at=MONDAY_NINE + place * DAY)

        merged()

        with transaction() as db:
            assert len(strike_queries.strike_facts(db, NEW)) == 3
            with pytest.raises(Blocked):
                queries.check_may_book(db, NEW, now=LATER)
            [row] = strike_queries.blacklistings_of(db, member_id=NEW)
            assert row.cause.startswith("merge:")
            assert row.begins_at == LATER
        assert broken() == []

    def test_a_pause_goes_on_and_can_be_lifted(self) -> None:
        three_strikes()
        with transaction() as db:
            asked = blacklist.ask_release(
                db, member_id=OLD, by=ZOU, reason="门铃坏了，照片属实，应当解除。", now=LATER
            )

        merged()
        with transaction() as db, pytest.raises(Blocked):
            queries.check_may_book(db, NEW, now=LATER)
        assert broken() == []
        with transaction() as db:
            blacklist.confirm_release(
                db, number=asked.number, by=SUN, now=LATER + timedelta(minutes=1)
            )
            queries.check_may_book(db, NEW, now=LATER + timedelta(hours=1))
        assert broken() == []

    def test_is_undone_where_it_was_posted(self) -> None:
        strike = a_posted_strike("B1")
        merged()

        with transaction() as db:
            row = strikes.locked_with_its_person(db, strike.number)
            assert row.member_id == NEW
            strikes.undo_strike(
                db, row, words="属实", evidence="appeal:A1", by=ZOU, now=LATER + DAY
            )
            [fact] = strike_queries.strike_facts(db, NEW)
            assert fact.reversed_at == LATER + DAY
            [done] = merge_queries.merges_of(db, NEW)
            merging.carry_on(db, done.id, now=LATER + DAY)
            assert ledger_queries.points_balance(db, NEW) == 0
        assert broken() == []


class TestTheRows:
    def test_name_who_stays_and_the_old_names_lead_to_him(self) -> None:
        with transaction() as db:
            db.add(Touch(member_id=OLD, scene="store-1", at=MONDAY_NINE))
            opened = sign_ins.open_sign_in(db, role=Role.MEMBER, subject_id=OLD, now=MONDAY_NINE)
            number, openid = db.get_one(Member, OLD).number, db.get_one(Member, OLD).openid

        merged()

        with transaction() as db:
            assert queries.member_by_number(db, number=number, by=SUN).id == NEW
            assert queries.member(db, OLD).id == NEW
            assert following.meet(db, openid=openid, now=LATER).id == NEW
            assert [row.scene for row in queries.touches(db, NEW)] == ["store-1"]
            assert db.scalars(select(SignIn.subject_id)).all() == [NEW]
            assert opened.token
            rows, count = queries.search(db, by=SUN)
            assert ([row.id for row in rows], count) == ([NEW], 1)
            with pytest.raises(ChangedMeanwhile):
                following.lock_member(db, OLD)
        with transaction() as db:
            assert following.lock_person(db, OLD).id == NEW

    def test_what_he_does_by_his_old_openid_is_his(self) -> None:
        merged()
        with transaction() as db:
            openid = db.get_one(Member, OLD).openid
            following.follow(db, openid=openid, scene="store-2", now=LATER)

        with transaction() as db:
            assert [row.member_id for row in db.scalars(select(Touch))] == [NEW]

    def test_he_has_agreed_by_whichever_name(self) -> None:
        with transaction() as db:
            kind = ConsentKind.PRIVACY
            personal.agree(db, member_id=OLD, kind=kind, is_given=True, now=MONDAY_NINE)

        merged()

        with transaction(reads_only=True) as db:
            said = personal.consents(db, NEW)[kind]
        assert said is not None

    def test_once_is_as_often_as_one_likes_and_is_written_down(self) -> None:
        merged()
        merged()

        with transaction() as db:
            [row] = db.scalars(select(Merge))
            assert (row.gone_id, row.kept_id, row.reason) == (OLD, NEW, MergeReason.UNIONID)

    def test_those_that_stand_are_the_guarded_ones(self) -> None:
        """Whoever guards a table that names members says here that it is read by all his ids."""
        naming = {
            table.name
            for table in Base.metadata.sorted_tables
            for column in table.columns
            for key in column.foreign_keys
            if key.target_fullname == "members_member.id"
        }
        with transaction(reads_only=True) as db:
            names = promises.GUARDS[sa.engine.dialect.name][0]
            guards = set(db.scalars(text(names)))
        guarded = {name for name in naming if {f"{name}_no_update", f"{name}_no_change"} & guards}

        assert guarded | {"members_member"} == merging.STANDING


class TestWhoStays:
    """Each column of a member: told apart, kept of who stays, or what only the other knew."""

    def test_knows_when_he_heard_of_us_and_which_code_he_met_last(self) -> None:
        with transaction() as db:
            old, new = (db.get_one(Member, one) for one in (OLD, NEW))
            old.joined_at = MONDAY_NINE - 9 * DAY
            old.heard_at, new.heard_at = LATER - DAY, MONDAY_NINE
            old.first_scene, old.last_scene = "S1", "S3"
            new.first_scene = new.last_scene = "S2"
            for member_id, scene, days in ((OLD, "S1", 0), (NEW, "S2", 1), (OLD, "S3", 2)):
                db.add(Touch(member_id=member_id, scene=scene, at=MONDAY_NINE + days * DAY))

        merged()

        with transaction(reads_only=True) as db:
            kept = db.get_one(Member, NEW)
        assert kept.heard_at == LATER - DAY
        assert (kept.first_scene, kept.last_scene) == ("S1", "S3")

    def test_has_no_column_that_a_merge_does_not_know(self) -> None:
        told_apart = {"id", "number", "openid", "follows", "erased_at", "merged_into_id"}
        filled_in = {"unionid", "name", "phone", "phone_confirmed_at", "first_scene", "last_scene"}
        filled_in |= {"store_id", "joined_at", "heard_at"}

        assert {*Base.metadata.tables["members_member"].columns.keys()} == told_apart | filled_in


class TestByHand:
    def test_takes_something_in_common_and_somebody_who_decides(self) -> None:
        def by_hand(by: Actor) -> Member:
            with transaction() as db:
                return merging.merge_by_hand(
                    db, one_id=OLD, other_id=NEW, why="本人来电说是同一个人。", by=by, now=LATER
                )

        with pytest.raises(Forbidden):
            by_hand(Actor(15, Role.AUDITOR))
        with pytest.raises(NothingInCommon):
            by_hand(Actor(10, Role.DISPATCHER, frozenset({BRANCH})))
        with transaction() as db:
            for member_id in (OLD, NEW):
                following.name_member(db, member_id=member_id, name="林", phone="13800002046")

        assert by_hand(ZOU).id == NEW

    def test_not_of_who_was_erased(self) -> None:
        with transaction() as db:
            db.get_one(Member, OLD).erased_at = MONDAY_NINE

        with pytest.raises(NotOneOfUs):
            merged()


class TestByItself:
    def test_whom_wechat_knows_by_one_unionid(self) -> None:
        with transaction() as db:
            openids = [db.get_one(Member, one).openid for one in (OLD, NEW)]
        for openid in openids:
            with transaction() as db:
                member = merging.meet_again(db, openid=openid, unionid="oUnion", now=LATER)

        assert member.id == NEW

    def test_a_caller_whose_phone_he_has_proven(self) -> None:
        phone = Phone.parse("13800002046")

        def shown() -> Sequence[int]:
            with transaction() as db:
                return merge_queries.with_confirmed_phone_of(db, queries.member(db, NEW))

        with transaction() as db:
            caller = following.add_caller(db, name="林女士", phone=phone, now=MONDAY_NINE)
            following.name_member(db, member_id=NEW, name="林", phone=phone.digits)
        assert shown() == ()
        with transaction() as db:
            following.confirm_phone(db, member_id=NEW, phone=phone.digits, now=LATER)
        with transaction() as db:
            merging.merge_callers(db, member_id=NEW, others=shown(), now=LATER)

        with transaction() as db:
            assert db.get_one(Member, caller.id).merged_into_id == NEW
            assert "PhoneConfirmed" in db.scalars(select(OutboxRow.name)).all()
