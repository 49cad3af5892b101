"""A booking's one timeline, from its steps, its visit's steps and its messages. Pure.

What has happened comes by time; the last of it is where the booking stands now. What is still to
come follows, without times. Nothing is invented: a row that happened has a step in a table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from kernel.words import msg


class Kind(StrEnum):
    DONE = "done"
    NOW = "now"
    FUTURE = "future"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a booking or visit: its action, and when it was made."""

    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One message: its kind (M1, …), and whether it arrived; None while nobody knows."""

    kind: str
    arrived: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: `says` quotes `facts`; `told` is whether WeChat brought the news, None for no news."""

    action: str
    kind: Kind
    says: str
    picture: str
    facts: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    told: bool | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    """A thing that happens once on the way: its words after and before, and its message."""

    action: str
    picture: str
    happened: str
    ahead: str = ""
    message: str = ""


_STAGES = (
    _Stage("commit", "calendar-check", msg("预约成功"), message="M1"),
    _Stage("assign", "user-check", msg("师傅已安排：%(technician)s"), msg("安排师傅"), "M5"),
    _Stage("accept", "user-check", msg("%(technician)s已接单")),
    _Stage("depart", "truck", msg("师傅已出发"), msg("师傅出发，微信告诉您"), "M7"),
    _Stage("arrive", "map-pin-check", msg("师傅已到达"), msg("到达，报服务码开始"), "M12"),
    _Stage("start", "wrench", msg("服务码核对，已开始"), msg("报服务码，开始服务")),
    _Stage("finish", "circle-check", msg("服务完成"), msg("%(service)s，约 %(length)s")),
    _Stage("complete", "coin", msg("积分 +%(points)s 到账"), msg("积分 +%(points)s 到账"), "M17"),
    _Stage("expire", "clock-x", msg("时段已放开")),
)
_STAGE = {stage.action: stage for stage in _STAGES}
_ORDER = {stage.action: place for place, stage in enumerate(_STAGES)}
# Said of an assignment that a later one has replaced.
_REPLACED = {
    "assign": msg("师傅已安排"),
    "accept": msg("师傅已接单"),
}
_CHANGED = msg("换了师傅，由%(technician)s上门")


def build(
    *,
    booking_steps: Sequence[Step],
    visit_steps: Sequence[Step],
    messages: Sequence[Told],
    facts: Mapping[str, str],
) -> tuple[Row, ...]:
    """Return the rows, oldest first, then those ahead.

    `facts` are what the rows quote: technician, service, length, and points, "0" for none.
    """
    steps = [s for s in (*booking_steps, *visit_steps) if s.action in _STAGE]
    steps.sort(key=lambda step: (step.at, _ORDER[step.action]))
    if facts.get("points") == "0":
        steps = [step for step in steps if step.action != "complete"]
    # A visit is committed and a booking too: one row.
    steps = [s for n, s in enumerate(steps) if s.action not in _once(steps[:n])]

    rows = _happened(steps, messages, facts)
    ahead = _ahead({step.action for step in steps}, facts)
    if rows and rows[-1].kind is Kind.DONE and ahead:
        rows[-1] = replace(rows[-1], kind=Kind.NOW)
    return (*rows, *ahead)


def _once(earlier: Sequence[Step]) -> set[str]:
    """Return the actions that are not told a second time."""
    return {step.action for step in earlier} - {"assign", "accept"}


def _happened(
    steps: Sequence[Step], messages: Sequence[Told], facts: Mapping[str, str]
) -> list[Row]:
    # The last of each kind: an earlier assignment's message was about another technician.
    arrived = {message.kind: message.arrived for message in messages}
    last_assign = max((n for n, s in enumerate(steps) if s.action == "assign"), default=-1)
    rows = []
    for place, step in enumerate(steps):
        stage = _STAGE[step.action]
        is_replaced = place < last_assign and step.action in _REPLACED
        rows.append(
            Row(
                action=step.action,
                kind=Kind.FAILED if step.action == "expire" else Kind.DONE,
                says=_words(steps, place, is_replaced=is_replaced),
                picture=stage.picture,
                facts=facts,
                at=step.at,
                told=None if is_replaced else arrived.get(stage.message),
            )
        )
    return rows


def _words(steps: Sequence[Step], place: int, *, is_replaced: bool) -> str:
    action = steps[place].action
    if is_replaced:
        return _REPLACED[action]
    if action == "assign" and any(step.action == "assign" for step in steps[:place]):
        return _CHANGED
    return _STAGE[action].happened


def _ahead(done: set[str], facts: Mapping[str, str]) -> list[Row]:
    """Return what is still to come: nothing once the booking has ended."""
    if done & {"complete", "expire"} or "commit" not in done:
        return []
    reached = max(_ORDER[action] for action in done)
    # Arriving and showing the code are one row until he has arrived.
    skipped = {"start"} if "arrive" not in done else set()
    if facts.get("points") == "0":
        skipped.add("complete")
    return [
        Row(
            action=stage.action,
            kind=Kind.FUTURE,
            says=stage.ahead,
            picture=stage.picture,
            facts=facts,
        )
        for stage in _STAGES[reached + 1 :]
        if stage.ahead and stage.action not in skipped
    ]
