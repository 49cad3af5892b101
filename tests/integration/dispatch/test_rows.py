"""A plan that is brought forward by what changed is the plan that is read anew."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from booking.operations import bookings
from dispatch import live, moves, rows
from dispatch.daybook import DayPlan
from dispatch.models import RouteRow, Visit
from dispatch.operations import forcing, publishing, roster, rules, withdrawals
from dispatch.operations import plan as plans
from dispatch.operations import visits as visit_operations
from dispatch.planner.problem import Window
from dispatch.queries import open_visit_ids, visit, visits_in_routes
from dispatch.rows import DayRows
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)

pytestmark = pytest.mark.both_databases

OURS = Actor(1, Role.DISPATCHER, branch_ids=frozenset({1}))
ESTATE = "浮山后三小区"
WINDOWS = [Window(10 * HOUR_S, 12 * HOUR_S), Window(13 * HOUR_S, 15 * HOUR_S)]

Act = Callable[[Session], object]


@pytest.fixture(autouse=True)
def two_technicians(app: Flask) -> Iterator[None]:
    live.forget()
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(2):
            a_technician(db, branch_id=branch_id)
        a_service(db)
    yield
    live.forget()


def known() -> DayPlan:
    with transaction(reads_only=True) as db:
        return live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)


def read_anew(monkeypatch: pytest.MonkeyPatch) -> DayPlan:
    with monkeypatch.context() as patch:
        patch.setattr(live, "_cache", {})
        return known()


def content(plan: DayPlan) -> tuple[object, ...]:
    """Return all that a plan says."""
    return (
        plan.version,
        plan.problem.fingerprint(),
        [stop.id for stop in plan.problem.stops],
        plan.plan,
        plan.points,
        plan.frozen,
        plan.timetables,
        plan.route_versions,
        (plan.late, plan.told, plan.as_wished, plan.detours, plan.broken),
        plan.ground,
    )


def booked(nth: int) -> None:
    with transaction() as db:
        member = a_member(db, openid=f"oRows{nth:023d}")
        draft = a_draft(db, by=member)
    with transaction() as db:
        held = bookings.hold(
            db,
            draft_number=draft,
            day=tomorrow(),
            window=WINDOWS[nth % 2],
            by=member,
            now=MONDAY_NINE,
        )
    known()
    with transaction() as db:
        bookings.commit(db, number=held.number, by=member, now=MONDAY_NINE)


def held_and_released(db: Session) -> None:
    member = a_member(db, openid=f"oRows{99:023d}")
    draft = a_draft(db, by=member)
    held = bookings.hold(
        db, draft_number=draft, day=tomorrow(), window=WINDOWS[0], by=member, now=MONDAY_NINE
    )
    bookings.release(db, number=held.number, by=member, now=MONDAY_NINE)


def decline(db: Session) -> None:
    for technician_id in (1, 2):
        for visit_id in open_visit_ids(db, technician_id=technician_id, day=tomorrow())[:1]:
            visit_operations.decline(
                db,
                number=visit(db, visit_id).number,
                reason="ill",
                by=Actor(technician_id, Role.TECHNICIAN),
                now=MONDAY_NINE,
            )
            return
    raise AssertionError("nobody has been told of a visit")


def the_estate(*closed: tuple[int, int], access_s: int = 0) -> Act:
    return lambda db: rules.set_estate(
        db, branch_id=1, name=ESTATE, closed=closed, access_s=access_s, now=MONDAY_NINE
    )


def the_rules(**changed: Any) -> Act:
    asked: dict[str, Any] = {"only": [], "never": [], "overtime_s": 0, "is_standby": False}
    asked["pace_percent"] = 100
    return lambda db: rules.set_rules(db, technician_id=3, now=MONDAY_NINE, **(asked | changed))


def the_skills(technician_id: int, skills: dict[str, int], **until: date) -> Act:
    return lambda db: roster.set_skills(
        db, technician_id=technician_id, skills=skills, certificates=until, now=MONDAY_NINE
    )


def a_visit(db: Session) -> tuple[Visit, int]:
    """Return the oldest visit that stands in a route, and the other of the two technicians."""
    in_routes = visits_in_routes(db, branch_id=1, day=tomorrow())
    oldest = in_routes[min(in_routes)]
    return oldest, 3 - db.get_one(RouteRow, oldest.route_id).technician_id


def the_pin(*, stays: bool) -> Act:
    def act(db: Session) -> None:
        one, _ = a_visit(db)
        forcing.pin(
            db,
            number=one.number,
            version=one.version,
            stays=stays,
            by=OURS,
            now=MONDAY_NINE,
        )

    return act


def force(db: Session) -> None:
    one, other = a_visit(db)
    move = moves.of_visit(db, one, other, now=MONDAY_NINE)
    assert move is not None
    forcing.force(
        db,
        number=one.number,
        technician_id=other,
        version=one.version,
        reason="他熟",
        told=move.told,
        by=OURS,
        now=MONDAY_NINE,
    )


ACTS: list[Act] = [
    the_pin(stays=True),
    the_pin(stays=False),
    force,
    lambda db: publishing.publish_day(
        db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE
    ),
    held_and_released,
    decline,
    lambda db: roster.set_shift(
        db,
        technician_id=1,
        day=tomorrow(),
        opens_s=8 * HOUR_S,
        shuts_s=17 * HOUR_S,
        breaks=[(12 * HOUR_S, 13 * HOUR_S, 1_800)],
        now=MONDAY_NINE,
    ),
    the_skills(1, {"air": 1, "oven": 2}),
    # One who has no visits, so that no version of a route betrays what changes of him.
    lambda db: a_technician(db, branch_id=1),
    the_estate((16 * HOUR_S, 17 * HOUR_S)),
    the_estate((16 * HOUR_S, 17 * HOUR_S), access_s=60),
    the_rules(only=[ESTATE]),
    the_rules(only=["市北区"]),
    the_rules(never=["市北区"]),
    the_rules(overtime_s=1_800),
    the_rules(is_standby=True),
    the_rules(pace_percent=110),
    the_rules(),
    lambda db: rules.drop_estate(db, branch_id=1, name=ESTATE, now=MONDAY_NINE),
    the_skills(3, {"air": 2, "gas": 1}, gas=tomorrow()),
    the_skills(3, {"air": 2, "gas": 1}, gas=tomorrow() - timedelta(days=1)),
    lambda db: withdrawals.send_home(
        db, technician_id=2, day=tomorrow(), reason="leave", by=DISPATCHER, now=MONDAY_NINE
    ),
]


def test_after_every_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control in it: without its look at the rows, the plan brought forward is another."""
    real = rows.read

    def blind(db: Session, *, known: DayRows = rows.NOTHING_READ, **where: Any) -> DayRows:
        return known if known.stamps else real(db, known=known, **where)

    for nth in range(4):
        booked(nth)
        assert content(known()) == content(read_anew(monkeypatch))
    for nth, act in enumerate(ACTS):
        before, remembered = known(), dict(live._cache)
        with transaction() as db:
            act(db)
        with monkeypatch.context() as patch:
            patch.setattr(live, "_cache", dict(remembered))
            patch.setattr(rows, "read", blind)
            believed = known()
        with monkeypatch.context() as patch:
            patch.setattr(live, "_cache", dict(remembered))
            brought = known()
        anew = content(read_anew(monkeypatch))
        assert brought.version > before.version, nth
        assert content(brought) == content(known()) == anew, nth
        # Until the day on which it expires a certificate plans nothing.
        assert content(believed) != anew or act is ACTS[-3], nth


