"""Tags follow their rules, and news goes to a segment under its caps."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.money import Money
from members import jobs, tag_queries
from members import queries as members
from members.ledger import completion_draft
from members.merging import MergeReason
from members.models import Member
from members.operations import campaigns, merging, postings, tags
from members.rule_text import RULES
from members.tagging import (
    A_DAY_MAX,
    CAP,
    CallOutcome,
    NotToCall,
    Rule,
    RuleKind,
    TagByRule,
    is_held_out,
)
from tests.house import MONDAY_NINE, a_member

LEADER = Actor(1, Role.MANAGER)
PEOPLE = range(1, 7)
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    """Six members: 1 and 2 were served a year ago, 3 today; 6 does not follow."""
    with transaction() as db:
        for n in PEOPLE:
            a_member(db, openid=f"oTest{n:023d}")
            row = db.get(Member, n)
            assert row is not None
            row.follows = n != 6
        for n, at in ((1, MONDAY_NINE - YEAR), (2, MONDAY_NINE - YEAR), (3, MONDAY_NINE)):
            draft = completion_draft(
                member_id=n, booking_number=f"B{n}", price=Money(100_00), rules=RULES
            )
            postings.post(db, draft, now=at)


def a_tag(name: str, rule: Rule | None = None) -> int:
    with transaction() as db:
        return tags.make_tag(db, name=name, rule=rule, by=LEADER, now=MONDAY_NINE).id


def wearers(tag_id: int) -> set[int]:
    with transaction(reads_only=True) as db:
        return tag_queries.wearers(db, tag_id)


def a_campaign(*, hold_out: int = 0, name: str = "召回", is_by_call: bool = False) -> str:
    """Begin one to all six, who have a tag put on by hand."""
    tag_id = a_tag(f"{name}标签")
    with transaction() as db:
        for n in PEOPLE:
            tags.put_on(db, tag_id=tag_id, member_id=n, now=MONDAY_NINE)
        segment = tags.make_segment(
            db, name=name, with_ids=[tag_id], without_ids=[], by=LEADER, now=MONDAY_NINE
        )
        row = campaigns.set_up(
            db,
            name=name,
            segment_id=segment.id,
            about="您的空调该清洗了",
            tip="点开预约",
            path="/c/",
            hold_out=hold_out,
            is_by_call=is_by_call,
            by=LEADER,
            now=MONDAY_NINE,
        )
        campaigns.begin(db, number=row.number, by=LEADER, now=MONDAY_NINE)
        return row.number


def states(number: str) -> Counter[str]:
    with transaction(reads_only=True) as db:
        row = tag_queries.campaign(db, number=number, by=LEADER)
        return tag_queries.fates_of(db, [row.id])[row.id]


def test_a_rules_tag_follows_what_happens() -> None:
    tag_id = a_tag("沉睡", Rule(RuleKind.QUIET, 180))
    assert wearers(tag_id) == {1, 2}

    with transaction() as db:
        draft = completion_draft(member_id=1, booking_number="B9", price=Money(100_00), rules=RULES)
        postings.post(db, draft, now=MONDAY_NINE)
    jobs.look_after_growth(FixedClock(MONDAY_NINE))

    assert wearers(tag_id) == {2}
    with transaction() as db:
        # Paid back, it is as if it had not been.
        postings.reverse(db, key="completion:B9", evidence="refund:1", now=MONDAY_NINE)
    jobs.look_after_growth(FixedClock(MONDAY_NINE))
    assert wearers(tag_id) == {1, 2}
    with pytest.raises(TagByRule), transaction() as db:
        tags.put_on(db, tag_id=tag_id, member_id=3, now=MONDAY_NINE)


def merged(gone_id: int, kept_id: int) -> None:
    with transaction() as db:
        db.get_one(Member, gone_id).follows = False
        merging.merge(
            db,
            one_id=gone_id,
            other_id=kept_id,
            reason=MergeReason.PHONE,
            by=SYSTEM,
            now=MONDAY_NINE,
        )


def test_a_rule_looks_at_all_names_of_a_person_and_at_nobody_twice() -> None:
    tag_id, never = (
        a_tag("老客", Rule(RuleKind.COMPLETED, 2)),
        a_tag("没来过", Rule(RuleKind.NEVER, 1)),
    )
    merged(1, 2)
    merged(3, 4)

    jobs.look_after_growth(FixedClock(MONDAY_NINE + timedelta(days=2)))

    assert (wearers(tag_id), wearers(never)) == ({2}, {5, 6})


def test_a_segment_has_all_of_some_and_none_of_others() -> None:
    served, quiet = (
        a_tag("做过", Rule(RuleKind.COMPLETED, 1)),
        a_tag("沉睡", Rule(RuleKind.QUIET, 180)),
    )
    with transaction() as db:
        row = tags.make_segment(
            db, name="活跃", with_ids=[served], without_ids=[quiet], by=LEADER, now=MONDAY_NINE
        )
        assert tag_queries.segment_counts(db, row) == (1, 1)


def test_who_wants_none_or_does_not_follow_is_passed_over() -> None:
    with transaction() as db:
        tags.want_news(db, wanted=False, by=Actor(2, Role.MEMBER), now=MONDAY_NINE)
    number = a_campaign()

    jobs.look_after_growth(FixedClock(MONDAY_NINE))

    assert states(number) == {"told": 4, "refused": 1, "gone": 1}


def called(number: str, member_id: int, outcome: CallOutcome) -> None:
    with transaction() as db:
        campaigns.note_call(
            db,
            number=number,
            member_number=members.member(db, member_id).number,
            outcome=outcome,
            text="",
            by=LEADER,
            now=MONDAY_NINE,
        )


def test_who_is_called_is_noted_once_and_who_wants_no_more_hears_none() -> None:
    with transaction() as db:
        tags.want_news(db, wanted=False, by=Actor(2, Role.MEMBER), now=MONDAY_NINE)
        for row in db.scalars(select(Member).where(Member.id != 3)):
            row.phone = f"1380000000{row.id}"
    number = a_campaign(is_by_call=True)
    jobs.look_after_growth(FixedClock(MONDAY_NINE))

    called(number, 1, CallOutcome.REACHED)
    called(number, 4, CallOutcome.NO_MORE)
    called(number, 5, CallOutcome.NOT_REACHED)
    with pytest.raises(NotToCall):
        called(number, 1, CallOutcome.REACHED)

    assert states(number) == {"told": 1, "refused": 2, "gone": 1, "waiting": 2}
    with transaction(reads_only=True) as db:
        assert not tag_queries.wants_news(db, 4)
        begun = tag_queries.campaign(db, number=number, by=LEADER)
        assert [member.id for _, member in tag_queries.to_call(db, begun, limit=9)] == [6, 5]


def test_nobody_is_called_by_two_names_nor_who_has_turned_news_off_since() -> None:
    with transaction() as db:
        for row in db.scalars(select(Member)):
            row.phone = f"1380000000{row.id}"
    number = a_campaign(is_by_call=True)

    merged(1, 2)
    with transaction() as db:
        tags.want_news(db, wanted=False, by=Actor(3, Role.MEMBER), now=MONDAY_NINE)

    with transaction(reads_only=True) as db:
        begun = tag_queries.campaign(db, number=number, by=LEADER)
        assert [member.id for _, member in tag_queries.to_call(db, begun, limit=9)] == [2, 4, 5, 6]
    with pytest.raises(NotToCall):
        called(number, 3, CallOutcome.REACHED)


def test_nobody_hears_twice_within_the_cap() -> None:
    first, ten = a_campaign(), MONDAY_NINE + timedelta(hours=1)
    jobs.look_after_growth(FixedClock(ten))
    soon, later = a_campaign(name="再来"), ten + CAP
    jobs.look_after_growth(FixedClock(later - timedelta(seconds=1)))
    last = a_campaign(name="第三")
    jobs.look_after_growth(FixedClock(later))

    assert (states(first)["told"], states(soon)["capped"], states(last)["told"]) == (5, 5, 5)


def test_the_night_is_quiet_and_a_day_has_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "A_DAY_MAX", 2)
    number = a_campaign()
    assert A_DAY_MAX > 2

    jobs.look_after_growth(FixedClock(MONDAY_NINE + timedelta(hours=13)))
    at_night = states(number)["told"]
    for _ in range(2):
        jobs.look_after_growth(FixedClock(MONDAY_NINE))

    assert (at_night, states(number)["told"]) == (0, 2)


def test_those_left_out_hear_nothing() -> None:
    number = a_campaign(hold_out=50)
    jobs.look_after_growth(FixedClock(MONDAY_NINE))

    told = states(number)
    assert told["held_out"] + told["told"] + told["gone"] == len(PEOPLE)
    out = [member for member in PEOPLE if is_held_out(number, member, percent=50)]
    assert told["held_out"] == len(out)
