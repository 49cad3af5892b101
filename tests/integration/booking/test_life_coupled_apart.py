"""送装一体 when the two go apart: one fails or is missed while the other technician is on his way."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import queries
from booking.models import Promise
from booking.operations import moving, visits
from booking.states import BookingState
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import publishing, withdrawals
from dispatch.operations import visits as at_work
from dispatch.states import Trouble, VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.machine import IllegalMove
from members.rule_text import RULES
from tests.house import DISPATCHER, MONDAY, MONDAY_NINE, NORTH, tomorrow
from tests.integration.booking.living import (
    AFTERNOON,
    HOUR,
    MINUTE,
    OPENS,
    a_coupled_city,
    a_coupled_promise,
    called_in_vain,
    compensation,
    done,
    earnings,
    looked_after,
    points,
    promises_of,
)
from tests.integration.booking.promised import DISPATCHER_OF_ALL, MORNING, booking_of

WEDNESDAY = MONDAY + timedelta(days=2)
# The installation's window shuts at three.
INSTALLATION_SHUTS = OPENS + 5 * HOUR
DELIVERY, INSTALLATION = "air_delivery", "air_install"


BOTH = ("sqlite", "postgres")


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite; what locks days and accounts of two technicians asks for both databases (BOTH)."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_coupled_city(technicians=2)


@pytest.fixture
def number(member: Actor) -> str:
    """A promise of tomorrow: the deliverer comes at ten, another technician installs from one on."""
    number = a_coupled_promise(member)
    done(publishing.publish_day, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
    deliverer = visit_of(number, DELIVERY).technician_id
    installation = visit_of(number, INSTALLATION)
    [other] = {1, 2} - {deliverer}
    if installation.technician_id == deliverer:
        done(
            withdrawals.hand_over,
            number=installation.number,
            technician_id=other,
            version=installation.version,
            by=DISPATCHER_OF_ALL,
            now=MONDAY_NINE,
        )
    return number


def promise_of(number: str, code: str) -> Promise:
    """Return the newest promise of that service."""
    with transaction(reads_only=True) as db:
        service = queries.service_by_code(db, code)
    return [row for row in promises_of(number) if row.service_id == service.id][-1]


def visit_of(number: str, code: str) -> Visit:
    with transaction(reads_only=True) as db:
        return dispatch.visit(db, promise_of(number, code).visit_id)


def who_has(visit: Visit) -> Actor:
    assert visit.technician_id is not None
    return Actor(visit.technician_id, Role.TECHNICIAN)


def brought(number: str, code: str, state: VisitState) -> tuple[Visit, Actor]:
    """Let the technician of that visit come as far as that, an hour after the delivery's opening."""
    visit, at = visit_of(number, code), OPENS + HOUR
    by = who_has(visit)
    done(at_work.accept, number=visit.number, by=by, now=MONDAY_NINE)
    done(at_work.depart, number=visit.number, by=by, now=at - HOUR)
    if state is not VisitState.EN_ROUTE:
        done(at_work.arrive, number=visit.number, by=by, now=at, place=NORTH)
    if state is VisitState.IN_SERVICE:
        done(at_work.start, number=visit.number, code=visit.service_code, by=by, now=at)
    return visit, by


def finish(number: str, code: str, by: Actor) -> None:
    visit, at = visit_of(number, code), INSTALLATION_SHUTS + 3 * HOUR
    done(at_work.add_photo, number=visit.number, sha256="0" * 64, by=by, now=at)
    done(visits.finish_visit, number=visit.number, by=by, now=at)


def fail(way: str, visit: Visit, by: Actor) -> None:
    """Let the visit fail in that way, when everything that has to be proven is."""
    facts = {
        "shut_out": {"cause": Trouble.NO_ACCESS},
        "break_off": {"cause": Trouble.MISSING_PART},
    }.get(way, {})
    if way == "nobody_home":
        called_in_vain(visit, by, now=OPENS + HOUR)
    at = OPENS + HOUR + 20 * MINUTE
    done(getattr(visits, way), number=visit.number, by=by, now=at, **facts)