def test_what_was_rolled_back_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version that it had is given again, to other contents."""
    booked(0)
    live.forget()
    with transaction() as db:
        one, _ = a_visit(db)
        one.work_s += 600
        live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        db.rollback()
    with transaction() as db:
        one, _ = a_visit(db)
        one.work_s += 1_200
        plans.changed(db, plans.lock_row(db, branch_id=1, day=tomorrow()), now=MONDAY_NINE)

    assert content(known()) == content(read_anew(monkeypatch))


def test_what_another_hand_changed_is_noticed_under_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row that moved while this process knew an older version is read again, and no other."""
    booked(0)
    booked(1)
    before = known()
    asked: list[int] = []
    real = rows._stops

    def watched(db: Session, route_ids: list[int]) -> Any:
        asked.extend(route_ids)
        return real(db, route_ids)

    monkeypatch.setattr(rows, "_stops", watched)
    with transaction() as db:
        decided = next(t for t, share in before.shares.items() if share.visits)
        moved = visit(db, before.shares[decided].visits[0].id)
        moved.work_s += 600
        db.flush()
        plans.changed(
            db,
            plans.lock_row(db, branch_id=1, day=tomorrow()),
            now=MONDAY_NINE,
        )
    after = known()

    assert asked == [before.shares[decided].facts.route_id]
    assert after.problem.stop(moved.id).work_s == before.problem.stop(moved.id).work_s + 600
    untouched = [t for t in after.shares if t != decided]
    assert all(after.shares[t] is before.shares[t] for t in untouched)
