"""Where a draft's visits fit: the windows on offer, and putting all of them into a day's plan."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from booking import coupling, queries
from booking.coupling import CoupledGap
from booking.models import Draft, Service
from dispatch import learning, live, openings
from dispatch import queries as dispatch_queries
from dispatch.daybook import DayPlan
from dispatch.keeping import KeptWindow
from dispatch.live import Offer, VisitShape
from dispatch.openings import Gap, Opening
from dispatch.operations import places
from dispatch.operations.places import PlaceGone, Proof
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.clock import local_date, second_of_day
from kernel.db import Session
from kernel.errors import Invalid
from kernel.words import msg


class SlotPast(Invalid):
    """The window is over."""

    code = "slot_past"
    says = msg("这个时段已经过去了，请选后面的。")


class TooSoon(Invalid):
    """The window opens before anybody could get there."""

    code = "lead_time"
    says = msg("这个时段太近了，来不及安排师傅，请选晚一些的。")


class TooFar(Invalid):
    """The window lies beyond the days on sale."""

    code = "horizon"
    says = msg("这个日期还没有开放预约。")


class OffGrid(Invalid):
    """The branch sells no such window."""

    code = "bad_slot"
    says = msg("没有这个时段，请从列表里选。")


def offers(
    db: Session,
    *,
    draft: Draft,
    now: datetime,
    day: date | None = None,
    wish: int | None = None,
) -> list[Offer]:
    """Return every proven window for the draft, by day and time; with `day`, of that day alone; with
    `wish`, each with that technician's own place, where he has one.

    For a delivery with its installation the windows are the installation's; each names its delivery.
    """
    shape = shape_of(db, draft, queries.service_by_id(db, draft.service_id), wish=wish, now=now)
    if draft.delivery_id is None:
        return live.find(db, branch_id=draft.branch_id, shape=shape, now=now, day=day)
    first = delivery_shape(db, draft, queries.service_by_id(db, draft.delivery_id), now=now)
    deliveries = live.find(db, branch_id=draft.branch_id, shape=first, now=now, day=day)
    found: list[Offer] = []
    for each in sorted({offer.day for offer in deliveries}):
        that_day = [offer for offer in deliveries if offer.day == each]
        plan = live.day_plan(db, branch_id=draft.branch_id, day=each, now=now)
        found += _coupled(db, draft, that_day, plan, first=first, shape=shape, now=now)
    return found


def gaps(
    db: Session, *, draft: Draft, offers: Sequence[Offer], now: datetime, day: date | None = None
) -> list[Gap]:
    """Return the windows on sale that are not among the `offers`, on days when somebody could serve
    the draft; with `day`, of that day alone."""
    shape = shape_of(db, draft, queries.service_by_id(db, draft.service_id), now=now)
    found = openings.gaps(
        db, branch_id=draft.branch_id, shape=shape, offers=offers, now=now, day=day
    )
    if draft.delivery_id is None:
        return found
    first = delivery_shape(db, draft, queries.service_by_id(db, draft.delivery_id), now=now)
    return [
        CoupledGap(
            gap.plan,
            gap.shape,
            gap.windows,
            first,
            tuple(_on_sale(db, draft, gap.plan.day, shape=shape, now=now)),
        )
        for gap in found
    ]


def place_draft(
    db: Session,
    draft: Draft,
    *,
    day: date,
    window: Window,
    until: datetime,
    by: Actor,
    now: datetime,
    first_try: int | None = None,
    opening: Opening | None = None,
    wish: int | None = None,
    only: int | None = None,
    foreseen: Proof | None = None,
) -> list[tuple[int, int, Window]]:
    """Put all visits of a draft into the plan of a day: (visit id, service id, window) of each.

    The service arrives within `window`, its delivery within the latest window that leaves it room.
    Where no route has room, `opening` may make it. `wish` is tried first, `only` is the one who will do;
    `foreseen` is what `foresee` proved. Raises PlaceGone: the transaction then holds none of them.
    """
    service = queries.service_by_id(db, draft.service_id)
    shape = shape_of(db, draft, service, wish=wish, now=now)
    hold = partial(
        places.hold_place, db, branch_id=draft.branch_id, day=day, until=until, by=by, now=now
    )
    kept, after_id = [], None
    if draft.delivery_id is not None:
        delivery = queries.service_by_id(db, draft.delivery_id)
        first = delivery_shape(db, draft, delivery, now=now)
        before: Offer | Opening
        if opening is not None and opening.delivery is not None:
            before = opening.delivery
        else:
            plan = live.day_plan(db, branch_id=draft.branch_id, day=day, now=now)
            pairs = _pairs(db, draft, plan, first=first, shape=shape, now=now)
            pair = next((offer for offer in pairs if offer.window == window), None)
            if pair is None or pair.delivery is None:
                raise PlaceGone
            before, first_try, only = pair.delivery, pair.witness.worker_id, None
        visit = hold(
            window=before.window,
            shape=first,
            label=f"{delivery.short_name} {draft.compound}",
            first_try=before.witness.worker_id,
            opening=before if isinstance(before, Opening) else None,
        )
        kept.append((after_id := visit.id, delivery.id, before.window))
        opening = opening.after(after_id) if opening else None
    visit = hold(
        window=window,
        shape=shape,
        label=f"{service.short_name} {draft.compound}",
        first_try=first_try if wish is None else wish,
        opening=opening,
        only=only,
        foreseen=foreseen,
        after_id=after_id,
    )
    return [*kept, (visit.id, service.id, window)]


def foresee(
    db: Session,
    draft: Draft,
    plan: DayPlan,
    *,
    window: Window,
    now: datetime,
    first_try: int | None = None,
    wish: int | None = None,
    only: int | None = None,
) -> Proof | None:
    """Prove on a plan what `place_draft` would be asked for; None for two visits, of which the second
    is proven beside the first."""
    if draft.delivery_id is not None:
        return None
    service = queries.service_by_id(db, draft.service_id)
    shape = shape_of(db, draft, service, wish=wish, now=now)
    first_try = first_try if wish is None else wish
    return places.prove(db, plan, shape=shape, window=window, first_try=first_try, only=only)


def offer_of(
    db: Session,
    draft: Draft,
    plan: DayPlan,
    *,
    window: Window,
    now: datetime,
    wish: int | None = None,
) -> Offer | None:
    """Return what a window of that day's plan is worth to the draft; None when it is not on offer."""
    shape = shape_of(db, draft, queries.service_by_id(db, draft.service_id), wish=wish, now=now)
    if draft.delivery_id is None:
        found = live.offers_of(plan, shape, [window])
    else:
        first = delivery_shape(db, draft, queries.service_by_id(db, draft.delivery_id), now=now)
        found = _pairs(db, draft, plan, first=first, shape=shape, now=now)
    return next((offer for offer in found if offer.window == window), None)


