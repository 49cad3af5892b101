"""Repairs of the live day: an option becomes a proposal, accepted whole or in part, and is taken back."""

from collections.abc import Collection

import pytest
from flask import Flask
from sqlalchemy import select

from dispatch import causes, live, preview, queries, repairs
from dispatch.causes import Cause, CauseKind
from dispatch.models import Shift, Visit
from dispatch.operations import proposals, publishing, ties, withdrawals
from dispatch.operations import repairs as operations
from dispatch.operations.proposals import NotReady
from dispatch.operations.repairs import NoSuchWay
from dispatch.operations.undoing import MovedSince
from dispatch.planner.repair import Way
from dispatch.states import ProposalState
from kernel.db import transaction
from kernel.outbox import OutboxRow
from tests.house import DISPATCHER, MONDAY_NINE, a_branch, a_service, a_technician, tomorrow
from tests.integration.dispatch.test_proposals import (
    FAR,
    NEAR,
    THREE,
    a_ready_proposal,
    accepted,
    check_the_day,
    promised,
    routes,
    state_of,
)


@pytest.fixture
def technicians(app: Flask) -> tuple[int, int]:
    with transaction() as db:
        branch_id = a_branch(db)
        pair = (
            a_technician(db, branch_id=branch_id, home=NEAR),
            a_technician(db, branch_id=branch_id, home=FAR),
        )
        a_service(db)
        return pair


def published() -> None:
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)


def ill(technician_id: int) -> Cause:
    return Cause(kind=CauseKind.ILL, technician_id=technician_id, reason="ill")


def proposed(cause: Cause, way: Way | None = None) -> str:
    """Choose an option as a dispatcher does: the first that is there, or the way asked for."""
    live.forget()
    with transaction(reads_only=True) as db:
        broken = repairs.read(db, branch_id=1, day=tomorrow(), cause=cause, now=MONDAY_NINE)
    found = repairs.options(broken)
    with transaction() as db:
        return operations.propose(
            db, broken, found, way=way or found[0].way, by=DISPATCHER, now=MONDAY_NINE
        ).number


def accepted_in_part(number: str, only: set[int], *, sure: Collection[int] = ()) -> None:
    with transaction() as db:
        proposals.accept(db, number=number, by=DISPATCHER, now=MONDAY_NINE, only=only, sure=sure)


def undone(number: str) -> int:
    with transaction() as db:
        return proposals.undo(db, number=number, by=DISPATCHER, now=MONDAY_NINE)


def visit(visit_id: int) -> Visit:
    with transaction(reads_only=True) as db:
        return queries.visit(db, visit_id)


def names_told(since: int) -> list[tuple[str, int]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.id > since).order_by(OutboxRow.id))
        return [
            (row.name, row.facts["technician_id"])
            for row in rows
            if row.name in ("VisitTaken", "VisitAssigned")
        ]


def last_told() -> int:
    with transaction(reads_only=True) as db:
        return max(db.scalars(select(OutboxRow.id)), default=0)


def absent(technician_id: int) -> str:
    with transaction(reads_only=True) as db:
        found = select(Shift.absent).where(
            Shift.technician_id == technician_id, Shift.day == tomorrow()
        )
        return db.scalars(found).one()


class TestAnIllTechnician:
    def test_stays_where_he_is_until_somebody_accepts(self, technicians: tuple[int, int]) -> None:
        visit_id = promised()
        before = routes()

        number = proposed(ill(technicians[0]))

        assert (routes(), absent(technicians[0])) == (before, "")
        assert state_of(number) == ProposalState.READY
        assert visit(visit_id).technician_id is None

    def test_is_away_and_his_visits_are_others_once_it_is_accepted(
        self, technicians: tuple[int, int]
    ) -> None:
        first, second = technicians
        ids = [promised(), promised(window=THREE)]
        published()
        holders = {visit(one).technician_id for one in ids}
        assert holders == {first}
        since = last_told()

        done = accepted(proposed(ill(first)))

        assert (done.assigned, absent(first)) == (2, "ill")
        assert {visit(one).technician_id for one in ids} == {second}
        assert sorted(names_told(since)) == sorted(
            2 * [("VisitTaken", first)] + 2 * [("VisitAssigned", second)]
        )
        check_the_day()

    def test_leaves_by_name_what_nobody_can_take(self, technicians: tuple[int, int]) -> None:
        """Four at once are more than the other one can do."""
        first, _ = technicians
        ids = [promised() for _ in range(4)]
        number = proposed(ill(first))
        with transaction(reads_only=True) as db:
            proposal = proposals.proposal_by_number(db, number)
            seen = preview.of_proposal(db, proposal, now=MONDAY_NINE)
        assert seen is not None
        named = [change.visit_id for change in seen.diff.broken if change.after is None]

        accepted(number)

        with transaction(reads_only=True) as db:
            unserved = [v.id for v in queries.unserved(db, branch_id=1, day=tomorrow())]
            told = db.scalars(select(OutboxRow).where(OutboxRow.name == "VisitUnserved")).all()
        assert unserved
        assert sorted(named) == sorted(unserved)
        assert sorted(row.facts["visit_id"] for row in told) == sorted(unserved)
        assert set(unserved) < set(ids)


