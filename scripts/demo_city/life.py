"""The demo city lives: its technicians do the visits of its own members as the demo clock goes.

Only in MODE=demo. Visits of people who came by a phone of the sandbox are left to whoever plays
them; the city's technicians do what stands before. Every act is the real operation, at the time the
plan gave it, so that a clock moved by three hours leaves three believable hours behind.
"""

import io
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select

from booking import queries as bookings
from booking.goods import GoodsKind
from booking.goods_models import GoodsItem
from booking.operations import goods
from booking.operations import visits as completion
from booking.states import GoodsState
from dispatch import photos, queries, travel
from dispatch.operations import visits
from dispatch.states import LEFT, VisitState
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import Clock, instant_at, local_date, second_of_day
from kernel.db import Session, transaction
from kernel.errors import Refusal
from kernel.geo import Point
from members import queries as members
from scripts.demo_city import checking
from scripts.demo_city.households import OPENID_HEAD

log = logging.getLogger(__name__)

# A turn does no more, so that the relay's other work never waits long; the next turn goes on.
ACTS_MAX = 40
ACCEPT_AFTER_S = 60
ACCEPT_SPREAD_S = 600
_GREETING_S = 120
_SIGNING_S = 180
_PAUSE_S = 1_200
# From the order to the warehouse.
SHIPPING = timedelta(minutes=20)
_ANY_TIME = frozenset({VisitState.ASSIGNED, VisitState.WORK_DONE})
_OVER = LEFT - {VisitState.WORK_DONE}


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """What the next act of one technician is, and the second of the day at which it is due."""

    due_s: int
    number: str
    technician_id: int
    state: VisitState
    code: str


