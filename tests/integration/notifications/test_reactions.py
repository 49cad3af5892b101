"""From what has happened to what is said: one message per event, person and kind."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from dispatch import live
from dispatch import queries as dispatch
from dispatch.models import Technician, Visit
from dispatch.operations import plan as plans
from dispatch.operations import publishing
from dispatch.planner import judge
from gateways.wechat.fields import check_fields
from kernel.actor import Actor
from kernel.db import transaction
from kernel.outbox import OutboxRow
from notifications.reactions import AT_THE_DOOR_FOR, DONE_FOR, ON_THE_WAY_FOR
from tests.house import DISPATCHER, MONDAY_NINE, a_technician, tomorrow
from tests.integration.notifications.stories import (
    MEMBER_OPENID,
    TECHNICIAN_OPENID,
    a_town,
    assigned,
    completed,
    messages,
    promised,
    tell_again,
    tell_everything,
)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_town()


class TestAWholeStory:
    def test_is_told_to_whom_it_concerns(self, member: Actor) -> None:
        number = promised(member)
        completed(assigned(number))

        tell_everything()

        told = [(m.kind, m.openid) for m in messages()]
        assert sorted(told) == sorted(
            [
                ("M1", MEMBER_OPENID),
                ("M4", TECHNICIAN_OPENID),
                ("M5", MEMBER_OPENID),
                ("M7", MEMBER_OPENID),
                ("M12", MEMBER_OPENID),
                ("M17", MEMBER_OPENID),
            ]
        )

    def test_is_told_once_however_often_it_is_delivered(self, member: Actor) -> None:
        completed(assigned(promised(member)))
        tell_everything()
        before = [(m.id, m.dedupe_key, m.fields) for m in messages()]

        tell_again()

        assert [(m.id, m.dedupe_key, m.fields) for m in messages()] == before

    def test_fits_into_wechats_fields(self, member: Actor) -> None:
        completed(assigned(promised(member)))
        tell_everything()

        for message in messages():
            check_fields(message.fields)

    def test_leads_each_to_his_own_page(self, member: Actor) -> None:
        number = promised(member)
        visit = assigned(number)
        tell_everything()

        paths = {m.kind: m.path for m in messages()}
        assert paths == {
            "M1": f"/c/bookings/{number}",
            "M4": f"/t/visits/{visit}",
            "M5": f"/c/bookings/{number}",
        }

    def test_names_the_points_of_the_ledger(self, member: Actor) -> None:
        completed(assigned(promised(member)))
        tell_everything()

        [done] = [m for m in messages() if m.kind == "M17"]
        assert (done.fields["number3"], done.fields["number4"]) == ("180", "180")

    def test_ends_when_nobody_needs_it_any_more(self, member: Actor) -> None:
        completed(assigned(promised(member)))
        tell_everything()

        with transaction(reads_only=True) as db:
            events = {row.name: row.at for row in db.scalars(select(OutboxRow))}
        ends = {m.kind: m.not_after for m in messages()}
        window_ends = MONDAY_NINE + timedelta(days=1, hours=3)
        assert ends == {
            "M1": window_ends,
            "M4": window_ends,
            "M5": window_ends,
            "M7": events["VisitDeparted"] + ON_THE_WAY_FOR,
            "M12": events["VisitArrived"] + AT_THE_DOOR_FOR,
            "M17": events["BookingCompleted"] + DONE_FOR,
        }


class TestATechnicianWhoIsNotBound:
    def test_hears_nothing_and_the_member_does(self, app: Flask) -> None:
        number = promised(a_town(is_bound=False))
        assigned(number)

        tell_everything()

        assert [m.kind for m in messages()] == ["M1", "M5"]


class TestAVisitThatChangesHands:
    @pytest.fixture
    def second(self, member: Actor) -> int:
        with transaction() as db:
            technician_id = a_technician(db, branch_id=1)
            db.execute(
                update(Technician)
                .where(Technician.id == technician_id)
                .values(openid="oTechnician00000000000000002", name="李雷")
            )
            return technician_id

    def hand_over(self, technician_id: int, *, minutes: int) -> None:
        """Put the day's one visit into that technician's route and publish."""
        now = MONDAY_NINE + timedelta(minutes=minutes)
        with transaction() as db:
            locked = plans.lock_day(db, branch_id=1, day=tomorrow(), now=now)
            visit = db.scalars(select(Visit)).one()
            for route in locked.plan.plan.routes:
                stops = (visit.id,) if route.worker_id == technician_id else ()
                timetable = judge.timetable(
                    locked.plan.problem, type(route)(route.worker_id, stops)
                )
                row = plans.put_order(
                    db, locked, technician_id=route.worker_id, timetable=timetable
                )
                if stops:
                    visit.route_id = row.id
            plans.changed(db, locked.row, now=now)
            publishing.publish(db, locked, by=DISPATCHER, now=now)

    def told_of(self) -> list[tuple[str, str]]:
        return [
            (m.kind, m.fields.get("name3") or m.fields["thing3"].split()[0])
            for m in messages()
            if m.kind in ("M5", "M6")
        ]

    def test_is_told_each_time_also_when_it_comes_back(self, member: Actor, second: int) -> None:
        promised(member)
        for minutes, technician_id in enumerate((1, second, 1)):
            self.hand_over(technician_id, minutes=minutes)
            tell_everything()

        assert self.told_of() == [("M5", "王师傅"), ("M6", "李师傅"), ("M6", "王师傅")]
        assert [m.openid[-1] for m in messages() if m.kind == "M4"] == ["1", "2", "1"]

    def test_before_anybody_was_told_is_told_as_it_is_now(self, member: Actor, second: int) -> None:
        promised(member)
        for minutes, technician_id in enumerate((1, second, 1, second)):
            self.hand_over(technician_id, minutes=minutes)

        tell_everything()

        assert self.told_of() == [("M5", "李师傅")]
        assert [m.openid[-1] for m in messages() if m.kind == "M4"] == ["2"]

    def test_stands_in_one_route_all_the_while(self, member: Actor, second: int) -> None:
        promised(member)
        self.hand_over(second, minutes=1)

        live.forget()
        with transaction(reads_only=True) as db:
            rows = dispatch.routes(db, branch_id=1, day=tomorrow())
            visit = db.scalars(select(Visit)).one()
        holding = [row for row in rows.values() if [s[0] for s in row.stops] == [visit.id]]
        assert [row.id for row in holding] == [visit.route_id]