class TestAnInstallationThatNobodyCameFor:
    @pytest.mark.parametrize("state", [VisitState.EN_ROUTE, VisitState.IN_SERVICE])
    def test_leaves_the_delivery_that_is_under_way(
        self, member: Actor, number: str, state: VisitState
    ) -> None:
        brought(number, DELIVERY, state)

        looked_after(INSTALLATION_SHUTS + 2 * HOUR)

        assert visit_of(number, DELIVERY).state is state
        assert promise_of(number, DELIVERY).ended_at is None
        assert visit_of(number, INSTALLATION).state is VisitState.PROVIDER_NO_SHOW
        assert promise_of(number, INSTALLATION).ending == "missed"
        booking = booking_of(number)
        assert (booking.needs_window, booking.state) == (True, BookingState.BOOKED)
        assert booking.visit_id == visit_of(number, DELIVERY).id

    def test_is_compensated_without_asking(self, member: Actor, number: str) -> None:
        brought(number, DELIVERY, VisitState.IN_SERVICE)

        looked_after(INSTALLATION_SHUTS + 2 * HOUR)

        assert compensation(member) == 30_00

    def test_keeps_the_booking_open_when_the_delivery_is_done(
        self, member: Actor, number: str
    ) -> None:
        _, by = brought(number, DELIVERY, VisitState.IN_SERVICE)
        looked_after(INSTALLATION_SHUTS + 2 * HOUR)

        finish(number, DELIVERY, by)

        assert visit_of(number, DELIVERY).state is VisitState.DONE
        assert promise_of(number, DELIVERY).ending == "kept"
        booking = booking_of(number)
        assert (booking.state, booking.needs_window) == (BookingState.BOOKED, True)

    @pytest.mark.parametrize("database_url", BOTH, indirect=True)
    @pytest.mark.parametrize("is_delivered", [False, True])
    def test_gets_its_next_window_alone(
        self, member: Actor, number: str, *, is_delivered: bool
    ) -> None:
        _, by = brought(number, DELIVERY, VisitState.IN_SERVICE)
        delivery, before = visit_of(number, DELIVERY), visit_of(number, INSTALLATION)
        at = INSTALLATION_SHUTS + 2 * HOUR
        looked_after(at)
        if is_delivered:
            finish(number, DELIVERY, by)

        done(
            moving.reschedule,
            number=number,
            day=WEDNESDAY,
            window=MORNING,
            by=member,
            now=at + 2 * HOUR,
        )

        again = visit_of(number, INSTALLATION)
        assert visit_of(number, DELIVERY).id == delivery.id
        assert (again.day, again.label, again.skill) == (WEDNESDAY, before.label, before.skill)
        assert (again.parent_id, again.attempt) == (before.id, 2)
        assert booking_of(number).needs_window is False
        assert points(member) == 0


@pytest.mark.parametrize("database_url", BOTH, indirect=True)
def test_a_delivery_that_nobody_came_for_sends_its_installer_away(
    member: Actor, number: str
) -> None:
    _, installer = brought(number, INSTALLATION, VisitState.ARRIVED)

    looked_after(OPENS + 4 * HOUR)

    assert visit_of(number, DELIVERY).state is VisitState.PROVIDER_NO_SHOW
    assert visit_of(number, INSTALLATION).state is VisitState.INCOMPLETE
    assert (compensation(member), earnings(installer)) == (30_00, RULES.errand_fee.fen)


