"""What happened to a booking and its visit, in the words of the timeline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dispatch.states import VisitState
from faces.chrome.filters import clock_text, day_text, gettext
from kernel.words import msg
from notifications.messages import SPECS


class Step(Protocol):
    """One recorded move of a booking or a visit."""

    action: str
    actor_role: str
    at: datetime


class Said(Protocol):
    """One message of the log."""

    kind: str
    state: str
    error: str
    outcome: str
    made_at: datetime
    sent_at: datetime | None
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A message as a table shows it."""

    title: str
    to: str
    state: str
    tone: str
    at: datetime
    note: str
    fields: tuple[tuple[str, str], ...]


BOOKING_WORDS = {
    "create": msg("锁定时段"),
    "commit": msg("预约成功"),
    "expire": msg("放开时段"),
}
VISIT_WORDS = {
    "assign": msg("派单"),
    "accept": msg("接单"),
    "depart": msg("出发"),
    "arrive": msg("到达"),
    "start": msg("开工"),
    "finish": msg("完工"),
}
ROLE_WORDS = {
    "member": msg("业主"),
    "technician": msg("师傅"),
    "dispatcher": msg("调度员"),
    "manager": msg("经理"),
    "administrator": msg("管理员"),
    "system": msg("系统"),
}
# What is still to come after each state.
_AHEAD = {
    VisitState.PLANNED: ("assign", "accept", "depart", "arrive", "start", "finish"),
    VisitState.ASSIGNED: ("accept", "depart", "arrive", "start", "finish"),
    VisitState.ACCEPTED: ("depart", "arrive", "start", "finish"),
    VisitState.EN_ROUTE: ("arrive", "start", "finish"),
    VisitState.ARRIVED: ("start", "finish"),
    VisitState.IN_SERVICE: ("finish",),
}
MESSAGE_STATES = {
    "pending": (msg("待发送"), "info"),
    "sent": (msg("已发送"), "ok"),
    "suppressed": (msg("对方收不到"), "warn"),
    "unknown": (msg("可能已送达"), "warn"),
    "dead": (msg("发送失败"), "danger"),
}
TO_TECHNICIAN = {"M4"}


def timeline(
    booking_steps: Iterable[Step], visit_steps: Iterable[Step], state: VisitState
) -> list[dict[str, Any]]:
    """Return the rows of the timeline: what was, what is awaited, what comes after."""
    moves = [
        (step.at, BOOKING_WORDS[step.action], step) for step in _known(booking_steps, BOOKING_WORDS)
    ]
    moves += [
        (step.at, VISIT_WORDS[step.action], step) for step in _known(visit_steps, VISIT_WORDS)
    ]
    rows = [
        {
            "what": gettext(word),
            "time": clock_text(at),
            "note": f"{day_text(at)} · {gettext(ROLE_WORDS.get(step.actor_role, step.actor_role))}",
            "kind": "failed" if step.action == "expire" else "done",
        }
        for at, word, step in sorted(moves, key=lambda move: move[0])
    ]
    for place, action in enumerate(_AHEAD.get(state, ())):
        rows.append(
            {"what": gettext(VISIT_WORDS[action]), "kind": "now" if place == 0 else "future"}
        )
    return rows


def _known(steps: Iterable[Step], words: dict[str, str]) -> list[Step]:
    return [step for step in steps if step.action in words]


def line_of(message: Said) -> Line:
    """Return the message in words."""
    spec = SPECS.get(message.kind)
    word, tone = MESSAGE_STATES.get(message.state, (message.state, "gray"))
    if message.outcome.startswith("fail"):
        word, tone = msg("对方没收到"), "danger"
    labels = dict(spec.fields) if spec else {}
    return Line(
        title=gettext(spec.title) if spec else message.kind,
        to=gettext("师傅") if message.kind in TO_TECHNICIAN else gettext("业主"),
        state=gettext(word),
        tone=tone,
        at=message.sent_at or message.made_at,
        note=message.error or (message.outcome if tone == "danger" else ""),
        fields=tuple((labels.get(key, key), value) for key, value in message.fields.items()),
    )
