"""增项: what a technician finds necessary at the door, and the member decides, once and in time."""

import threading
import time

import pytest
from flask import Flask

from booking import queries
from booking.models import Addition
from booking.operations import additions, visits
from booking.operations.additions import TooManyAdditions
from booking.states import AdditionState
from dispatch.operations import visits as visit_operations
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import Missing
from kernel.machine import IllegalMove
from tests.hands import START_S_MAX, at_once
from tests.house import a_branch, a_member, a_technician
from tests.house import a_service as a_priced_service
from tests.integration.booking.living import HOUR, MINUTE, OPENS, done
from tests.integration.booking.promised import (
    a_promise,
    assigned,
    at_work,
    booking_of,
    visit_of,
)


class TestAdditions:
    @pytest.fixture
    def member(self, app: Flask) -> Actor:
        with transaction() as db:
            a_technician(db, branch_id=a_branch(db))
            a_priced_service(db)
            return a_member(db)

    @pytest.fixture
    def number(self, member: Actor) -> str:
        return a_promise(member)

    @pytest.fixture
    def technician(self, number: str) -> Actor:
        return assigned(number)

    def asked(self, number: str, technician: Actor, *, count: int = 2) -> Addition:
        return done(
            additions.ask,
            visit_number=visit_of(number).number,
            code="pipe",
            count=count,
            reason="外机位置远",
            by=technician,
            now=OPENS,
        )

    def decided(self, addition: Addition, by: Actor, *, approved: bool) -> Addition:
        return done(
            additions.decide, number=addition.number, approved=approved, by=by, now=OPENS + MINUTE
        )

    def test_approved_lengthens_the_visit_and_the_price(
        self, member: Actor, number: str, technician: Actor
    ) -> None:
        at_work(number, technician)
        price, work_s = booking_of(number).price, visit_of(number).work_s

        addition = self.asked(number, technician)
        assert booking_of(number).price == price
        self.decided(addition, member, approved=True)

        assert (booking_of(number).price - price).fen == 2 * 80_00
        assert visit_of(number).work_s - work_s == 2 * 600

    def test_refused_changes_neither(self, member: Actor, number: str, technician: Actor) -> None:
        at_work(number, technician)
        before = (booking_of(number).price, visit_of(number).work_s)

        self.decided(self.asked(number, technician), member, approved=False)

        assert (booking_of(number).price, visit_of(number).work_s) == before

    def test_is_decided_once(self, member: Actor, number: str, technician: Actor) -> None:
        at_work(number, technician)
        price, addition = booking_of(number).price, self.asked(number, technician, count=1)
        self.decided(addition, member, approved=True)

        with pytest.raises(IllegalMove):
            self.decided(addition, member, approved=True)

        assert (booking_of(number).price - price).fen == 80_00

    def test_taken_back_cannot_be_approved(
        self, member: Actor, number: str, technician: Actor
    ) -> None:
        at_work(number, technician)
        addition = self.asked(number, technician)
        done(additions.withdraw, number=addition.number, by=technician, now=OPENS)

        with pytest.raises(IllegalMove):
            self.decided(addition, member, approved=True)

    def test_is_no_matter_of_another_member(self, number: str, technician: Actor) -> None:
        at_work(number, technician)
        addition = self.asked(number, technician)

        with pytest.raises(Missing):
            self.decided(addition, Actor(99, Role.MEMBER), approved=True)

    def test_cannot_be_asked_for_on_the_way(self, number: str, technician: Actor) -> None:
        with pytest.raises(IllegalMove):
            self.asked(number, technician)

    def test_are_ten_at_most(self, number: str, technician: Actor) -> None:
        at_work(number, technician)
        for _ in range(10):
            self.asked(number, technician, count=1)

        with pytest.raises(TooManyAdditions):
            self.asked(number, technician, count=1)

    def test_cannot_be_approved_when_the_work_is_over(
        self, member: Actor, number: str, technician: Actor
    ) -> None:
        at_work(number, technician)
        price, addition = booking_of(number).price, self.asked(number, technician)
        visit = visit_of(number)
        done(
            visit_operations.add_photo,
            number=visit.number,
            sha256="0" * 64,
            by=technician,
            now=OPENS,
        )
        done(visits.finish_visit, number=visit.number, by=technician, now=OPENS + HOUR)

        with pytest.raises(IllegalMove):
            done(
                additions.decide,
                number=addition.number,
                approved=True,
                by=member,
                now=OPENS + HOUR,
            )

        assert booking_of(number).price == price
        with transaction(reads_only=True) as db:
            rows = queries.additions(db, booking_of(number).id)
        assert [row.state for row in rows] == [AdditionState.ASKED]


def test_one_that_is_taken_back_as_its_member_agrees_costs_nothing(app: Flask) -> None:
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_priced_service(db)
        member = a_member(db)
    number = a_promise(member)
    technician = assigned(number)
    at_work(number, technician)
    asked = TestAdditions().asked(number, technician).number
    price, is_taken_back = booking_of(number).price, threading.Event()

    def takes_back() -> None:
        with transaction() as db:
            additions.withdraw(db, number=asked, by=technician, now=OPENS)
            is_taken_back.set()
            # The other hand stands before the lock, or has passed it.
            time.sleep(0.5)

    def agrees() -> None:
        is_taken_back.wait(START_S_MAX)
        done(additions.decide, number=asked, approved=True, by=member, now=OPENS)

    answers = at_once(app, [takes_back, agrees])

    assert [type(each) for each in answers] == [type(None), IllegalMove]
    assert booking_of(number).price == price