class TestADeliveryThatFails:
    @pytest.mark.parametrize(
        "state", [VisitState.EN_ROUTE, VisitState.ARRIVED, VisitState.IN_SERVICE]
    )
    @pytest.mark.parametrize("way", ["shut_out", "break_off"])
    def test_sends_its_installer_away_and_pays_his_journey(
        self, member: Actor, number: str, state: VisitState, way: str
    ) -> None:
        delivery, deliverer = brought(number, DELIVERY, VisitState.ARRIVED)
        _, installer = brought(number, INSTALLATION, state)

        fail(way, delivery, deliverer)

        gone = visit_of(number, INSTALLATION)
        is_there = state is not VisitState.EN_ROUTE
        assert gone.state is (VisitState.INCOMPLETE if is_there else VisitState.CANCELLED)
        assert promise_of(number, INSTALLATION).ending == ("unfinished" if is_there else "moved")
        assert earnings(installer) == RULES.errand_fee.fen
        booking = booking_of(number)
        assert (booking.state, booking.needs_window) == (BookingState.BOOKED, True)

    @pytest.mark.parametrize("way", ["shut_out", "break_off"])
    def test_comes_again_with_its_installation(self, member: Actor, number: str, way: str) -> None:
        delivery, deliverer = brought(number, DELIVERY, VisitState.ARRIVED)
        brought(number, INSTALLATION, VisitState.ARRIVED)
        fail(way, delivery, deliverer)

        done(
            moving.reschedule,
            number=number,
            day=WEDNESDAY,
            window=AFTERNOON,
            by=member,
            now=OPENS + 2 * HOUR,
        )

        assert visit_of(number, DELIVERY).day == WEDNESDAY
        assert visit_of(number, INSTALLATION).day == WEDNESDAY

    @pytest.mark.parametrize("database_url", BOTH, indirect=True)
    @pytest.mark.parametrize("way", ["shut_out", "break_off", "refused"])
    def test_calls_off_an_installation_of_another_day(
        self, member: Actor, number: str, way: str
    ) -> None:
        delivery, deliverer = brought(number, DELIVERY, VisitState.ARRIVED)
        done(
            moving.reschedule,
            number=number,
            day=WEDNESDAY,
            window=MORNING,
            by=member,
            now=OPENS + HOUR,
        )

        fail(way, delivery, deliverer)

        assert visit_of(number, INSTALLATION).state is VisitState.CANCELLED
        assert promise_of(number, INSTALLATION).ending == "moved"

    @pytest.mark.parametrize("database_url", BOTH, indirect=True)
    @pytest.mark.parametrize("way", ["nobody_home", "refused"])
    def test_for_the_members_fault_ends_both(self, member: Actor, number: str, way: str) -> None:
        delivery, deliverer = brought(number, DELIVERY, VisitState.ARRIVED)
        _, installer = brought(number, INSTALLATION, VisitState.ARRIVED)

        fail(way, delivery, deliverer)

        assert visit_of(number, INSTALLATION).state is VisitState.INCOMPLETE
        assert booking_of(number).state is BookingState.CANCELLED
        assert (earnings(deliverer), earnings(installer)) == (
            RULES.errand_fee.fen,
            RULES.errand_fee.fen,
        )

    def test_because_nobody_is_home_is_not_believed_while_a_colleague_works_there(
        self, member: Actor, number: str
    ) -> None:
        delivery, deliverer = brought(number, DELIVERY, VisitState.ARRIVED)
        brought(number, INSTALLATION, VisitState.IN_SERVICE)

        with pytest.raises(IllegalMove):
            fail("nobody_home", delivery, deliverer)

        assert visit_of(number, DELIVERY).state is VisitState.ARRIVED


def test_an_installation_that_fails_leaves_the_delivery_on_its_way(
    member: Actor, number: str
) -> None:
    brought(number, DELIVERY, VisitState.EN_ROUTE)
    installation, by = brought(number, INSTALLATION, VisitState.ARRIVED)

    fail("break_off", installation, by)

    assert visit_of(number, DELIVERY).state is VisitState.EN_ROUTE
    assert promise_of(number, DELIVERY).ended_at is None
    assert booking_of(number).needs_window is True
