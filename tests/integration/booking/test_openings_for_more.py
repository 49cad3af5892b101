"""Room is made for a promise that moves, and for a delivery with its installation; on both databases."""

import pytest
from flask import Flask

from booking import offering, queries
from booking.models import Booking
from booking.operations import bookings, drafts, moving
from booking.operations.drafts import Address
from dispatch import live, openings
from dispatch import queries as dispatch
from dispatch.openings import Opening
from dispatch.operations.places import PlaceGone
from dispatch.planner.judge import judge
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.phone import Phone
from tests.house import (
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_technician,
    tomorrow,
)
from tests.house import a_service as an_air_service
from tests.integration.booking.living import AFTERNOON, done
from tests.integration.booking.promised import a_promise, booking_of, visit_of
from tests.integration.booking.rooms import NOON, a_gas_service


@pytest.fixture
def branch(app: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(openings, "BUDGET_S", 30.0)
    with transaction() as db:
        an_air_service(db)
        a_gas_service(db)
        return a_branch(db, windows=[(w.open_s, w.shut_s) for w in (NOON, AFTERNOON)])


def one_visit_long(db: Session, *skills: str, window: Window = NOON) -> int:
    """Take on a technician who has time for one visit a day."""
    return a_technician(
        db,
        branch_id=1,
        days=2,
        skills=dict.fromkeys(skills, 1),
        opens_s=window.open_s,
        shuts_s=window.open_s + HOUR_S,
    )


def in_the_way(nth: int, *, window: Window, of: int) -> str:
    """Promise somebody an air conditioner for tomorrow by that technician; return the number."""
    with transaction() as db:
        by = a_member(db, openid=f"oInTheWay{nth:019d}")
        draft = a_draft(db, by=by)
    held = done(
        bookings.hold,
        draft_number=draft,
        day=tomorrow(),
        window=window,
        by=by,
        now=MONDAY_NINE,
        first_try=of,
    )
    return done(bookings.commit, number=held.number, by=by, now=MONDAY_NINE).number


def check_the_plan(*numbers: str) -> None:
    """Every rule is kept, and all of these stand in the plan."""
    live.forget()
    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        kept = {
            promise.visit_id
            for number in numbers
            for promise in queries.standing_promises(db, booking_of(number).id)
        }
    assert judge(plan.problem, plan.plan).is_feasible
    assert plan.plan.served() == kept


class TestAMove:
    @pytest.fixture
    def blocker(self, branch: int) -> str:
        """Tomorrow he who knows gas mounts an air conditioner that another could mount."""
        with transaction() as db:
            gas = one_visit_long(db, "air", "gas")
        blocker = in_the_way(1, window=NOON, of=gas)
        with transaction() as db:
            one_visit_long(db, "air")
        return blocker

    @pytest.fixture
    def member(self, blocker: str) -> Actor:
        with transaction() as db:
            return a_member(db)

    @pytest.fixture
    def number(self, member: Actor) -> str:
        return a_promise(member, day=MONDAY, window=NOON, service_code="gas_install")

    def reschedule(self, number: str, by: Actor, opening: Opening | None) -> Booking:
        return done(
            moving.reschedule,
            number=number,
            day=tomorrow(),
            window=NOON,
            by=by,
            now=MONDAY_NINE,
            opening=opening,
        )

    def test_is_offered_room_and_the_other_changes_hands(
        self, blocker: str, number: str, member: Actor
    ) -> None:
        offered = offering.move_offers(number=number, by=member, now=MONDAY_NINE)
        assert [(o.day, o.window, o.is_opening) for o in offered] == [(tomorrow(), NOON, True)]

        moved = offering.move_with_room(
            lambda opening: self.reschedule(number, member, opening),
            number=number,
            day=tomorrow(),
            window=NOON,
            by=member,
            now=MONDAY_NINE,
        )

        assert moved.number == number
        with transaction(reads_only=True) as db:
            holders = [dispatch.times_of(db, visit_of(n)) for n in (number, blocker)]
        assert [times.technician_id for times in holders if times] == [1, 2]
        check_the_plan(number, blocker)

    def test_without_room_leaves_the_old_window(self, number: str, member: Actor) -> None:
        before = visit_of(number)

        with pytest.raises(PlaceGone):
            self.reschedule(number, member, None)

        assert visit_of(number).id == before.id


class TestADeliveryWithItsInstallation:
    """The delivery comes before noon by the one van, gas is installed in the afternoon by the one who
    knows gas; both may be mounting an air conditioner then that another could mount."""

    @pytest.fixture(
        params=[("van",), ("gas",), ("van", "gas")], ids=["delivery", "installation", "both"]
    )
    def blockers(self, branch: int, request: pytest.FixtureRequest) -> list[str]:
        with transaction() as db:
            a_gas_service(db, skill="van")
            services = {row.code: row for row in queries.services(db)}
            services["gas_install"].delivery_code = "van_install"
            windows = {"van": NOON, "gas": AFTERNOON}
            who = {
                skill: one_visit_long(db, "air", skill, window=windows[skill]) for skill in windows
            }
        made = [
            in_the_way(nth, window=windows[skill], of=who[skill])
            for nth, skill in enumerate(request.param)
        ]
        with transaction() as db:
            for window in windows.values():
                one_visit_long(db, "air", window=window)
        return made

    @pytest.fixture
    def member(self, blockers: list[str]) -> Actor:
        with transaction() as db:
            return a_member(db)

    @pytest.fixture
    def draft(self, member: Actor) -> str:
        kept = done(
            drafts.save_draft,
            service_code="gas_install",
            choices={},
            address=Address(text="浮山后三小区", compound="浮山后三小区", door="1", point=NORTH),
            contact="林女士",
            phone=Phone("13800002046"),
            with_delivery=True,
            by=member,
            now=MONDAY_NINE,
        )
        return kept.number

    def hold(self, draft: str, by: Actor, opening: Opening | None) -> Booking:
        return done(
            bookings.hold,
            draft_number=draft,
            day=tomorrow(),
            window=AFTERNOON,
            by=by,
            now=MONDAY_NINE,
            opening=opening,
        )

    def test_gets_room_for_what_is_in_the_way(
        self, blockers: list[str], member: Actor, draft: str
    ) -> None:
        found = offering.offers(draft_number=draft, by=member, now=MONDAY_NINE)
        [offer] = [o for o in found if o.day == tomorrow()]
        assert (offer.window, offer.is_opening) == (AFTERNOON, True)
        assert offer.delivery is not None
        assert offer.delivery.window == NOON
        with pytest.raises(PlaceGone):
            self.hold(draft, member, None)

        booking = offering.with_room(
            lambda opening: self.hold(draft, member, opening),
            draft_number=draft,
            day=tomorrow(),
            window=AFTERNOON,
            by=member,
            now=MONDAY_NINE,
        )

        with transaction(reads_only=True) as db:
            assert len(queries.standing_promises(db, booking.id)) == 2
        check_the_plan(booking.number, *blockers)