def shape_of(
    db: Session, draft: Draft, service: Service, *, now: datetime, wish: int | None = None
) -> VisitShape:
    """Return what the visit will need: for as long as such visits were learned to take."""
    shape = _shape(db, draft, service, card_s=draft.work_s, now=now)
    return replace(shape, wish=wish)


def delivery_shape(db: Session, draft: Draft, delivery: Service, *, now: datetime) -> VisitShape:
    """Return what the delivery before it will need."""
    return _shape(db, draft, delivery, card_s=draft.delivery_work_s, now=now)


def _shape(
    db: Session, draft: Draft, service: Service, *, card_s: int, now: datetime
) -> VisitShape:
    times = learning.service_times(db, branch_id=draft.branch_id, now=now)
    length = times.length(card_s=card_s, service=service.code, estate=draft.compound)
    return VisitShape(
        point=draft.point,
        work_s=length.work_s,
        skill=service.skill,
        level=service.level,
        service=service.code,
        estate=draft.compound,
        card_s=card_s,
        learned_from=length.visits,
        # Of two visits that move together nobody gets one again that he has declined.
        barred=_declined(db, draft, service) if draft.delivery_id is not None else frozenset(),
        is_kept_for=queries.is_kept_for(db, branch_id=draft.branch_id, member_id=draft.member_id),
    )


def _declined(db: Session, draft: Draft, service: Service) -> frozenset[int]:
    """Return who has declined the draft's visit for that service so far."""
    booked = queries.booked_of_draft(db, draft.id)
    before = queries.promises(db, booked.id) if booked is not None else []
    ids = [kept.visit_id for kept in before if kept.service_id == service.id]
    return frozenset().union(*dispatch_queries.barred_from(db, ids).values())


def check_window(
    db: Session, *, branch_id: int, member_id: int, day: date, window: Window, now: datetime
) -> None:
    """Refuse what is not on sale to that member. Raises OffGrid, SlotPast, TooSoon, TooFar, KeptWindow."""
    branch = dispatch_queries.branch(db, branch_id)
    if [window.open_s, window.shut_s] not in branch.windows:
        raise OffGrid(field="window")
    now_s = second_of_day(now, day)
    if window.shut_s <= now_s:
        raise SlotPast(field="window")
    if window.open_s < now_s + live.LEAD_S:
        raise TooSoon(field="window")
    if (day - local_date(now)).days >= live.HORIZON_DAYS:
        raise TooFar(field="window")
    keeping = branch.keeping
    if keeping is None or not keeping.keeps(window, opens_in_s=window.open_s - now_s):
        return
    if not queries.is_kept_for(db, branch_id=branch_id, member_id=member_id):
        raise KeptWindow(field="window", hours=keeping.hours)


def _coupled(
    db: Session,
    draft: Draft,
    deliveries: Sequence[Offer],
    plan: DayPlan,
    *,
    first: VisitShape,
    shape: VisitShape,
    now: datetime,
) -> list[Offer]:
    """Return the installation's windows of one day, each with its delivery."""
    windows = _on_sale(db, draft, plan.day, shape=shape, now=now)
    found = coupling.pairs(
        deliveries,
        work_s=coupling.longest_s(plan, first),
        installations_after=lambda delivery: live.offers_after(
            plan, delivery, first_shape=first, shape=shape, windows=windows
        ),
    )
    return [replace(installation, delivery=delivery) for delivery, installation in found]


def _pairs(
    db: Session,
    draft: Draft,
    plan: DayPlan,
    *,
    first: VisitShape,
    shape: VisitShape,
    now: datetime,
) -> list[Offer]:
    windows = _on_sale(db, draft, plan.day, shape=first, now=now)
    deliveries = live.offers_of(plan, first, windows)
    if not deliveries:
        return []
    return _coupled(db, draft, deliveries, plan, first=first, shape=shape, now=now)


def _on_sale(
    db: Session, draft: Draft, day: date, *, shape: VisitShape, now: datetime
) -> list[Window]:
    """Return the windows of one day that may be sold for that visit."""
    sold = live.on_sale(
        db, branch_id=draft.branch_id, now=now, day=day, is_kept_for=shape.is_kept_for
    )
    return dict(sold).get(day, [])
