"""What each message says: its template, its fields and its words. Pure.

A spec's keys carry WeChat's field types; `gateways.wechat.fields` holds every value against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateways.wechat.fields import THING_MAX, FieldType, FieldUnfit, fit, type_of
from gateways.wechat.words import shorten
from kernel.clock import SHANGHAI
from kernel.words import msg

# Said in the stead of a value that no shortening makes fit, such as a name of emoji: the news must
# arrive all the same.
_NEUTRAL = {
    FieldType.THING: "请点开查看",
    FieldType.NAME: "师傅",
    FieldType.CHARACTER_STRING: "-",
}
# Of a 小区 at least this much is left beside its door.
_COMPOUND_MIN = 6


@dataclass(frozen=True, slots=True)
class Spec:
    """One kind of message: its title, and (key, label) of its fields in order."""

    kind: str
    title: str
    fields: tuple[tuple[str, str], ...]

    @property
    def content(self) -> str:
        """The template's text as WeChat's console shows it."""
        return "\n".join(f"{label}：{{{{{key}.DATA}}}}" for key, label in self.fields)


M1 = Spec(
    "M1",
    msg("预约成功通知"),
    (
        ("thing1", "服务项目"),
        ("time2", "上门时间"),
        ("thing3", "上门地址"),
        ("phrase4", "当前状态"),
        ("thing5", "温馨提示"),
    ),
)
M4 = Spec(
    "M4",
    msg("新任务提醒"),
    (
        ("thing1", "服务项目"),
        ("time2", "上门时间"),
        ("thing3", "上门地址"),
        ("phrase4", "当前状态"),
    ),
)
M5 = Spec(
    "M5",
    msg("师傅已安排通知"),
    (
        ("thing1", "服务项目"),
        ("time2", "上门时间"),
        ("name3", "上门师傅"),
        ("character_string4", "师傅工号"),
        ("thing5", "温馨提示"),
    ),
)
M7 = Spec(
    "M7",
    msg("师傅出发通知"),
    (
        ("name1", "上门师傅"),
        ("time2", "预计到达"),
        ("thing3", "上门地址"),
        ("thing4", "温馨提示"),
    ),
)
M12 = Spec(
    "M12",
    msg("师傅到达通知"),
    (
        ("name1", "上门师傅"),
        ("time2", "到达时间"),
        ("thing3", "上门地址"),
        ("thing4", "温馨提示"),
    ),
)
M17 = Spec(
    "M17",
    msg("服务完成通知"),
    (
        ("thing1", "服务项目"),
        ("time2", "完成时间"),
        ("number3", "获得积分"),
        ("number4", "积分余额"),
        ("thing5", "温馨提示"),
    ),
)


def _notice(kind: str, title: str, *, time: str, about: str) -> Spec:
    """Return the spec of a message of the common form: service, a time, what it is about, what next."""
    return Spec(
        kind,
        title,
        (("thing1", "服务项目"), ("time2", time), ("thing3", about), ("thing4", "温馨提示")),
    )


_NOTICES = (
    _notice("M2", msg("请确认在家通知"), time="上门时间", about="上门地址"),
    _notice("M3", msg("商品状态通知"), time="上门时间", about="商品状态"),
    _notice("M6", msg("更换师傅通知"), time="上门时间", about="新的师傅"),
    _notice("M8", msg("改约成功通知"), time="新的时间", about="上门地址"),
    _notice("M9", msg("预约取消通知"), time="原定时间", about="取消原因"),
    _notice("M10", msg("无法上门通知"), time="原定时间", about="原因"),
    _notice("M11", msg("上门延误通知"), time="预计到达", about="约定时段"),
    _notice("M13", msg("没能见到您通知"), time="到达时间", about="上门地址"),
    _notice("M14", msg("增项确认通知"), time="申请时间", about="增项内容"),
    _notice("M15", msg("二次上门通知"), time="本次时间", about="原因"),
    _notice("M16", msg("请验收通知"), time="完工时间", about="上门地址"),
    _notice("M18", msg("服务评价邀请"), time="完成时间", about="状态"),
    _notice("M19", msg("复议结果通知"), time="处理时间", about="结果"),
    _notice("D1", msg("师傅在门口通知"), time="到达时间", about="上门地址"),
    _notice("W1", msg("候补时段通知"), time="候补时间", about="上门地址"),
    _notice("C1", msg("超时赔付通知"), time="约定时间", about="赔付金额"),
    _notice("P1", msg("退款通知"), time="退款时间", about="退款金额"),
    _notice("A1", msg("预约暂停通知"), time="恢复时间", about="原因"),
    _notice("A2", msg("会员账户变动通知"), time="时间", about="变动"),
)
# Of these every account message is about no service in particular.
ACCOUNT = "门铃到家"
# What one of us writes in the chat: a customer message, which has no template.
CHAT = "CHAT"

# A subscription notice alone: an account has 25 templates, and these are all in use.
ANSWERED = Spec(CHAT, msg("客服回复通知"), (("thing1", "回复内容"), ("thing2", "温馨提示")))

SPECS: Mapping[str, Spec] = {spec.kind: spec for spec in (M1, M4, M5, M7, M12, M17, *_NOTICES)}

# What a subscription notice may be of.
NOTICES: Mapping[str, Spec] = {**SPECS, CHAT: ANSWERED}


def booked(*, service: str, starts_at: datetime, ends_at: datetime, place: str) -> dict[str, str]:
    """M1: the promise is made."""
    return _fitted(
        thing1=service,
        time2=window(starts_at, ends_at),
        thing3=place,
        phrase4="已预约",
        thing5="请留成年人在家，可点开查看详情",
    )


def offered(*, service: str, starts_at: datetime, ends_at: datetime, place: str) -> dict[str, str]:
    """M4: a technician has a new visit."""
    return _fitted(thing1=service, time2=window(starts_at, ends_at), thing3=place, phrase4="待接单")


def assigned(
    *, service: str, starts_at: datetime, ends_at: datetime, technician: str, work_number: str
) -> dict[str, str]:
    """M5: the member's technician is known."""
    return _fitted(
        thing1=service,
        time2=window(starts_at, ends_at),
        name3=technician,
        character_string4=work_number,
        thing5="师傅出发时会再告诉您",
    )


