"""What comes of a visit at the door: each way in which it can end, once, at the edge of its rule."""

import pytest
from flask import Flask

from booking.operations import closing, visits
from booking.states import BookingState
from dispatch.operations import trouble
from dispatch.operations import visits as visit_operations
from dispatch.policy import EvidenceMissing
from dispatch.states import Proof, Trouble, VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import Missing, Refusal
from kernel.machine import IllegalMove
from members import queries as members
from members import strike_queries
from members.operations import following, strikes
from members.risk import StrikeKind
from members.states import StrikeState
from tests.integration.booking.living import (
    HOUR,
    MINUTE,
    OPENS,
    SECOND,
    at_the_door,
    called_in_vain,
    done,
    earnings,
    endings,
    points,
    told,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    finished,
    visit_of,
)

WORDS = "敲门十五分钟没有人应。"


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


@pytest.fixture
def number(member: Actor) -> str:
    return a_promise(member)


@pytest.fixture
def technician(number: str) -> Actor:
    return assigned(number)


def strike_state(number: str, kind: StrikeKind = StrikeKind.NO_SHOW) -> StrikeState | None:
    with transaction(reads_only=True) as db:
        found = strike_queries.strike_of_booking(db, booking_number=number, kind=kind)
        return found.state if found else None


class TestNobodyHome:
    def test_ends_the_booking_once_the_evidence_is_there(
        self, member: Actor, number: str, technician: Actor
    ) -> None:
        visit = at_the_door(number, technician)
        called_in_vain(visit, technician, now=OPENS + MINUTE)

        done(visits.nobody_home, number=visit.number, by=technician, now=OPENS + 15 * MINUTE)

        booking = booking_of(number)
        assert (booking.state, booking.cause) == (BookingState.CANCELLED, "nobody_home")
        assert visit_of(number).state is VisitState.NO_SHOW
        assert endings(number) == ["failed"]
        assert earnings(technician) == 25_00
        assert strike_state(number) is StrikeState.PENDING
        assert points(member) == 0

    def test_is_not_believed_a_second_earlier(self, number: str, technician: Actor) -> None:
        visit = at_the_door(number, technician)
        called_in_vain(visit, technician, now=OPENS + MINUTE)

        with pytest.raises(EvidenceMissing) as refused:
            done(
                visits.nobody_home,
                number=visit.number,
                by=technician,
                now=OPENS + 15 * MINUTE - SECOND,
            )

        assert refused.value.facts["missing"] == ["wait"]
        assert strike_state(number) is None
        assert earnings(technician) == 0

    def test_is_not_believed_without_calls(self, number: str, technician: Actor) -> None:
        visit = at_the_door(number, technician)
        done(trouble.add_proof, number=visit.number, kind=Proof.CALL, by=technician, now=OPENS)

        with pytest.raises(EvidenceMissing) as refused:
            done(visits.nobody_home, number=visit.number, by=technician, now=OPENS + HOUR)

        assert refused.value.facts["missing"] == ["call", "message"]

    def test_cannot_be_proven_before_the_door(self, number: str, technician: Actor) -> None:
        with pytest.raises(IllegalMove):
            done(
                trouble.add_proof,
                number=visit_of(number).number,
                kind=Proof.CALL,
                by=technician,
                now=OPENS,
            )


class TestVeto:
    @pytest.fixture
    def in_vain(self, number: str, technician: Actor) -> str:
        visit = at_the_door(number, technician)
        called_in_vain(visit, technician, now=OPENS)
        done(visits.nobody_home, number=visit.number, by=technician, now=OPENS + HOUR)
        return visit.number

    def veto(self, visit_number: str, hours: int = 2) -> None:
        done(
            visits.veto,
            number=visit_number,
            reason="门牌拍错了",
            by=DISPATCHER_OF_ALL,
            now=OPENS + hours * HOUR,
        )

    def test_waives_the_strike_and_gives_the_promise_back(
        self, member: Actor, number: str, technician: Actor, in_vain: str
    ) -> None:
        self.veto(in_vain)

        booking = booking_of(number)
        assert (booking.state, booking.needs_window) == (BookingState.BOOKED, True)
        assert visit_of(number).state is VisitState.ACCESS_FAILED
        assert strike_state(number) is StrikeState.WAIVED
        assert points(member) == 0
        # The journey was made all the same.
        assert earnings(technician) == 25_00

    def test_twice_is_refused(self, in_vain: str) -> None:
        self.veto(in_vain)

        with pytest.raises(IllegalMove):
            self.veto(in_vain)

    def test_comes_too_late_for_a_posted_strike(
        self, member: Actor, number: str, in_vain: str
    ) -> None:
        with transaction(reads_only=True) as db:
            kind = StrikeKind.NO_SHOW
            strike = strike_queries.strike_of_booking(db, booking_number=number, kind=kind)
        assert strike is not None
        done(strikes.post_strike, number=strike.number, now=OPENS + 25 * HOUR)

        with pytest.raises(Refusal):
            self.veto(in_vain, hours=26)

        assert visit_of(number).state is VisitState.NO_SHOW
        assert booking_of(number).state is BookingState.CANCELLED
        assert points(member) == -200

    def test_is_refused_while_the_member_disputes_it(
        self, member: Actor, number: str, in_vain: str
    ) -> None:
        self.appealed(member, number)

        with pytest.raises(Refusal):
            self.veto(in_vain, hours=4)

        assert booking_of(number).state is BookingState.DISPUTED

    def test_leaves_a_dispute_to_another_reviewer(
        self, member: Actor, number: str, in_vain: str
    ) -> None:
        appeal_number = self.appealed(member, number)

        done(
            closing.decide,
            appeal_number=appeal_number,
            upheld=True,
            words="照片里的门牌不是这一户。",
            by=Actor(12, Role.MANAGER, frozenset({1})),
            now=OPENS + 4 * HOUR,
        )

        assert booking_of(number).state is BookingState.CLOSED
        assert strike_state(number) is StrikeState.WAIVED
        assert len(told("DisputeResolved")) == 1

    def appealed(self, member: Actor, number: str) -> str:
        with transaction(reads_only=True) as db:
            kind = StrikeKind.NO_SHOW
            strike = strike_queries.strike_of_booking(db, booking_number=number, kind=kind)
        assert strike is not None
        return done(
            closing.appeal,
            strike_number=strike.number,
            booking_number=number,
            reason="other",
            text=WORDS,
            photos=[],
            by=member,
            now=OPENS + 3 * HOUR,
        ).number


