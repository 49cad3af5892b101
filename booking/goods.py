"""Goods: what a booking brings, how an item comes to a state, and when it is late. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from booking.states import (
    ABSENT_GOODS,
    GOODS_MACHINE,
    OLD_MACHINE,
    GoodsAction,
    GoodsState,
)
from kernel.clock import local_date, midnight
from kernel.machine import IllegalMove, Machine

# What is not in the warehouse so long before the window opens is late.
WAREHOUSE_NOTICE = timedelta(hours=24)
# A warehouse that has only just heard of an item is given so long to find it.
FIND_GRACE = timedelta(hours=2)
# The option of a price card by which the old appliance is taken along.
OLD_TAKEN = "old_taken"
# What brings an item nearer to where it belongs; each state knows one such move at most.
_FORWARD = frozenset(
    {GoodsAction.STOCK, GoodsAction.LOAD, GoodsAction.DELIVER, GoodsAction.COLLECT}
)


class GoodsKind(StrEnum):
    GOODS = "goods"
    PART = "part"
    OLD = "old"


class LateReason(StrEnum):
    """Why an item is late: it is expected too late, or it is not in the warehouse so near the visit."""

    EXPECTED_LATE = "expected_late"
    NOT_IN_WAREHOUSE = "not_in_warehouse"


class LateAnswer(StrEnum):
    """What a member says to late goods: keep the window, find another, or come without them."""

    WAIT = "wait"
    RESCHEDULE = "reschedule"
    GO_AHEAD = "go_ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something a booking is to bring or take along."""

    kind: GoodsKind
    name: str
    quantity: int = 1
    order_number: str = ""
    sku: str = ""
    serial: str = ""
    expected_at: datetime | None = None


def expected(brings: Sequence[Mapping[str, Any]], choices: Mapping[str, int]) -> list[NewItem]:
    """Return what a booking of a service brings.

    `brings` is [{kind: goods|part, name, sku?, quantity?, option?}]; with `option` the item comes
    only when that option of the price card is chosen, as often as it is chosen.
    """
    items = []
    for line in brings:
        times = choices.get(line["option"], 0) if "option" in line else 1
        if times:
            items.append(
                NewItem(
                    kind=GoodsKind(line["kind"]),
                    name=line["name"],
                    sku=line.get("sku", ""),
                    quantity=line.get("quantity", 1) * times,
                )
            )
    return items


def is_old_taken(choices: Mapping[str, int]) -> bool:
    """Tell whether the old appliance is taken along."""
    return choices.get(OLD_TAKEN, 0) > 0


def machine_of(kind: GoodsKind) -> Machine[GoodsState, GoodsAction]:
    """Return the machine along which an item of that kind moves."""
    return OLD_MACHINE if kind is GoodsKind.OLD else GOODS_MACHINE


def first_state(kind: GoodsKind) -> GoodsState:
    """Return the state in which an item of that kind begins."""
    return next(iter(machine_of(kind).table))


def way(kind: GoodsKind, state: GoodsState, target: GoodsState) -> tuple[GoodsAction, ...]:
    """Return the moves from `state` to `target`: none when it is there already.

    Forward a way may have several moves, each of them recorded: a notice may have been lost, and
    what a technician scans has been in the warehouse whoever knew. Back it has one. Raises
    IllegalMove.
    """
    table = machine_of(kind).table
    moves: tuple[GoodsAction, ...] = ()
    at = state
    while at is not target:
        ahead = [action for action in table.get(at, {}) if action in _FORWARD]
        if not ahead:
            break
        moves, at = (*moves, ahead[0]), table[at][ahead[0]]
    if at is target:
        return moves
    for action, after in table.get(state, {}).items():
        if after is target:
            return (action,)
    raise IllegalMove(machine=machine_of(kind).name, state=state.value, action=target.value)


def is_old_news(kind: GoodsKind, state: GoodsState, target: GoodsState) -> bool:
    """Tell whether a notice that an item is at `target` lies behind `state` on the way to the member.

    Notices of other systems come late and out of order; an old one moves nothing back.
    """
    if target is GoodsState.RETURNED or target is state:
        return False
    try:
        moves = way(kind, target, state)
    except IllegalMove:
        return False
    return all(action in _FORWARD for action in moves)


def lateness(
    *,
    state: GoodsState,
    expected_at: datetime | None,
    added_at: datetime,
    starts_at: datetime,
    now: datetime,
) -> LateReason | None:
    """Return why an item will not be there for the window that starts at `starts_at`; None if it may.

    It is late when the warehouse expects it after the beginning of that day, or when it is still
    not there WAREHOUSE_NOTICE before the start (that instant included), FIND_GRACE given.
    """
    if state not in ABSENT_GOODS:
        return None
    if expected_at is not None and expected_at > midnight(local_date(starts_at)):
        return LateReason.EXPECTED_LATE
    if now >= max(starts_at - WAREHOUSE_NOTICE, added_at + FIND_GRACE):
        return LateReason.NOT_IN_WAREHOUSE
    return None