def departed(*, technician: str, eta: datetime, place: str) -> dict[str, str]:
    """M7: the technician is on his way."""
    return _fitted(
        name1=technician, time2=moment(eta), thing3=place, thing4="开工前请向师傅出示服务码"
    )


def arrived(*, technician: str, at: datetime, place: str) -> dict[str, str]:
    """M12: the technician is at the door."""
    return _fitted(
        name1=technician, time2=moment(at), thing3=place, thing4="请开门并出示 4 位服务码"
    )


def completed(*, service: str, at: datetime, points: int, balance: int) -> dict[str, str]:
    """M17: the work is done, the points, if it earned any, are in the ledger."""
    return _fitted(
        thing1=service,
        time2=moment(at),
        number3=str(points),
        number4=str(balance),
        thing5="积分已到账，感谢您的信任" if points else "感谢您的信任",
    )


def answered(text: str) -> dict[str, str]:
    """CHAT as a subscription notice, where the chat itself is shut: what one of us wrote, or a picture."""
    return _fitted(thing1=text or "发来一张图片", thing2="回复任意一句，接着和客服聊")


def notice(*, service: str, time: str, about: str, tip: str) -> dict[str, str]:
    """Any message of the common form; `time` comes from `window` or `moment`."""
    return _fitted(thing1=service, time2=time, thing3=about, thing4=tip)


def window(starts_at: datetime, ends_at: datetime) -> str:
    """Return a window as WeChat's `time` takes it: 2026年11月26日 10:00~12:00."""
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    return f"{start.year}年{start.month}月{start.day}日 {start:%H:%M}~{end:%H:%M}"


def moment(at: datetime) -> str:
    """Return an instant as WeChat's `time` takes it: 2026年11月26日 10:05."""
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def clock(at: datetime) -> str:
    """Return the time of day, as a `thing` says it: 10:05."""
    return f"{at.astimezone(SHANGHAI):%H:%M}"


def clock_window(starts_at: datetime, ends_at: datetime) -> str:
    """Return a window without its day: 10:00-12:00."""
    return f"{clock(starts_at)}-{clock(ends_at)}"


def place(*, compound: str, door: str) -> str:
    """Return a 小区 and the door in it, short enough for a `thing`.

    The door stays whole where it leaves room: it is what the reader cannot guess.
    """
    room = THING_MAX - len(door)
    if len(compound) > room >= _COMPOUND_MIN:
        return shorten(compound, limit=room) + door
    return compound + door


def _fitted(**fields: str) -> dict[str, str]:
    return {key: _fit(key, value) for key, value in fields.items()}


def _fit(key: str, value: str) -> str:
    try:
        return fit(key, value)
    except FieldUnfit:
        neutral = _NEUTRAL.get(type_of(key))
        if neutral is None:
            raise
        return neutral
