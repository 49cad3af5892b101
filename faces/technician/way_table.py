"""The ways a visit may go besides the straight one: when each is open, and what it means for whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from booking.operations import visits as booking_visits
from dispatch.operations import trouble, visits
from dispatch.states import Proof, Trouble, VisitState
from kernel.actor import Actor
from kernel.db import Session
from kernel.words import msg
from members.rules import Rules, StrikeKind

_S = VisitState
_AT_WORK = frozenset({_S.ARRIVED, _S.IN_SERVICE, _S.PAUSED})


class WayOperation(Protocol):
    """What going a way does."""

    def __call__(
        self, db: Session, *, number: str, reason: str, by: Actor, now: datetime
    ) -> object:
        """Do it. Raises VisitMissing and what else may stand against it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the way means for `who`; `says` quotes the way's facts."""

    icon: str
    who: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way. `title` asks, `verb` answers; `reasons` are to choose from, none where none is asked.

    `slides`: it is confirmed by sliding, or by a tap and a second one.
    """

    name: str
    icon: str
    label: str
    title: str
    verb: str
    effects: tuple[Effect, ...]
    states: frozenset[VisitState]
    operation: WayOperation
    reasons: tuple[str, ...] = ()
    is_trouble: bool = True
    slides: bool = False

    def facts(self, rules: Rules) -> Mapping[str, object]:
        """Return what the effects quote."""
        kind = StrikeKind.REFUSED if self.name == "refused" else StrikeKind.NO_SHOW
        return {"fee": rules.errand_fee, "points": rules.strike_points[kind]}


def _plain(act: Callable[..., object]) -> WayOperation:
    def operation(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> object:
        del reason
        return act(db, number=number, by=by, now=now)

    return operation


def _with_cause(act: Callable[..., object], cause: Trouble) -> WayOperation:
    def operation(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> object:
        del reason
        return act(db, number=number, cause=cause, by=by, now=now)

    return operation


def _asks_release(db: Session, *, number: str, reason: str, by: Actor, now: datetime) -> object:
    return trouble.add_proof(
        db, number=number, kind=Proof.RELEASE_ASKED, facts={"reason": reason}, by=by, now=now
    )


_PAID = Effect(icon="coin", who=msg("您"), says=msg("空跑费 %(fee)s 马上入账，不影响评分"))
_NEXT = Effect(icon="route", who=msg("后面的路线"), says=msg("从现在起重新排时间"))
_AGAIN = Effect(
    icon="calendar-plus", who=msg("业主"), says=msg("优先约第二次上门，改约不收费，不记违约")
)
_BACK = Effect(icon="package", who=msg("车上的货"), says=msg("自动记为带回仓库"))
_BLAMELESS = Effect(icon="user", who=msg("业主"), says=msg("请他更正地址再约，不记违约"))
_STRIKE = Effect(
    icon="user",
    who=msg("业主"),
    says=msg("拟扣 %(points)s 积分、记 1 次违约，24 小时内可以复议"),
)
_DESK_SEES = Effect(icon="headset", who=msg("调度"), says=msg("马上看到，会联系业主"))
_DESK_VETOES = Effect(
    icon="headset", who=msg("调度"), says=msg("可以不认可：改为无法进门，不记违约")
)

_ALL = (
    Way(
        name="decline",
        icon="x",
        label=msg("拒单"),
        title=msg("拒绝这一户？"),
        verb=msg("确认拒单"),
        effects=(
            Effect(icon="ban", who=msg("您"), says=msg("这一户以后不会再派给您")),
            Effect(icon="users", who=msg("业主"), says=msg("马上换别的师傅，时间不变")),
            Effect(
                icon="headset", who=msg("调度"), says=msg("看得到您的原因；没人能接时由他们处理")
            ),
        ),
        reasons=(
            msg("时间来不及"),
            msg("缺工具或配件"),
            msg("做不了这项服务"),
            msg("身体不舒服"),
            msg("其他原因"),
        ),
        states=frozenset({_S.ASSIGNED, _S.ACCEPTED}),
        operation=visits.decline,
        is_trouble=False,
    ),
    Way(
        name="release",
        icon="lock-open",
        label=msg("业主没有服务码"),
        title=msg("请调度放行？"),
        verb=msg("请调度放行"),
        effects=(
            Effect(
                icon="headset",
                who=msg("调度"),
                says=msg("马上看到，核实后放行，您这里自动变成服务中"),
            ),
            Effect(icon="message", who=msg("业主"), says=msg("放行后会收到消息，知道没有用服务码")),
        ),
        reasons=(
            msg("业主没带手机"),
            msg("页面打不开"),
            msg("家人代为开门"),
            msg("码不对，业主确认是本人"),
        ),
        states=frozenset({_S.ARRIVED}),
        operation=_asks_release,
    ),
    Way(
        name="pause",
        icon="pause",
        label=msg("暂停"),
        title=msg("暂停服务？"),
        verb=msg("暂停"),
        effects=(
            Effect(icon="clock-pause", who=msg("您"), says=msg("用时停住，后面的路线往后推")),
            Effect(icon="user", who=msg("业主"), says=msg("看得到已暂停")),
        ),
        reasons=(msg("停水停电"), msg("取工具或配件"), msg("等业主或物业"), msg("休息一下")),
        states=frozenset({_S.IN_SERVICE}),
        operation=visits.pause,
        is_trouble=False,
    ),
    Way(
        name="nobody_home",
        icon="door-off",
        label=msg("没人应门"),
        title=msg("记为「跑单」，去下一户？"),
        verb=msg("记为跑单"),
        effects=(_PAID, _STRIKE, _DESK_VETOES, _BACK, _NEXT),
        states=frozenset({_S.ARRIVED}),
        operation=_plain(booking_visits.nobody_home),
        is_trouble=False,
        slides=True,
    ),
    Way(
        name="wrong_address",
        icon="map-pin",
        label=msg("地址不对"),
        title=msg("地址不对，离开？"),
        verb=msg("记为地址不对"),
        effects=(_PAID, _BLAMELESS, _DESK_SEES, _BACK, _NEXT),
        states=frozenset({_S.ARRIVED}),
        operation=_with_cause(booking_visits.shut_out, Trouble.WRONG_ADDRESS),
    ),
    Way(
        name="no_access",
        icon="door-lock",
        label=msg("进不去"),
        title=msg("进不去，离开？"),
        verb=msg("记为无法进门"),
        effects=(_PAID, _AGAIN, _DESK_SEES, _BACK, _NEXT),
        states=frozenset({_S.ARRIVED}),
        operation=_with_cause(booking_visits.shut_out, Trouble.NO_ACCESS),
    ),
    Way(
        name="missing_part",
        icon="package",
        label=msg("缺件"),
        title=msg("缺件，今天做不完？"),
        verb=msg("记为缺件"),
        effects=(_AGAIN, _DESK_SEES, _BACK, _NEXT),
        states=_AT_WORK,
        operation=_with_cause(booking_visits.break_off, Trouble.MISSING_PART),
    ),
    Way(
        name="not_installable",
        icon="ban",
        label=msg("装不了"),
        title=msg("这里装不了？"),
        verb=msg("记为装不了"),
        effects=(_AGAIN, _DESK_SEES, _BACK, _NEXT),
        states=_AT_WORK,
        operation=_with_cause(booking_visits.break_off, Trouble.NOT_INSTALLABLE),
    ),
    Way(
        name="unfinished",
        icon="repeat",
        label=msg("今天没做完"),
        title=msg("没做完，下次接着做？"),
        verb=msg("记为没做完"),
        effects=(_AGAIN, _DESK_SEES, _BACK, _NEXT),
        states=frozenset({_S.IN_SERVICE, _S.PAUSED}),
        operation=_with_cause(booking_visits.break_off, Trouble.UNFINISHED),
    ),
    Way(
        name="refused",
        icon="hand",
        label=msg("业主拒绝"),
        title=msg("业主拒绝服务，离开？"),
        verb=msg("记为拒收"),
        effects=(_PAID, _STRIKE, _DESK_SEES, _BACK, _NEXT),
        states=frozenset({_S.ARRIVED, _S.IN_SERVICE}),
        operation=_plain(booking_visits.refused),
    ),
)
WAYS: Mapping[str, Way] = {way.name: way for way in _ALL}
