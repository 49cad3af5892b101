"""Delays are told once, again when they grow by a step, and not when a plan goes to and fro."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import REACTIONS
from dispatch import queries
from dispatch.models import Visit
from dispatch.operations import plan as plans
from dispatch.policy import DELAY_STEP_S
from kernel import delivery
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from notifications.models import Message
from tests.house import a_branch, a_member, a_service, a_technician, tomorrow
from tests.integration.booking.living import OPENS
from tests.integration.booking.promised import a_promise, visit_of

MINUTE_S = 60
SHUTS_S = 12 * 3600
STEP = DELAY_STEP_S


@pytest.fixture
def visit(app: Flask) -> Visit:
    """A visit that is promised until noon tomorrow."""
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_service(db)
        member = a_member(db)
    return visit_of(a_promise(member))


def look(visit: Visit, late_s: int | None, *, place: int = 0) -> None:
    """Let the plan reach the visit so late (None: in time), and note what it breaks."""
    now = OPENS - timedelta(hours=1) + place * timedelta(minutes=1)
    with transaction() as db:
        locked = plans.lock_day(db, branch_id=1, day=tomorrow(), now=now)
        plan = locked.plan
        if late_s is not None:
            [(technician_id, timetable)] = plan.timetables.items()
            [planned] = timetable.visits
            late = replace(planned, arrive_s=SHUTS_S + late_s)
            plan = replace(
                plan,
                late=frozenset({visit.id}),
                timetables={technician_id: replace(timetable, visits=(late,))},
            )
        plans.note_delays(db, plan, now=now)


def told() -> list[int]:
    """Return how late the house was told each time, in seconds beyond the promise."""
    with transaction(reads_only=True) as db:
        rows = db.scalars(
            select(OutboxRow).where(OutboxRow.name == "VisitDelayed").order_by(OutboxRow.id)
        )
        return [row.facts["eta_s"] - SHUTS_S for row in rows]


def row(visit: Visit) -> Visit:
    with transaction(reads_only=True) as db:
        return queries.visit(db, visit.id)


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        pytest.param([None, None], [], id="never_late"),
        pytest.param([60, 60, 60], [60], id="late_and_stays_so"),
        pytest.param([60, None, 60, None, 60], [60], id="to_and_fro"),
        pytest.param([600, None, 60, None, 600], [600], id="back_no_worse"),
        pytest.param([60, 60 + STEP - 1], [60], id="a_second_short_of_a_step"),
        pytest.param([60, 60 + STEP], [60, 60 + STEP], id="a_step_worse"),
        pytest.param([60, None, 60 + STEP], [60, 60 + STEP], id="gone_and_back_a_step_worse"),
        pytest.param([60 + STEP, 60, 60 + STEP], [60 + STEP], id="better_and_as_bad_again"),
        pytest.param(
            [n * MINUTE_S for n in range(1, 47)],
            [60, 60 + STEP, 60 + 2 * STEP, 60 + 3 * STEP],
            id="standing_still_for_three_quarters_of_an_hour",
        ),
    ],
)
def test_what_is_told(visit: Visit, looks: list[int | None], said: list[int]) -> None:
    for place, late_s in enumerate(looks):
        look(visit, late_s, place=place)

    assert told() == said
    assert (row(visit).late_since is not None) == (looks[-1] is not None)


def test_the_members_row_says_since_when_the_present_delay_is(visit: Visit) -> None:
    for place, late_s in enumerate([60, 90, None, 60]):
        look(visit, late_s, place=place)

    assert row(visit).late_since == OPENS - timedelta(hours=1) + timedelta(minutes=3)


def test_the_clocks_round_finds_what_is_new_and_nothing_else(visit: Visit) -> None:
    def is_untold(late_s: int) -> bool:
        with transaction(reads_only=True) as db:
            return queries.untold_delays(db, {visit.id: SHUTS_S + late_s})

    assert is_untold(60)
    look(visit, 60)
    assert not is_untold(60 + STEP - 1)
    assert is_untold(60 + STEP)
    look(visit, None)
    # Its row has to say again that it is late, told or not.
    assert is_untold(60)


def messages_sent() -> int:
    delivery.deliver_events(REACTIONS, FixedClock(OPENS - timedelta(minutes=30)))
    with transaction(reads_only=True) as db:
        return len(db.scalars(select(Message).where(Message.kind == "M11")).all())


def test_a_delay_that_went_before_anybody_heard_of_it_is_news_when_it_comes_back(
    visit: Visit,
) -> None:
    look(visit, 60)
    look(visit, None, place=1)
    assert messages_sent() == 0

    look(visit, 60, place=2)
    assert messages_sent() == 1
    look(visit, None, place=3)
    look(visit, 60, place=4)
    assert messages_sent() == 1
    assert told() == [60, 60]