class LivedClock:
    """The demo clock, held back to where the city has lived.

    What time does to bookings must not overtake the city: a day pressed forward would make every
    technician late before he had his turn.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        now = self._clock.now()
        return now if _behind[0] is None else min(now, _behind[0])


# The instant of the city's next act that was due and not done yet; none when it has caught up.
_behind: list[datetime | None] = [None]


def go_on(data_dir: Path, clock: Clock) -> int:
    """Do what is due in the city, ACTS_MAX acts at most, the earliest day first; return how many."""
    now = clock.now()
    with transaction(reads_only=True) as db:
        days = queries.open_days(db, until=local_date(now))
    done = _warehouse(now)
    for day in days:
        done += _live(day, data_dir, now=now, most=ACTS_MAX - done)
        if _behind[0] is not None:
            break
    return done


def _warehouse(now: datetime) -> int:
    """Let what was ordered come to the warehouse a while after its booking; return how much came."""
    with transaction(reads_only=True) as db:
        found = select(GoodsItem.number).where(
            GoodsItem.state == GoodsState.NOT_SHIPPED,
            GoodsItem.kind != GoodsKind.OLD,
            GoodsItem.expected_at.is_(None),
            GoodsItem.added_at <= now - SHIPPING,
        )
        numbers = db.scalars(found.order_by(GoodsItem.id).limit(ACTS_MAX)).all()
    for number in numbers:
        with transaction() as db:
            goods.set_state(
                db, item_number=number, state=GoodsState.IN_WAREHOUSE, by=SYSTEM, now=now
            )
    return len(numbers)


def _live(day: date, data_dir: Path, *, now: datetime, most: int) -> int:
    """Do what is due on one day and note whether something is left; return how much was done."""
    done = 0
    refused: set[str] = set()
    while True:
        with transaction(reads_only=True) as db:
            acts = [a for a in _next_acts(db, day) if a.number not in refused]
        due = sorted(a for a in acts if a.due_s <= second_of_day(now, day))
        _behind[0] = instant_at(day, due[0].due_s) if due else None
        if not due or done >= most:
            return done
        for act in due[: most - done]:
            done += 1
            try:
                _do(act, instant_at(day, act.due_s), _picture(data_dir))
            except Refusal as refusal:
                log.info("the city waits with visit %s: %s", act.number, refusal)
                refused.add(act.number)


def _next_acts(db: Session, day: date) -> Iterator[Act]:
    for branch in queries.branches(db):
        rows = queries.routes(db, branch_id=branch.id, day=day)
        homes = {t.id: t.point for t in queries.technicians(db, branch_id=branch.id)}
        known = queries.visits_in_routes(db, branch_id=branch.id, day=day)
        ours = _of_the_city(db, list(known))
        for row in rows.values():
            before, is_first = homes[row.technician_id], True
            for stop in row.stops:
                visit = known[stop[0]]
                if visit.technician_id == row.technician_id and visit.state not in _OVER:
                    # One door after the other; but he says yes to all of his day when asked, and a
                    # member signs when the technician is at the next door already.
                    if visit.id in ours and (is_first or visit.state in _ANY_TIME):
                        yield _act(visit, stop, row.technician_id, before)
                    is_first = is_first and visit.state is VisitState.WORK_DONE
                before = visit.point


def _of_the_city(db: Session, visit_ids: list[int]) -> set[int]:
    """Return which of those visits are for members that no phone of the sandbox plays."""
    found = bookings.bookings_of_visits(db, visit_ids)
    who = members.members_by_id(db, [booking.member_id for booking in found.values()])
    return {
        visit_id
        for visit_id, booking in found.items()
        if who[booking.member_id].openid.startswith(OPENID_HEAD)
    }


def _act(visit: Any, stop: list[int], technician_id: int, before: Point) -> Act:
    _, arrive_s, start_s, depart_s = stop
    # Nobody rings before the promised time, even when the road was free.
    arrive_s = max(arrive_s, visit.opens_s)
    since_s = second_of_day(visit.state_since, visit.day)
    due: Mapping[VisitState, int] = {
        VisitState.ASSIGNED: since_s + ACCEPT_AFTER_S + visit.id * 37 % ACCEPT_SPREAD_S,
        # He sets out in time to arrive as planned, never before he was free to.
        VisitState.ACCEPTED: max(since_s, arrive_s - travel.between_s(before, visit.point)),
        VisitState.EN_ROUTE: arrive_s,
        VisitState.ARRIVED: max(start_s, since_s + _GREETING_S),
        VisitState.IN_SERVICE: depart_s,
        VisitState.PAUSED: since_s + _PAUSE_S,
        VisitState.WORK_DONE: since_s + _SIGNING_S,
    }
    return Act(due[visit.state], visit.number, technician_id, visit.state, visit.service_code)


def _do(act: Act, at: datetime, picture: str) -> None:
    by = Actor(act.technician_id, Role.TECHNICIAN)
    if act.state is VisitState.IN_SERVICE:
        with transaction() as db:
            visits.add_photo(db, number=act.number, sha256=picture, by=by, now=at)
        with transaction() as db:
            checking.tick_all(db, number=act.number, by=by, now=at)
    with transaction() as db:
        match act.state:
            case VisitState.ASSIGNED:
                visits.accept(db, number=act.number, by=by, now=at)
            case VisitState.ACCEPTED:
                completion.set_out(db, number=act.number, by=by, now=at)
            case VisitState.EN_ROUTE:
                visits.arrive(db, number=act.number, by=by, now=at)
            case VisitState.ARRIVED:
                visits.start(db, number=act.number, code=act.code, by=by, now=at)
            case VisitState.PAUSED:
                visits.resume(db, number=act.number, by=by, now=at)
            case VisitState.WORK_DONE:
                booking = bookings.booking_of_visit(db, queries.visit_by_number(db, act.number).id)
                member = Actor(booking.member_id, Role.MEMBER)
                completion.sign_off(db, number=booking.number, by=member, now=at)
            case _:
                completion.finish_visit(db, number=act.number, by=by, now=at)


def _picture(data_dir: Path) -> str:
    """Store the one picture that stands for every photo of the demo city, or keep it from being swept
    before a visit has it."""
    return photos.store_photo(data_dir / "photos", _drawn())


@cache
def _drawn() -> bytes:
    canvas = Image.new("RGB", (960, 720), "#dfe9ec")
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle(
        (230, 180, 730, 330), radius=24, fill="#ffffff", outline="#9fb4bb", width=4
    )
    draw.line((260, 300, 700, 300), fill="#c3d2d7", width=6)
    draw.rectangle((0, 620, 960, 720), fill="#c9b9a4")
    held = io.BytesIO()
    canvas.save(held, "JPEG", quality=80)
    return photos.clean_photo(held.getvalue())