class TestUndo:
    def test_lays_everything_back_and_tells_them_again(self, technicians: tuple[int, int]) -> None:
        first, _ = technicians
        ids = [promised(), promised(window=THREE)]
        published()
        before = routes()
        number = proposed(ill(first))
        accepted(number)
        since = last_told()

        assert undone(number) == 2

        assert (routes()[first], absent(first)) == (before[first], "")
        assert {visit(one).technician_id for one in ids} == {first}
        assert {name for name, t in names_told(since) if t == first} == {"VisitAssigned"}
        assert state_of(number) == ProposalState.UNDONE
        check_the_day()

    def test_comes_to_the_same_for_a_part(self, technicians: tuple[int, int]) -> None:
        first, _ = technicians
        morning, afternoon = promised(), promised(window=THREE)
        before = routes()
        number = proposed(ill(first))
        accepted_in_part(number, {morning}, sure={afternoon})

        undone(number)

        assert routes()[first] == before[first]
        check_the_day()

    def test_is_refused_once_a_route_has_moved(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        promised()
        number = proposed(ill(first))
        accepted(number)
        promised(window=THREE)
        assert len(routes()[second]) == 2

        with pytest.raises(MovedSince):
            undone(number)

        assert len(routes()[second]) == 2

    def test_is_refused_twice_and_before_anything_was_accepted(
        self, technicians: tuple[int, int]
    ) -> None:
        promised()
        number = proposed(ill(technicians[0]))
        with pytest.raises(NotReady):
            undone(number)
        accepted(number)
        undone(number)

        with pytest.raises(NotReady):
            undone(number)

    def test_of_an_asked_proposal_gives_the_routes_back(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        visit_id = promised()
        number = a_ready_proposal({first: [], second: [visit_id]})
        accepted(number)
        assert visit(visit_id).technician_id == second

        undone(number)

        assert visit(visit_id).technician_id == first
        check_the_day()


class TestGoodsThatComeLate:
    def test_hold_the_visit_back_until_they_are_there(self, technicians: tuple[int, int]) -> None:
        late, other = promised(), promised()
        ten, eleven = 10 * 3600, 11 * 3600
        number = proposed(Cause(kind=CauseKind.GOODS, visit_id=late, from_s=eleven))

        accepted(number)

        live.forget()
        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        starts = {v.stop_id: v.start_s for t in plan.timetables.values() for v in t.visits}
        assert starts[late] >= eleven
        assert ten <= starts[other] <= 12 * 3600
        undone(number)
        assert visit(late).not_before_s is None


class TestPropose:
    def test_refuses_what_is_no_option(self, technicians: tuple[int, int]) -> None:
        promised()

        for way in (Way.KEEP, Way.OVERTIME):
            with pytest.raises(NoSuchWay):
                proposed(ill(technicians[0]), way)

    def test_gives_what_has_no_route_a_place_when_there_is_time(
        self, technicians: tuple[int, int]
    ) -> None:
        _, second = technicians
        visit_id = promised()
        with transaction() as db:
            for one in technicians:
                withdrawals.send_home(
                    db,
                    technician_id=one,
                    day=tomorrow(),
                    reason="ill",
                    by=DISPATCHER,
                    now=MONDAY_NINE,
                )
        with transaction() as db:
            withdrawals.call_back(db, technician_id=second, day=tomorrow(), now=MONDAY_NINE)
        assert visit(visit_id).route_id is None

        number = proposed(Cause(kind=CauseKind.LATE))
        accepted(number)

        assert routes()[second] == [visit_id]
        undone(number)
        assert visit(visit_id).route_id is None


class TestCause:
    @pytest.mark.parametrize(
        "cause",
        [
            Cause(kind=CauseKind.LATE, way="move", overtime_s={3: 600}),
            Cause(kind=CauseKind.ILL, technician_id=2, from_s=36_000, reason="ill", way="few"),
        ],
        ids=lambda cause: cause.kind,
    )
    def test_reads_what_it_writes(self, cause: Cause) -> None:
        assert causes.of_json(cause.as_json()) == cause
        assert causes.of_json(None) is None


class TestUnderTies:
    def test_a_quota_is_kept_though_somebody_is_left(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        ids = [promised(), promised(window=THREE)]
        a_quota(1, second)

        accepted(proposed(ill(first)))

        assert len(routes()[second]) == 1
        assert set(routes()[second]) < set(ids)

    def test_what_a_proposal_would_break_is_named(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        promised(), promised(window=THREE)
        number = proposed(ill(first))
        a_quota(1, second)

        live.forget()
        with transaction(reads_only=True) as db:
            proposal = proposals.proposal_by_number(db, number)
            seen = preview.of_proposal(db, proposal, now=MONDAY_NINE)

        assert seen is not None
        assert [(b.rule, b.tie, b.excess) for b in seen.torn] == [
            ("visits_over_quota", "大洋安装", 1)
        ]


def a_quota(visits_max: int, *people: int) -> None:
    with transaction() as db:
        ties.set_partner(
            db,
            branch_id=1,
            name="大洋安装",
            technician_ids=people,
            visits_max=visits_max,
            now=MONDAY_NINE,
        )
