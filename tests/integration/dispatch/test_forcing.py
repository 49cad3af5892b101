"""A move forced by hand: what it breaks is named and answered for; who may come at all gives no way. What
was forced or pinned stays where it is."""

import pytest
from sqlalchemy import select

from dispatch import live, moves, queries, reasons
from dispatch.models import BarredPair
from dispatch.moves import Move
from dispatch.operations import forcing, publishing, roster, ties, withdrawals
from dispatch.operations import plan as plans
from dispatch.operations.forcing import BreaksMore, Impossible
from dispatch.operations.withdrawals import DoesNotFit, TooLong
from dispatch.planner import judge
from dispatch.planner.problem import Route
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import ChangedMeanwhile
from kernel.outbox import OutboxRow
from tests.house import HOUR_S, MONDAY_NINE, tomorrow
from tests.integration.dispatch.test_proposals import accepted, check_the_day, promised, routes
from tests.integration.dispatch.test_repairs import (
    a_quota,
    ill,
    proposed,
    published,
    technicians,
    visit,
)

__all__ = ["technicians"]

OF_THE_BRANCH = Actor(1, Role.DISPATCHER, frozenset({1}))


@pytest.fixture
def full(technicians: tuple[int, int]) -> tuple[int, int, int]:
    """One has all he can do from ten to twelve: who has it, a visit of the other, and the other."""
    for _ in range(4):
        promised()
    by = routes()
    busy = max(by, key=lambda t: len(by[t]))
    [other] = [t for t in technicians if t != busy]
    return busy, by[other][0], other


def move_of(visit_id: int, technician_id: int) -> Move | None:
    live.forget()
    with transaction(reads_only=True) as db:
        return moves.of_visit(db, queries.visit(db, visit_id), technician_id, now=MONDAY_NINE)


def the_move(visit_id: int, technician_id: int) -> Move:
    found = move_of(visit_id, technician_id)
    assert found is not None
    return found


def forced(visit_id: int, technician_id: int, *, told: str, version: int = 0) -> None:
    one = visit(visit_id)
    with transaction() as db:
        forcing.force(
            db,
            number=one.number,
            technician_id=technician_id,
            version=version or one.version,
            reason="业主只要他",
            told=told,
            by=OF_THE_BRANCH,
            now=MONDAY_NINE,
        )
    live.forget()


def pinned(visit_id: int, *, stays: bool = True) -> None:
    one = visit(visit_id)
    with transaction() as db:
        forcing.pin(
            db,
            number=one.number,
            version=one.version,
            stays=stays,
            by=OF_THE_BRANCH,
            now=MONDAY_NINE,
        )
    live.forget()


def outbox(name: str) -> list[dict[str, object]]:
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.name == name).order_by(OutboxRow.id))
        return [dict(row.facts) for row in rows]


