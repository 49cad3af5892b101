"""Alerts say what the rows say, and are gone when the rows are well."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from flask import Flask

from dispatch import alerts
from dispatch import board as boards
from dispatch.alerts import Alert, AlertKind
from dispatch.operations import publishing, trouble, withdrawals
from dispatch.operations import visits as visit_operations
from dispatch.planner.problem import Window
from dispatch.policy import ACCEPT_LIFE
from dispatch.states import Proof
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.geo import Point
from tests.house import DISPATCHER, HOUR_S, MONDAY_NINE, a_technician, tomorrow
from tests.integration.booking.promised import a_city, a_promise, assigned, visit_of

TUESDAY = MONDAY_NINE + timedelta(days=1)
AFTERNOON = Window(13 * HOUR_S, 15 * HOUR_S)
OF_THE_BRANCH = Actor(1, Role.DISPATCHER, frozenset({1}))


@pytest.fixture
def number(app: Flask) -> str:
    """A booking of tomorrow, 10 to 12, in a branch with one technician."""
    return a_promise(a_city())


def alerts_at(now: datetime) -> list[Alert]:
    with transaction(reads_only=True) as db:
        board = boards.day_board(db, branch_id=1, day=tomorrow(), now=now)
        return alerts.day_alerts(db, board=board, now=now)


def kinds_at(now: datetime) -> list[AlertKind]:
    return [alert.kind for alert in alerts_at(now)]


def sent_home() -> None:
    with transaction() as db:
        withdrawals.send_home(
            db, technician_id=1, day=tomorrow(), reason="ill", by=DISPATCHER, now=MONDAY_NINE
        )


def another_technician(skills: Mapping[str, int] | None = None) -> int:
    with transaction() as db:
        return a_technician(db, branch_id=1, home=Point(36.12, 120.40), skills=skills)


class TestAQuietDay:
    def test_has_none(self, number: str) -> None:
        assert kinds_at(MONDAY_NINE) == []

    def test_that_is_over_has_none(self, number: str) -> None:
        assert kinds_at(MONDAY_NINE + timedelta(days=3)) == []


class TestAVisitWithoutARoute:
    def test_is_named_with_nobody_to_take_it(self, number: str) -> None:
        sent_home()

        [alert] = alerts_at(MONDAY_NINE)

        assert (alert.kind, alert.visit.number) == (AlertKind.UNSERVED, visit_of(number).number)
        assert alert.takers == ()
        assert alert.breaks_at == MONDAY_NINE + timedelta(hours=27)

    def test_names_who_could_take_it_with_the_driving_that_it_adds(self, number: str) -> None:
        sent_home()
        second = another_technician()

        [alert] = alerts_at(MONDAY_NINE)

        [taker] = alert.takers
        assert taker.technician_id == second
        assert taker.extra_s > 0

    def test_asks_nobody_who_cannot_do_it(self, number: str) -> None:
        sent_home()
        another_technician(skills={"cleaning": 3})

        [alert] = alerts_at(MONDAY_NINE)

        assert alert.takers == ()

    def test_is_no_alert_any_more_once_handed_over(self, number: str) -> None:
        sent_home()
        second = another_technician()
        visit = visit_of(number)

        with transaction() as db:
            withdrawals.hand_over(
                db,
                number=visit.number,
                technician_id=second,
                version=visit.version,
                by=OF_THE_BRANCH,
                now=MONDAY_NINE,
            )

        assert kinds_at(MONDAY_NINE) == []


class TestATechnicianWhoDoesNotAnswer:
    @pytest.mark.parametrize(
        ("early", "told"),
        [
            pytest.param(timedelta(seconds=1), [], id="a_second_before_the_quarter_of_an_hour"),
            pytest.param(timedelta(0), [AlertKind.UNACCEPTED], id="at_the_quarter_of_an_hour"),
        ],
    )
    def test_is_named_after_a_quarter_of_an_hour(
        self, number: str, early: timedelta, told: list[AlertKind]
    ) -> None:
        with transaction() as db:
            publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)

        assert kinds_at(MONDAY_NINE + ACCEPT_LIFE - early) == told

    def test_is_not_named_once_he_said_yes(self, number: str) -> None:
        assigned(number)

        assert kinds_at(MONDAY_NINE + ACCEPT_LIFE) == []


class TestAPromiseThatRunsLate:
    def test_is_named_with_who_could_keep_it(self, number: str) -> None:
        another_technician(skills={"cleaning": 3})
        almost_noon = TUESDAY + timedelta(hours=3, minutes=-1)

        [alert] = alerts_at(almost_noon)

        # Nobody who is not at the door by now gets there in a minute.
        assert alert.kind in (AlertKind.LATE, AlertKind.RISK)
        assert alert.takers == ()


def at_the_door(number: str) -> Actor:
    technician = assigned(number)
    visit = visit_of(number)
    with transaction() as db:
        visit_operations.depart(db, number=visit.number, by=technician, now=TUESDAY)
    with transaction() as db:
        visit_operations.arrive(
            db, number=visit.number, by=technician, now=TUESDAY + timedelta(hours=1)
        )
    return technician


class TestADoorThatStaysShut:
    def test_is_no_alert_while_nobody_has_tried(self, number: str) -> None:
        at_the_door(number)

        assert kinds_at(TUESDAY + timedelta(hours=1)) == []

    def test_is_named_with_the_wait_that_is_left(self, number: str) -> None:
        technician = at_the_door(number)
        called = TUESDAY + timedelta(hours=1, minutes=5)
        with transaction() as db:
            trouble.add_proof(
                db, number=visit_of(number).number, kind=Proof.CALL, by=technician, now=called
            )

        [alert] = alerts_at(called)

        assert alert.kind is AlertKind.EVIDENCE
        assert alert.length_s == 600
        assert alert.breaks_at == TUESDAY + timedelta(hours=1, minutes=15)


class TestADoorWithoutACode:
    def test_is_named_once_with_the_latest_reason_and_five_minutes_to_answer(
        self, number: str
    ) -> None:
        technician = at_the_door(number)
        first = TUESDAY + timedelta(hours=1)
        for minute, reason in ((0, "no phone"), (3, "no page")):
            with transaction() as db:
                trouble.add_proof(
                    db,
                    number=visit_of(number).number,
                    kind=Proof.RELEASE_ASKED,
                    facts={"reason": reason},
                    by=technician,
                    now=first + timedelta(minutes=minute),
                )

        [alert] = alerts_at(first + timedelta(minutes=4))

        assert (alert.kind, alert.reason) == (AlertKind.RELEASE, "no page")
        assert alert.breaks_at == first + timedelta(minutes=8)


def test_alerts_stand_in_the_order_in_which_they_break(app: Flask) -> None:
    member = a_city()
    a_promise(member, window=AFTERNOON)
    a_promise(member)
    sent_home()

    found = alerts_at(MONDAY_NINE)

    assert [alert.visit.opens_s for alert in found] == [10 * HOUR_S, 13 * HOUR_S]
