"""A booking's one timeline, from its steps, its visits' steps and its messages. Pure.

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
    """One move of a booking, a visit, an item or an addition, and when it was made.

    `part` names the visit of a coupled booking that comes first (送货), "" for the service itself;
    `facts` are what only this step's words quote.
    """

    action: str
    at: datetime
    cause: str = ""
    part: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


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
    part: str = ""
    at: datetime | None = None
    told: bool | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    """A thing that happens on the way: its words after and before, and its message."""

    action: str
    picture: str
    happened: str
    ahead: str = ""
    message: str = ""


# The straight way, in its order: what lies behind the last stage reached is still to come.
_WAY = (
    _Stage("commit", "calendar-check", msg("预约成功"), message="M1"),
    _Stage("assign", "user-check", msg("师傅已安排：%(technician)s"), msg("安排师傅"), "M5"),
    _Stage("accept", "user-check", msg("%(technician)s已接单")),
    _Stage("depart", "truck", msg("师傅已出发"), msg("师傅出发，微信告诉您"), "M7"),
    _Stage("arrive", "map-pin-check", msg("师傅已到达"), msg("到达，报服务码开始"), "M12"),
    _Stage("start", "wrench", msg("服务码核对，已开始"), msg("报服务码，开始服务")),
    _Stage(
        "finish", "circle-check", msg("服务完成"), msg("%(service)s，约 %(length)s"), message="M16"
    ),
    _Stage("sign", "signature", msg("您已验收签字"), msg("您验收签字")),
    _Stage("complete", "coin", msg("积分 +%(points)s 到账"), msg("积分 +%(points)s 到账"), "M17"),
)
# What may come between: it moves nobody along the way.
_BESIDE = (
    _Stage("ask_deposit", "wallet", msg("时段已锁定，等您付押金")),
    _Stage("revive", "calendar-check", msg("押金已付，预约成功"), message="M1"),
    _Stage("ask", "bell", msg("问您到时是否在家"), message="M2"),
    _Stage("confirm", "home", msg("您已确认在家")),
    _Stage("reschedule", "calendar-move", msg("已改到 %(window)s"), message="M8"),
    _Stage("pause", "clock-pause", msg("师傅暂停施工")),
    _Stage("resume", "wrench", msg("师傅继续施工")),
    _Stage("return", "repeat", msg("需要再次上门"), message="M15"),
    _Stage("restore", "shield-check", msg("调度核实后撤销了记录，重新安排上门"), message="M15"),
    _Stage("fail", "door-off", msg("这次没能上门服务"), message="M13"),
    _Stage("cancel", "circle-x", msg("预约已取消"), message="M9"),
    _Stage("expire", "clock-x", msg("时段已放开")),
    _Stage("close", "archive", msg("预约已完结"), message="M18"),
    _Stage("dispute", "scale", msg("您申请了复议")),
    _Stage("resolve", "scale", msg("复议有了结果"), message="M19"),
    _Stage("stock", "package", msg("「%(item)s」已到仓"), message="M3"),
    _Stage("load", "truck", msg("「%(item)s」已装上师傅的车"), message="M3"),
    _Stage("deliver", "package", msg("「%(item)s」已送达"), message="M3"),
    _Stage("collect", "recycle", msg("旧电器已取走")),
    _Stage("goods_late", "alert-triangle", msg("「%(item)s」可能赶不上这次上门"), message="M3"),
    _Stage(
        "addition_asked", "receipt", msg("师傅申请增项：%(item)s，增加 %(price)s"), message="M14"
    ),
    _Stage("addition_approved", "receipt", msg("您同意了增项：%(item)s，增加 %(price)s")),
    _Stage("addition_refused", "receipt", msg("您没有同意增项：%(item)s")),
    _Stage("compensate", "gift", msg("已赔您 %(price)s"), message="M11"),
)
_STAGE = {stage.action: stage for stage in (*_WAY, *_BESIDE)}
_ORDER = {stage.action: place for place, stage in enumerate((*_WAY, *_BESIDE))}
_PLACE = {stage.action: place for place, stage in enumerate(_WAY)}
# Of a visit only these are told; the rest the booking's own steps tell.
_OF_VISITS = frozenset(_PLACE) - {"complete"} | {"pause", "resume"}
# Why, where that is worth a sentence of its own.
_BY_CAUSE = {
    ("cancel", "member"): msg("您取消了预约"),
    ("cancel", "agent"): msg("客服按您的意思取消了预约"),
    ("cancel", "unanswered"): msg("没有等到您确认在家，预约已放开"),
    ("cancel", "provider"): msg("我们派不出师傅，预约已取消"),
    ("cancel", "goods_late"): msg("商品来不及，预约已取消"),
    ("fail", "nobody_home"): msg("师傅到了，没能见到您"),
    ("fail", "refused"): msg("师傅到了，没能进门服务"),
    ("return", "missed"): msg("我们没能按约上门，优先重新安排"),
    ("return", "wrong_address"): msg("师傅没有找到您的门牌"),
    ("return", "no_access"): msg("师傅进不了门，需要再次上门"),
    ("return", "missing_part"): msg("缺少配件，需要再次上门"),
    ("return", "not_installable"): msg("现场暂时装不了，需要再次上门"),
    ("return", "unfinished"): msg("这次没能做完，需要再次上门"),
}
_MESSAGE_BY_CAUSE = {("cancel", "provider"): "M10"}
# Said of an assignment that a later one has replaced.
_REPLACED = {
    "assign": msg("师傅已安排"),
    "accept": msg("师傅已接单"),
}
_CHANGED = msg("换了师傅，由%(technician)s上门")
_CHOOSE = msg("选再次上门的时间")
_FAILED = frozenset({"expire", "cancel", "fail", "return"})
# From here on the way begins anew.
_ANEW = frozenset({"commit", "revive", "reschedule", "return", "restore"})
_AT_THE_END = frozenset({"complete", "expire", "cancel", "fail", "close", "dispute", "resolve"})


def build(
    *,
    booking_steps: Sequence[Step],
    visit_steps: Sequence[Step],
    messages: Sequence[Told],
    facts: Mapping[str, str],
) -> tuple[Row, ...]:
    """Return the rows, oldest first, then those ahead.

    `booking_steps` are those of the booking, its goods and its additions; `visit_steps` those of all
    its visits. `facts` are what the rows quote: technician, service, length, and points, "0" for
    none.
    """
    told = [s for s in visit_steps if s.action in _OF_VISITS]
    steps = [s for s in (*booking_steps, *told) if s.action in _STAGE]
    steps.sort(key=lambda step: (step.at, _ORDER[step.action]))
    if facts.get("points") == "0":
        steps = [step for step in steps if step.action != "complete"]
    # A visit is committed and a booking too: one row.
    seen_commit = next((s for s in steps if s.action == "commit"), None)
    steps = [s for s in steps if s.action != "commit" or s is seen_commit]

    rows = _happened(steps, messages, facts)
    ahead = _ahead(steps, facts, is_over=_is_over(booking_steps))
    if rows and rows[-1].kind is Kind.DONE and ahead:
        rows[-1] = replace(rows[-1], kind=Kind.NOW)
    return (*rows, *ahead)


def _happened(
    steps: Sequence[Step], messages: Sequence[Told], facts: Mapping[str, str]
) -> list[Row]:
    # The last of each kind: an earlier assignment's message was about another technician.
    arrived = {message.kind: message.arrived for message in messages}
    last = {(_message(step), step.part): place for place, step in enumerate(steps)}
    last_assign = {s.part: n for n, s in enumerate(steps) if s.action == "assign"}
    rows = []
    for place, step in enumerate(steps):
        is_replaced = place < last_assign.get(step.part, -1) and step.action in _REPLACED
        is_news = last[_message(step), step.part] == place and not is_replaced
        rows.append(
            Row(
                action=step.action,
                kind=Kind.FAILED if step.action in _FAILED else Kind.DONE,
                says=_words(steps, place, is_replaced=is_replaced),
                picture=_STAGE[step.action].picture,
                facts={**facts, **step.facts},
                part=step.part,
                at=step.at,
                told=arrived.get(_message(step)) if is_news else None,
            )
        )
    return rows


def _message(step: Step) -> str:
    """Return the kind of message that tells the step, "" for none."""
    return _MESSAGE_BY_CAUSE.get((step.action, step.cause), _STAGE[step.action].message)


def _words(steps: Sequence[Step], place: int, *, is_replaced: bool) -> str:
    step = steps[place]
    if is_replaced:
        return _REPLACED[step.action]
    before = [s.action for s in steps[:place] if s.part == step.part]
    began = max((n for n, action in enumerate(before) if action in _ANEW), default=-1)
    if step.action == "assign" and "assign" in before[began + 1 :]:
        return _CHANGED
    return _BY_CAUSE.get((step.action, step.cause), _STAGE[step.action].happened)


def _is_over(steps: Sequence[Step]) -> bool:
    """Tell whether the booking has come to an end, whatever may be said of it afterwards."""
    is_over = False
    for step in sorted(steps, key=lambda step: step.at):
        if step.action in _ANEW | _AT_THE_END:
            is_over = step.action in _AT_THE_END
    return is_over


def _ahead(steps: Sequence[Step], facts: Mapping[str, str], *, is_over: bool) -> list[Row]:
    """Return what is still to come: nothing once the booking has ended."""
    own = [step.action for step in steps if not step.part]
    begun = [place for place, action in enumerate(own) if action in _ANEW]
    if is_over or not begun:
        return []
    done = set(own[begun[-1] :])
    reached = max((_PLACE[action] for action in done & set(_PLACE)), default=0)
    # Arriving and showing the code are one row until he has arrived.
    skipped = {"start"} if "arrive" not in done else set()
    if facts.get("points") == "0":
        skipped.add("complete")
    rows = [
        _future(stage.action, stage.ahead, stage.picture, facts)
        for stage in _WAY[reached + 1 :]
        if stage.ahead and stage.action not in skipped
    ]
    if own[begun[-1]] in ("return", "restore"):
        rows.insert(0, _future("choose", _CHOOSE, "calendar-plus", facts))
    return rows


def _future(action: str, says: str, picture: str, facts: Mapping[str, str]) -> Row:
    return Row(action=action, kind=Kind.FUTURE, says=says, picture=picture, facts=facts)