class TestMove:
    def test_shows_both_days_before_and_after(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        assert routes()[near] == [visit_id]

        move = the_move(visit_id, far)

        assert move.giver is not None
        assert not move.giver.after.visits
        assert (move.taker.before.travel_s, move.giver.after.travel_s) == (0, 0)
        assert move.taker.after.travel_s > 0
        assert [i for i, _, _ in move.taker.shifted] == [visit_id]
        assert not move.breaks
        assert move.may_be_forced

    def test_names_the_promises_that_come_late(self, full: tuple[int, int, int]) -> None:
        busy, visit_id, _ = full

        move = the_move(visit_id, busy)

        assert len(move.delays) == 1
        assert move.delays[0].late_s > 0
        assert move.told == str(move.delays[0].visit_id)

    def test_is_none_to_him_who_has_it_or_is_away(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        with transaction() as db:
            withdrawals.send_home(
                db,
                technician_id=far,
                day=tomorrow(),
                reason="ill",
                by=OF_THE_BRANCH,
                now=MONDAY_NINE,
            )

        assert move_of(visit_id, near) is None
        assert move_of(visit_id, far) is None


class TestForce:
    def test_makes_the_move_and_says_what_it_breaks(self, full: tuple[int, int, int]) -> None:
        busy, visit_id, other = full
        published()
        move = the_move(visit_id, busy)

        forced(visit_id, busy, told=move.told)

        assert visit_id in routes()[busy]
        assert routes()[other] == []
        assert (visit(visit_id).technician_id, visit(visit_id).pinned_id) == (busy, busy)
        [told] = outbox("VisitForced")
        assert (told["reason"], told["breaks"]) == ("业主只要他", move.told)
        [late] = outbox("VisitDelayed")
        assert late["visit_id"] == move.delays[0].visit_id

    def test_of_more_than_was_said_to_break_is_refused(self, full: tuple[int, int, int]) -> None:
        busy, visit_id, _ = full
        before = routes()

        with pytest.raises(BreaksMore):
            forced(visit_id, busy, told="")

        assert routes() == before

    def test_of_a_visit_that_has_moved_on_is_refused(self, full: tuple[int, int, int]) -> None:
        busy, visit_id, _ = full

        with pytest.raises(ChangedMeanwhile):
            forced(visit_id, busy, told="rest over", version=visit(visit_id).version + 1)

    @pytest.mark.parametrize("why", ["skill", "declined"])
    def test_never_sends_who_may_not_come(self, technicians: tuple[int, int], why: str) -> None:
        near, far = technicians
        visit_id = promised()
        with transaction() as db:
            if why == "skill":
                queries.technician(db, far).skills = {"lock": 1}
            else:
                db.add(
                    BarredPair(visit_id=visit_id, technician_id=far, reason="支架", at=MONDAY_NINE)
                )
            plans.roster_changed(db, branch_id=1, days=[tomorrow()])
        live.forget()

        assert not the_move(visit_id, far).may_be_forced
        with pytest.raises(Impossible):
            forced(visit_id, far, told="rest over")

        assert routes()[near] == [visit_id]

    def test_has_nobody_stay_beyond_the_limit(self, technicians: tuple[int, int]) -> None:
        _, far = technicians
        visit_id = promised()
        with transaction() as db:
            roster.set_shift(
                db,
                technician_id=far,
                day=tomorrow(),
                opens_s=8 * HOUR_S,
                shuts_s=10 * HOUR_S,
                now=MONDAY_NINE,
            )

        assert the_move(visit_id, far).is_too_long
        with pytest.raises(Impossible):
            forced(visit_id, far, told="rest over")


class TestOvertimeInOnePress:
    @pytest.fixture
    def short(self, technicians: tuple[int, int]) -> tuple[int, int, int]:
        """A visit that the other could make by staying ten minutes: (visit, he, until when)."""
        _, far = technicians
        visit_id = promised()
        until_s = -(-the_move(visit_id, far).taker.after.finish_s // 60) * 60
        with transaction() as db:
            roster.set_shift(
                db,
                technician_id=far,
                day=tomorrow(),
                opens_s=8 * HOUR_S,
                shuts_s=until_s - 600,
                now=MONDAY_NINE,
            )
        live.forget()
        return visit_id, far, until_s

    def handed(self, short: tuple[int, int, int], until_s: int) -> None:
        visit_id, far, _ = short
        one = visit(visit_id)
        with transaction() as db:
            withdrawals.hand_over(
                db,
                number=one.number,
                technician_id=far,
                version=one.version,
                until_s=until_s,
                by=OF_THE_BRANCH,
                now=MONDAY_NINE,
            )

    def test_makes_his_shift_as_long_as_he_agreed(self, short: tuple[int, int, int]) -> None:
        visit_id, far, until_s = short

        self.handed(short, until_s)

        assert routes()[far] == [visit_id]
        with transaction(reads_only=True) as db:
            assert queries.shifts(db, branch_id=1, day=tomorrow())[far].shuts_s == until_s
        check_the_day()

    def test_beyond_half_an_hour_is_refused(self, short: tuple[int, int, int]) -> None:
        visit_id, far, until_s = short

        with pytest.raises(TooLong):
            self.handed(short, until_s - 600 + 30 * 60 + 1)

        assert far not in {t for t, ids in routes().items() if visit_id in ids}


class TestPins:
    def test_a_better_plan_and_a_repair_leave_it_there(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        pinned(visit_id)

        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)

        assert plan.problem.stop(visit_id).worker_id == near
        there = plan.plan.with_route(Route(near, ())).with_route(Route(far, (visit_id,)))
        with transaction(reads_only=True) as db:
            broken = judge.judge(plan.problem, there).broken
        assert [breach.rule for breach in broken] == ["pins_broken"]

    def test_taken_away_binds_no_more(self, technicians: tuple[int, int]) -> None:
        visit_id = promised()
        pinned(visit_id)

        pinned(visit_id, stays=False)

        with transaction(reads_only=True) as db:
            plan = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        assert plan.problem.stop(visit_id).worker_id is None

    def test_of_one_who_falls_ill_binds_nobody(self, technicians: tuple[int, int]) -> None:
        near, far = technicians
        visit_id = promised()
        published()
        pinned(visit_id)

        accepted(proposed(ill(near)))

        assert routes()[far] == [visit_id]
        assert visit(visit_id).pinned_id is None

    def test_goes_with_the_hand(self, technicians: tuple[int, int]) -> None:
        _, far = technicians
        visit_id = promised()
        pinned(visit_id)
        one = visit(visit_id)

        with transaction() as db:
            withdrawals.hand_over(
                db,
                number=one.number,
                technician_id=far,
                version=one.version,
                by=OF_THE_BRANCH,
                now=MONDAY_NINE,
            )

        assert visit(visit_id).pinned_id == far
        check_the_day()


def test_forcing_on_a_day_not_published_tells_nobody(full: tuple[int, int, int]) -> None:
    busy, visit_id, _ = full

    forced(visit_id, busy, told=the_move(visit_id, busy).told)

    assert visit(visit_id).technician_id is None
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=tomorrow(), by=OF_THE_BRANCH, now=MONDAY_NINE)
    assert visit(visit_id).technician_id == busy


class TestUnderTies:
    def test_a_quota_is_named_before_it_is_broken_and_answered_for(
        self, technicians: tuple[int, int]
    ) -> None:
        near, far = technicians
        one = promised()
        [holder] = [t for t, ids in routes().items() if one in ids]
        other = far if holder == near else near
        a_quota(0, other)

        move = the_move(one, other)
        assert [(b.rule, b.tie) for b in move.torn] == [("visits_over_quota", "大洋安装")]
        assert (move.told, move.may_be_forced) == ("visits_over_quota", True)
        with pytest.raises(DoesNotFit):
            handed(one, other)
        with pytest.raises(BreaksMore):
            forced(one, other, told="")
        forced(one, other, told=move.told)

        assert routes()[other] == [one]

    def test_a_tool_that_is_not_there_cannot_be_answered_for(
        self, technicians: tuple[int, int]
    ) -> None:
        one, two = promised(), promised()
        [holder] = [t for t, ids in routes().items() if one in ids]
        [other] = [t for t in technicians if t != holder]
        assert sorted(routes()[holder]) == [one, two]
        with transaction() as db:
            ties.set_tool(
                db, branch_id=1, name="长梯", services=["air_install"], count=1, now=MONDAY_NINE
            )

        move = the_move(one, other)

        assert [(b.rule, b.tie) for b in move.against] == [("tools_missing", "长梯")]
        assert not move.may_be_forced
        with pytest.raises(Impossible):
            forced(one, other, told="tools_missing")

    def test_a_row_says_which_tie_and_that_it_may_be_forced(
        self, technicians: tuple[int, int]
    ) -> None:
        near, far = technicians
        one = promised()
        [holder] = [t for t, ids in routes().items() if one in ids]
        other = far if holder == near else near
        a_quota(0, other)

        live.forget()
        with transaction(reads_only=True) as db:
            found = reasons.of_visit(db, queries.visit(db, one), now=MONDAY_NINE)
        [row] = [row for row in found.rows if row.technician_id == other]

        assert row.standing is reasons.Standing.BREAKS
        assert not row.is_ruled_out
        assert [way.tie for way in found.least] == ["大洋安装"]


def handed(visit_id: int, technician_id: int) -> None:
    one = visit(visit_id)
    with transaction() as db:
        withdrawals.hand_over(
            db,
            number=one.number,
            technician_id=technician_id,
            version=one.version,
            by=OF_THE_BRANCH,
            now=MONDAY_NINE,
        )
