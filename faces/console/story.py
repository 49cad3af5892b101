"""What happened to a booking and its visit, in the words of the timeline."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dispatch.states import VisitState
from faces.chrome.filters import clock_text, day_text, dense_text, gettext
from faces.console.life_words import cause_text
from faces.console.wechat_words import reason
from kernel.words import msg
from notifications.messages import CHAT, SPECS


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
    channel: str
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
    channel: str
    fields: tuple[tuple[str, str], ...]


BOOKING_WORDS = {
    "create": msg("锁定时段"),
    "ask_deposit": msg("等付押金"),
    "commit": msg("预约成功"),
    "revive": msg("晚付成功，恢复预约"),
    "expire": msg("放开时段"),
    "confirm": msg("确认在家"),
    "reschedule": msg("改约"),
    "return": msg("需要再上门"),
    "cancel": msg("预约取消"),
    "fail": msg("没能服务，预约结束"),
    "complete": msg("预约完成"),
    "close": msg("预约关闭"),
    "dispute": msg("提出复议"),
    "resolve": msg("复议有结果"),
    "restore": msg("恢复预约"),
}
VISIT_WORDS = {
    "assign": msg("派单"),
    "accept": msg("接单"),
    "decline": msg("师傅不接"),
    "unassign": msg("收回派单"),
    "depart": msg("出发"),
    "arrive": msg("到达"),
    "start": msg("开工"),
    "pause": msg("暂停"),
    "resume": msg("继续"),
    "finish": msg("完工"),
    "sign": msg("业主签收"),
    "nobody": msg("报跑单"),
    "veto": msg("调度叫停跑单"),
    "refuse": msg("业主拒收"),
    "shut_out": msg("无法进门"),
    "break_off": msg("没做完，离开"),
    "miss": msg("师傅未到"),
}
GOODS_WORDS = {
    "stock": msg("到仓"),
    "load": msg("装车"),
    "deliver": msg("送达"),
    "unload": msg("卸车"),
    "lose": msg("核对后不在仓"),
    "send_back": msg("退回"),
    "replace": msg("换货重发"),
    "collect": msg("旧电器取走"),
}
_FAILED = {
    "expire",
    "cancel",
    "fail",
    "nobody",
    "refuse",
    "shut_out",
    "break_off",
    "miss",
    "decline",
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
    VisitState.READY: ("assign", "accept", "depart", "arrive", "start", "finish"),
    VisitState.PLANNED: ("assign", "accept", "depart", "arrive", "start", "finish"),
    VisitState.ASSIGNED: ("accept", "depart", "arrive", "start", "finish"),
    VisitState.ACCEPTED: ("depart", "arrive", "start", "finish"),
    VisitState.EN_ROUTE: ("arrive", "start", "finish"),
    VisitState.ARRIVED: ("start", "finish"),
    VisitState.IN_SERVICE: ("finish", "sign"),
    VisitState.PAUSED: ("resume", "finish", "sign"),
    VisitState.WORK_DONE: ("sign",),
}
MESSAGE_STATES = {
    "pending": (msg("待发送"), "info"),
    "sent": (msg("已发送"), "ok"),
    "suppressed": (msg("对方收不到"), "warn"),
    "unknown": (msg("可能已送达"), "warn"),
    "dead": (msg("发送失败"), "danger"),
    "call": (msg("待打电话"), "danger"),
}
CHANNELS = {
    "template": msg("模板消息"),
    "subscription": msg("订阅通知"),
    "customer": msg("客服消息"),
    "sms": msg("短信"),
    "call": msg("电话"),
}
MESSAGE_STEPS = {
    "sent": msg("已发送"),
    "tried": msg("没有成功，稍后再试"),
    "passed": msg("送不到，换一种方式"),
    "skipped": msg("跳过"),
    "held": msg("暂缓"),
    "suppressed": msg("不再发送"),
    "unknown": msg("可能已送达"),
    "dead": msg("发送失败"),
    "settled": msg("已发送"),
    "resent": msg("人工重发"),
    "called": msg("已电话告知"),
}
# The field that says where somebody lives, and what of it only those may read who go there.
PLACE = "上门地址"
_NUMBERED = re.compile(r"[0-9A-Za-z]")
TO_TECHNICIAN = {"M4"}
OTHER_KINDS = {CHAT: msg("客服回复")}


def timeline(
    booking_steps: Iterable[Step],
    visit_steps: Iterable[Step],
    state: VisitState,
    *,
    goods: Iterable[tuple[Any, Any]] = (),
) -> list[dict[str, Any]]:
    """Return the rows of the timeline: what was, what is awaited, what comes after.

    `goods` are pairs of an item and one of its steps.
    """
    moves = [
        (step.at, BOOKING_WORDS[step.action], step) for step in _known(booking_steps, BOOKING_WORDS)
    ]
    moves += [
        (step.at, VISIT_WORDS[step.action], step) for step in _known(visit_steps, VISIT_WORDS)
    ]
    rows = [(at, _row(step, gettext(word))) for at, word, step in moves]
    rows += [
        (step.at, _row(step, f"{gettext(GOODS_WORDS[step.action])} · {item.name}"))
        for item, step in goods
        if step.action in GOODS_WORDS
    ]
    shown = [row for _, row in sorted(rows, key=lambda pair: pair[0])]
    for place, action in enumerate(_AHEAD.get(state, ())):
        shown.append(
            {"what": gettext(VISIT_WORDS[action]), "kind": "now" if place == 0 else "future"}
        )
    return shown


def _row(step: Any, what: str) -> dict[str, Any]:
    role = gettext(ROLE_WORDS.get(step.actor_role, step.actor_role))
    cause = cause_text(getattr(step, "cause", ""))
    return {
        "what": what,
        "time": clock_text(step.at),
        "note": " · ".join(part for part in (day_text(step.at), role, cause) if part),
        "kind": "failed" if step.action in _FAILED else "done",
    }


def _known(steps: Iterable[Step], words: dict[str, str]) -> list[Step]:
    return [step for step in steps if step.action in words]


def line_of(message: Said, *, is_masked: bool = False) -> Line:
    """Return the message in words; masked, no number of a house, a door or a telephone is in them."""
    spec = SPECS.get(message.kind)
    word, tone = MESSAGE_STATES.get(message.state, (message.state, "gray"))
    if message.outcome.startswith("fail"):
        word, tone = msg("对方没收到"), "danger"
    labels = dict(spec.fields) if spec else {}
    return Line(
        title=gettext(spec.title) if spec else gettext(OTHER_KINDS.get(message.kind, message.kind)),
        to=gettext("师傅") if message.kind in TO_TECHNICIAN else gettext("业主"),
        state=gettext(word),
        tone=tone,
        at=message.sent_at or message.made_at,
        note=reason(message.error or (message.outcome if tone == "danger" else "")),
        channel=gettext(CHANNELS.get(message.channel, message.channel)),
        fields=tuple(
            _field(labels, key, value, is_masked=is_masked) for key, value in message.fields.items()
        ),
    )


def _field(labels: dict[str, str], key: str, value: str, *, is_masked: bool) -> tuple[str, str]:
    if key == "picture":
        # It is named by what it holds, which tells nobody anything.
        return key, gettext("一张图片")
    label = labels.get(key, key)
    return label, _NUMBERED.sub("*", value) if is_masked and label == PLACE else value


def life_of(steps: Iterable[Any]) -> list[str]:
    """Return a message's life in words, a step a line."""
    return [
        " · ".join(
            part
            for part in (
                dense_text(step.at),
                gettext(CHANNELS.get(step.channel, step.channel)),
                gettext(MESSAGE_STEPS.get(step.what, step.what)),
                reason(step.words),
                "" if step.actor_role == "system" else gettext(ROLE_WORDS[step.actor_role]),
            )
            if part
        )
        for step in steps
    ]
