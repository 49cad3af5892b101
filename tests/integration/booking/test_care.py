"""Care plans begin with what was served, follow what comes of them, and end when their member says so."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import care_queries, personal, queries
from booking.care import CareEnded, CareKind, Doer, NoGift, NoService, NoTechnician, Outcome
from booking.care_models import CarePlan
from booking.operations import care, catalogue
from booking.operations.care import Terms
from dispatch.planner.problem import Window
from faces.chrome import forgetting
from kernel.actor import Actor
from kernel.db import transaction
from members import collection_queries
from members.collection_models import Collection
from members.models import Member
from members.operations.telling import HeardLately, NotByNight, NotFollowing
from members.states import CollectionState
from tests.hands import at_once
from tests.house import DISPATCHER, HOUR_S, MONDAY, MONDAY_NINE, a_service
from tests.integration.booking.living import told
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    finished,
)

TUESDAY = date(2026, 11, 24)
A_YEAR_ON = date(2027, 11, 24)


@pytest.fixture
def member(app: Flask) -> Actor:
    """A member of a city whose installations are followed by a cleaning each year."""
    found = a_city()
    with transaction() as db:
        a_service(db, code="air_clean")
        service = queries.service_by_code(db, "air_install")
        service.care_months, service.care_code, service.care_tips = 12, "air_clean", "滤网常冲"
        queries.service_by_code(db, "air_clean").category = "maintenance"
        queries.service_by_code(db, "air_clean").care_months = 12
    return found


def served(member: Actor) -> str:
    """Let the installation of tomorrow be booked and done; return its number."""
    number = a_promise(member)
    technician = assigned(number)
    at_work(number, technician)
    finished(number, technician)
    return number


def renewed(number: str, *, now: datetime = TUESDAY_TEN) -> int:
    with transaction() as db:
        return care.renew(db, number=number, now=now)


def plan_of(member: Actor) -> CarePlan:
    with transaction(reads_only=True) as db:
        return db.scalars(select(CarePlan).where(CarePlan.member_id == member.id)).one()


def outcomes(plan: CarePlan) -> list[Outcome]:
    with transaction(reads_only=True) as db:
        return [note.outcome for note in reversed(care_queries.notes(db, plan.id))]


def terms(**changes: object) -> Terms:
    facts: dict[str, object] = {
        "service_id": None,
        "every_months": 6,
        "tips": "",
        "gift": "",
        "doer": Doer.DISPATCHER,
        "technician_id": None,
        "due_on": TUESDAY,
    }
    return Terms(**(facts | changes))  # type: ignore[arg-type]  # facts of a plan


def a_call(member: Actor, **changes: object) -> CarePlan:
    with transaction() as db:
        return care.make(
            db,
            member_id=member.id,
            branch_id=1,
            kind=CareKind.CONTACT,
            terms=terms(**changes),
            by=DISPATCHER,
            now=MONDAY_NINE,
        )


class TestRenew:
    def test_begins_with_a_closed_installation_once_though_told_twice_at_once(
        self, app: Flask, member: Actor
    ) -> None:
        number = served(member)

        begun = at_once(app, [lambda: renewed(number), lambda: renewed(number)])

        plan = plan_of(member)
        assert sorted(map(str, begun)) == ["0", "1"]
        assert (plan.kind, plan.due_on, plan.tips) == (CareKind.MAINTENANCE, A_YEAR_ON, "滤网常冲")
        assert outcomes(plan) == [Outcome.MADE]

    def test_a_booking_for_it_is_noted_and_its_work_begins_the_next_interval(
        self, member: Actor
    ) -> None:
        renewed(served(member))
        number = a_promise(
            member, service_code="air_clean", window=Window(13 * HOUR_S, 15 * HOUR_S)
        )

        for _ in range(2):
            with transaction() as db:
                care.booked(db, number=number, now=MONDAY_NINE)
        waiting = plan_of(member)
        technician = assigned(number)
        later = TUESDAY_TEN + timedelta(hours=3)
        at_work(number, technician, now=later)
        finished(number, technician, now=later)
        for _ in range(2):
            renewed(number, now=later)

        assert waiting.due_on == TUESDAY + timedelta(days=14)
        assert plan_of(member).due_on == A_YEAR_ON
        assert outcomes(waiting) == [Outcome.MADE, Outcome.BOOKED, Outcome.SERVED]

    def test_knows_the_door_still_when_its_time_is_over(self, member: Actor) -> None:
        renewed(served(member))
        with transaction() as db:
            assert personal.drop_old_places(db, TUESDAY_TEN + timedelta(days=1), 9) == 1
        afternoon = Window(13 * HOUR_S, 15 * HOUR_S)
        number = a_promise(member, service_code="air_clean", window=afternoon)

        with transaction() as db:
            assert care.booked(db, number=number, now=MONDAY_NINE) == 1

    def test_begins_with_nobody_who_was_forgotten_meanwhile(self, member: Actor) -> None:
        number = served(member)
        with transaction() as db:
            forgetting.forget(db, member.id, now=TUESDAY_TEN)

        assert renewed(number) == 0

    def test_what_its_member_ended_stays_ended(self, member: Actor) -> None:
        number = served(member)
        renewed(number)
        with transaction() as db:
            care.note(
                db,
                number=plan_of(member).number,
                outcome=Outcome.STOPPED,
                by=member,
                now=TUESDAY_TEN,
            )

        again = renewed(number)

        assert (again, plan_of(member).due_on) == (0, None)
        with pytest.raises(CareEnded), transaction() as db:
            care.note(
                db,
                number=plan_of(member).number,
                outcome=Outcome.REACHED,
                by=DISPATCHER_OF_ALL,
                now=TUESDAY_TEN,
            )

    def test_without_an_interval_there_is_no_plan(self, member: Actor) -> None:
        with transaction() as db:
            queries.service_by_code(db, "air_install").care_months = 0

        assert renewed(served(member)) == 0


class TestSend:
    def test_is_told_once_within_the_cap(self, member: Actor) -> None:
        _follow(member)
        number = a_call(member).number

        with transaction() as db:
            sent = care.send(db, number=number, by=DISPATCHER_OF_ALL, now=MONDAY_NINE)

        assert sent.due_on == date(2027, 5, 23)
        assert [one["plan_number"] for one in told("CareNewsOrdered")] == [number]
        with pytest.raises(HeardLately), transaction() as db:
            care.send(db, number=number, by=DISPATCHER_OF_ALL, now=MONDAY_NINE)

    def test_not_by_night_nor_to_who_does_not_follow(self, member: Actor) -> None:
        number = a_call(member).number
        night = MONDAY_NINE + timedelta(hours=12)

        with pytest.raises(NotByNight), transaction() as db:
            care.send(db, number=number, by=DISPATCHER_OF_ALL, now=night)
        _follow(member, follows=False)
        with pytest.raises(NotFollowing), transaction() as db:
            care.send(db, number=number, by=DISPATCHER_OF_ALL, now=MONDAY_NINE)
        assert outcomes(plan_of(member)) == [Outcome.MADE]


class TestAGift:
    def test_is_handed_over_once_a_turn_though_two_hands_note_it_at_once(
        self, app: Flask, member: Actor
    ) -> None:
        number = a_call(member, gift="滤网一片").number

        came = at_once(app, [lambda: given_away(number, seen=1)] * 2)

        assert sorted(type(one).__name__ for one in came) == ["CareMoved", "Collection"]
        [row] = gifts_of(member)
        assert (row.what, row.state, row.cause) == (
            "滤网一片",
            CollectionState.HANDED_OVER,
            f"care:{number}:2",
        )
        assert [one["what"] for one in told("CollectionMoved")] == ["滤网一片"]

    def test_the_stage_shows_the_fault(self, app: Flask, member: Actor) -> None:
        number = a_call(member, gift="滤网一片").number

        at_once(app, [lambda: given_away(number, seen=None)] * 2)

        assert len(gifts_of(member)) == 2

    def test_is_none_for_who_was_not_reached_or_of_a_plan_without(self, member: Actor) -> None:
        number = a_call(member, gift="滤网一片").number
        without = a_call(member).number

        with pytest.raises(NoGift):
            given_away(number, outcome=Outcome.NOT_REACHED)
        with pytest.raises(NoGift):
            given_away(without)

        assert gifts_of(member) == []


def given_away(
    number: str, *, seen: int | None = 1, outcome: Outcome = Outcome.REACHED
) -> Collection:
    with transaction() as db:
        row = care.note(
            db,
            number=number,
            outcome=outcome,
            seen=seen,
            gives_gift=True,
            by=DISPATCHER_OF_ALL,
            now=MONDAY_NINE,
        )
        return collection_queries.all_of(db, member_id=row.member_id)[0]


def gifts_of(member: Actor) -> list[Collection]:
    with transaction(reads_only=True) as db:
        return list(collection_queries.all_of(db, member_id=member.id))


def _follow(member: Actor, *, follows: bool = True) -> None:
    with transaction() as db:
        db.get_one(Member, member.id).follows = follows


def test_a_plan_needs_a_service_for_the_door_and_a_technician_of_its_branch(
    member: Actor,
) -> None:
    with pytest.raises(NoTechnician):
        a_call(member, doer=Doer.TECHNICIAN, technician_id=99)
    with pytest.raises(NoService), transaction() as db:
        care.make(
            db,
            member_id=member.id,
            branch_id=1,
            kind=CareKind.MAINTENANCE,
            terms=terms(),
            by=DISPATCHER,
            now=MONDAY_NINE,
        )


def test_the_care_of_a_service_names_one_of_the_catalogue(member: Actor) -> None:
    with pytest.raises(catalogue.NoCareService), transaction() as db:
        catalogue.launch(
            db,
            code="tv_mount",
            category="installation",
            name="电视挂装",
            short_name="电视装",
            about="",
            icon="tv",
            work_s=HOUR_S,
            skill="tv",
            price=queries.service_by_code(db, "air_install").price,
            care=catalogue.Care(12, "nothing"),
        )


def test_the_list_has_what_is_due_by_branch(member: Actor) -> None:
    a_call(member, due_on=MONDAY - timedelta(days=1))
    a_call(member, due_on=MONDAY)
    a_call(member, due_on=MONDAY + timedelta(days=14))
    a_call(member, due_on=MONDAY + timedelta(days=15))

    with transaction(reads_only=True) as db:
        found = care_queries.counts(db, by=DISPATCHER_OF_ALL, branch_id=1, today=MONDAY)
        elsewhere = care_queries.counts(
            db, by=Actor(1, DISPATCHER.role, frozenset({2})), branch_id=1, today=MONDAY
        )

    assert (found.overdue, found.today, found.ahead) == (1, 1, 1)
    assert (elsewhere.overdue, elsewhere.today, elsewhere.ahead) == (0, 0, 0)
