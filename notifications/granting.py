"""A person's grants of a subscription notice, reckoned from what happened to them. Pure.

Each grant is worth one send and keeps without limit; WeChat tells of each, and of each send.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Deed(StrEnum):
    """What may happen to grants; `lost` is what WeChat says when there is none (43101)."""

    GRANTED = "granted"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    USED = "used"
    LOST = "lost"


# By WeChat's event and its word. Who refuses once keeps what he granted before; who turns notices on
# again in WeChat's settings grants nothing by that.
_DEEDS = {
    ("popup", "accept"): Deed.GRANTED,
    ("popup", "reject"): Deed.REFUSED,
    ("change", "reject"): Deed.TAKEN_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What happened to somebody's grants of a notice; told again it has the same `key`."""

    key: str
    openid: str
    template_id: str
    what: Deed
    at: datetime


def deed_of(event: str, status: str) -> Deed | None:
    """Return what WeChat's event says happened; None for nothing.

    A send uses a grant up whatever became of it.
    """
    return Deed.USED if event == "sent" else _DEEDS.get((event, status))


def left(deeds: Iterable[Deed]) -> int:
    """Return how many grants are left after these deeds, in the order in which they happened."""
    count = 0
    for deed in deeds:
        if deed is Deed.GRANTED:
            count += 1
        elif deed is Deed.USED:
            count = max(0, count - 1)
        elif deed is not Deed.REFUSED:
            count = 0
    return count
