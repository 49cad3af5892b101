"""A technician's score from what the rows say, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import score_queries
from booking.operations import assets, feedback, moving, visits
from booking.score import Score
from dispatch.states import Trouble
from kernel.actor import SYSTEM, Actor
from kernel.clock import local_date
from kernel.db import transaction
from members.rule_text import RULES
from members.rules import Measure
from tests.integration.booking.promised import (
    MORNING,
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    finished,
    visit_of,
)

TUESDAY_NOON = TUESDAY_TEN + timedelta(hours=2)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


def served(
    member: Actor, *, serial: str = "", later: timedelta = timedelta(0)
) -> tuple[str, Actor]:
    """Let a technician do the work of a new booking; return its number and him."""
    at = TUESDAY_TEN + later
    number = a_promise(member, day=local_date(at))
    technician = assigned(number, day=local_date(at))
    at_work(number, technician, now=at)
    if serial:
        with transaction() as db:
            assets.scan_serial(
                db, visit_number=visit_of(number).number, serial=serial, by=technician, now=at
            )
    finished(number, technician, now=at)
    return number, technician


def scored(technician: Actor, *, after: timedelta = timedelta(0)) -> Score:
    with transaction(reads_only=True) as db:
        return score_queries.score_of(db, technician_id=technician.id, now=TUESDAY_NOON + after)


def counts(told: Score) -> dict[Measure, tuple[int, int]]:
    return {part.measure: (part.good, part.count) for part in told.parts}


def test_a_good_visit_counts_in_every_part(member: Actor) -> None:
    number, technician = served(member, serial="AB123456")
    with transaction() as db:
        feedback.rate(
            db,
            booking_number=number,
            stars=5,
            tags=[],
            text="",
            by=member,
            now=TUESDAY_NOON,
        )

    told = scored(technician)

    assert counts(told) == {
        Measure.RATING: (5, 1),
        Measure.ON_TIME: (1, 1),
        Measure.FIRST_TIME_FIX: (1, 1),
        # A photo and the serial number.
        Measure.RECORDS: (2, 2),
    }
    assert told.stars == pytest.approx(0.5 * 50 / 11 + 0.5 * 5)


def test_an_unscanned_serial_number_is_a_record_that_lacks(member: Actor) -> None:
    _, technician = served(member)

    assert counts(scored(technician))[Measure.RECORDS] == (1, 2)


def test_ninety_days_later_nothing_of_it_counts(member: Actor) -> None:
    _, technician = served(member)

    still = scored(technician, after=RULES.score.span - timedelta(hours=2, seconds=1))
    over = scored(technician, after=RULES.score.span - timedelta(hours=2))

    assert counts(still)[Measure.ON_TIME] == (1, 1)
    assert counts(over)[Measure.ON_TIME] == (0, 0)


def test_a_visit_that_is_only_planned_counts_nowhere(member: Actor) -> None:
    technician = assigned(a_promise(member))

    assert set(counts(scored(technician)).values()) == {(0, 0)}


def test_everybodys_scores_come_by_id(member: Actor) -> None:
    _, technician = served(member)

    with transaction(reads_only=True) as db:
        found = score_queries.scores(db, technician_ids=[technician.id, 99], now=TUESDAY_NOON)

    assert found[technician.id] == scored(technician)
    assert found[99].parts[0].count == 0


def test_work_that_was_finished_on_a_second_visit_was_no_first_time_fix(member: Actor) -> None:
    number = a_promise(member)
    technician = assigned(number)
    at_work(number, technician)
    with transaction() as db:
        visits.break_off(
            db,
            number=visit_of(number).number,
            cause=Trouble.UNFINISHED,
            by=technician,
            now=TUESDAY_TEN,
        )
    wednesday = TUESDAY_TEN + timedelta(days=1)
    with transaction() as db:
        moving.reschedule(
            db,
            number=number,
            day=local_date(wednesday),
            window=MORNING,
            by=member,
            now=TUESDAY_TEN,
        )
    assigned(number, day=local_date(wednesday), now=TUESDAY_TEN)
    at_work(number, technician, now=wednesday)
    finished(number, technician, now=wednesday)

    told = scored(technician, after=timedelta(days=1))

    assert counts(told)[Measure.FIRST_TIME_FIX] == (0, 1)
    assert counts(told)[Measure.ON_TIME] == (2, 2)


def test_an_appliance_that_needed_us_again_was_not_fixed(member: Actor) -> None:
    _, technician = served(member, serial="AB123456")
    served(member, serial="AB123456", later=timedelta(days=2))

    told = scored(technician, after=timedelta(days=3))

    assert counts(told)[Measure.FIRST_TIME_FIX] == (1, 2)


def test_a_promise_that_nobody_kept_was_not_on_time(member: Actor) -> None:
    number = a_promise(member)
    technician = assigned(number)
    with transaction() as db:
        visits.missed(db, number=number, by=SYSTEM, now=TUESDAY_NOON + timedelta(hours=2))

    told = scored(technician, after=timedelta(hours=3))

    assert counts(told)[Measure.ON_TIME] == (0, 1)