class TestOtherWaysOut:
    def test_refused_at_the_door_is_as_bad_as_absent(self, number: str, technician: Actor) -> None:
        visit = at_the_door(number, technician)

        done(visits.refused, number=visit.number, by=technician, now=OPENS)

        assert booking_of(number).state is BookingState.CANCELLED
        assert visit_of(number).state is VisitState.REFUSED
        assert strike_state(number, StrikeKind.REFUSED) is StrikeState.PENDING
        assert earnings(technician) == 25_00

    @pytest.mark.parametrize("cause", [Trouble.WRONG_ADDRESS, Trouble.NO_ACCESS])
    def test_shut_out_comes_again_without_a_strike(
        self, number: str, technician: Actor, cause: Trouble
    ) -> None:
        visit = at_the_door(number, technician)

        done(visits.shut_out, number=visit.number, cause=cause, by=technician, now=OPENS)

        assert (booking_of(number).needs_window, booking_of(number).cause) == (True, cause)
        assert visit_of(number).state is VisitState.ACCESS_FAILED
        assert earnings(technician) == 25_00
        assert told("StrikeOpened") == []

    @pytest.mark.parametrize(
        "cause", [Trouble.MISSING_PART, Trouble.NOT_INSTALLABLE, Trouble.UNFINISHED]
    )
    def test_broken_off_comes_again(self, number: str, technician: Actor, cause: Trouble) -> None:
        at_work(number, technician)

        done(
            visits.break_off,
            number=visit_of(number).number,
            cause=cause,
            by=technician,
            now=OPENS + HOUR,
        )

        assert visit_of(number).state is VisitState.INCOMPLETE
        assert booking_of(number).needs_window
        assert [fact["cause"] for fact in told("ReturnNeeded")] == [cause]
        assert earnings(technician) == 0

    def test_a_cause_of_another_way_is_refused(self, number: str, technician: Actor) -> None:
        visit = at_the_door(number, technician)

        for way, cause in (
            (visits.shut_out, Trouble.MISSING_PART),
            (visits.break_off, Trouble.NO_ACCESS),
        ):
            with pytest.raises(trouble.BadCause):
                done(way, number=visit.number, cause=cause, by=technician, now=OPENS)

    def test_another_technician_has_no_such_visit(self, number: str, technician: Actor) -> None:
        visit = at_the_door(number, technician)

        with pytest.raises(Missing):
            done(
                visits.refused,
                number=visit.number,
                by=Actor(technician.id + 1, Role.TECHNICIAN),
                now=OPENS,
            )

    def test_work_begins_without_the_code_when_a_dispatcher_says_so(
        self, number: str, technician: Actor
    ) -> None:
        visit = at_the_door(number, technician)

        done(
            visits.release_code,
            number=visit.number,
            reason="业主手机没电",
            by=DISPATCHER_OF_ALL,
            now=OPENS,
        )

        assert visit_of(number).state is VisitState.IN_SERVICE
        assert len(told("ServiceCodeReleased")) == 1

    def test_signed_twice_is_signed_once(
        self, member: Actor, number: str, technician: Actor
    ) -> None:
        at_work(number, technician)
        visit = visit_of(number)
        done(
            visit_operations.add_photo,
            number=visit.number,
            sha256="0" * 64,
            by=technician,
            now=OPENS,
        )
        with pytest.raises(IllegalMove):
            done(visits.sign_off, number=number, by=member, now=OPENS)
        done(visits.finish_visit, number=visit.number, by=technician, now=OPENS + HOUR)

        for _ in range(2):
            done(visits.sign_off, number=number, by=member, now=OPENS + HOUR)

        assert points(member) == 180
        assert len(told("BookingCompleted")) == 1

    def test_is_signed_for_though_he_has_given_another_phone_since(
        self, member: Actor, number: str, technician: Actor
    ) -> None:
        done(following.name_member, member_id=member.id, name="林女士", phone="13900003333")
        at_work(number, technician)

        finished(number, technician)

        assert booking_of(number).state is BookingState.COMPLETED
        with transaction(reads_only=True) as db:
            assert members.member(db, member.id).phone_confirmed_at is None
