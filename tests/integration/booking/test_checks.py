"""The check list at the door: work is done when every point is ticked and every photo taken."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import check_queries
from booking.checks import ChecksOpen, NoSuchPoint
from booking.models import Service
from booking.operations import checks, visits
from booking.operations.checks import NotInService
from dispatch.operations import visits as doors
from dispatch.operations.visits import PhotoNeeded
from dispatch.queries import VisitMissing
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.integration.booking.living import done
from tests.integration.booking.promised import (
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    visit_of,
)

POINTS = ["支架固定牢", "排水不漏"]
LATER = TUESDAY_TEN + timedelta(minutes=30)


@pytest.fixture
def number(app: Flask) -> str:
    """A promise whose service has two points to check and two photos to take."""
    member = a_city()
    with transaction() as db:
        [service] = db.query(Service).all()
        service.checks, service.shots = list(POINTS), ["铭牌", "全景"]
    return a_promise(member)


@pytest.fixture
def technician(number: str) -> Actor:
    found = assigned(number)
    at_work(number, found)
    return found


def ticks(number: str, technician: Actor, points: list[str]) -> set[str]:
    done(checks.tick, number=visit_of(number).number, points=points, by=technician, now=LATER)
    with transaction(reads_only=True) as db:
        return check_queries.ticked(db, visit_of(number).id)


def finishes(number: str, technician: Actor) -> None:
    done(visits.finish_visit, number=visit_of(number).number, by=technician, now=LATER)


def photographs(number: str, technician: Actor, letter: str) -> None:
    facts = {"number": visit_of(number).number, "sha256": letter * 64}
    done(doors.add_photo, by=technician, now=LATER, **facts)


def test_what_is_ticked_is_what_the_page_says_last(number: str, technician: Actor) -> None:
    assert ticks(number, technician, POINTS) == set(POINTS)
    assert ticks(number, technician, POINTS[:1]) == set(POINTS[:1])
    assert ticks(number, technician, POINTS[:1]) == set(POINTS[:1])
    assert ticks(number, technician, []) == set()


def test_work_is_done_when_every_photo_is_there_and_every_point_ticked(
    number: str, technician: Actor
) -> None:
    photographs(number, technician, "a")
    with pytest.raises(PhotoNeeded, match="还差 1 张"):
        finishes(number, technician)
    photographs(number, technician, "b")
    ticks(number, technician, POINTS[:1])
    with pytest.raises(ChecksOpen, match="还差 1 项"):
        finishes(number, technician)
    assert visit_of(number).state is VisitState.IN_SERVICE

    ticks(number, technician, POINTS)
    finishes(number, technician)

    assert visit_of(number).state is VisitState.WORK_DONE
    with pytest.raises(NotInService):
        ticks(number, technician, [])


def test_only_points_of_the_list_are_ticked_and_only_by_him(number: str, technician: Actor) -> None:
    with pytest.raises(NoSuchPoint):
        ticks(number, technician, ["别的"])
    with pytest.raises(VisitMissing):
        ticks(number, Actor(technician.id + 1, Role.TECHNICIAN), POINTS)
