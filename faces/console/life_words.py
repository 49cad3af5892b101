"""What states, causes and endings of a booking's life are called on the console."""

from collections.abc import Mapping

from booking.goods import GoodsKind
from booking.policy import Cause, Ending
from booking.readiness import Lamp
from booking.states import AdditionState, GoodsState, PaymentState, WaitingState
from faces.chrome.filters import gettext
from kernel.words import msg
from members import ledger
from members.policy import AppealSubject
from members.risk import StrikeKind
from members.states import AppealState, BlacklistingState, StrikeState

CAUSES: Mapping[str, str] = {
    Cause.MEMBER: msg("业主要求"),
    Cause.AGENT: msg("业主来电要求"),
    Cause.UNANSWERED: msg("业主没有确认在家"),
    Cause.PROVIDER: msg("我们派不出师傅"),
    Cause.MISSED: msg("师傅未到"),
    Cause.NOBODY_HOME: msg("没人应门"),
    Cause.REFUSED: msg("业主拒收"),
    Cause.WRONG_ADDRESS: msg("地址不对"),
    Cause.NO_ACCESS: msg("进不了门"),
    Cause.MISSING_PART: msg("缺配件"),
    Cause.NOT_INSTALLABLE: msg("无法安装"),
    Cause.UNFINISHED: msg("当天没做完"),
    Cause.VETOED: msg("调度不认可跑单"),
    Cause.GOODS_LATE: msg("商品来不及到"),
    "absent": msg("师傅请假"),
    "tried again": msg("重新找师傅"),
    "moved": msg("已改约"),
}
ENDINGS: Mapping[str, tuple[str, str]] = {
    "": (msg("有效"), "ok"),
    Ending.KEPT: (msg("已兑现"), "ok"),
    Ending.EXPIRED: (msg("锁定已放开"), "gray"),
    Ending.MOVED: (msg("已改约"), "info"),
    Ending.CANCELLED: (msg("业主取消"), "gray"),
    Ending.FAILED: (msg("到了没能服务"), "danger"),
    Ending.UNFINISHED: (msg("没做完"), "warn"),
    Ending.WITHDRAWN: (msg("我们撤回"), "danger"),
    Ending.MISSED: (msg("师傅未到"), "danger"),
}
GOODS: Mapping[GoodsState, tuple[str, str]] = {
    GoodsState.NOT_SHIPPED: (msg("未发货"), "warn"),
    GoodsState.IN_WAREHOUSE: (msg("已到仓"), "info"),
    GoodsState.ON_VAN: (msg("在师傅车上"), "info"),
    GoodsState.DELIVERED: (msg("已送达"), "ok"),
    GoodsState.RETURNED: (msg("已退回"), "danger"),
    GoodsState.TO_COLLECT: (msg("上门时取走"), "gray"),
    GoodsState.COLLECTED: (msg("已取走"), "ok"),
}
GOODS_KINDS: Mapping[GoodsKind, str] = {
    GoodsKind.GOODS: msg("商品"),
    GoodsKind.PART: msg("配件"),
    GoodsKind.OLD: msg("旧电器"),
}
LAMPS: Mapping[Lamp, tuple[str, str]] = {
    Lamp.GOODS: (msg("商品"), "package"),
    Lamp.PARTS: (msg("配件"), "list-box"),
    Lamp.ADDRESS: (msg("地址"), "map-pin-check"),
    Lamp.PRESENCE: (msg("在家"), "home"),
    Lamp.CONSENT: (msg("收费"), "receipt"),
}
ADDITIONS: Mapping[AdditionState, tuple[str, str]] = {
    AdditionState.ASKED: (msg("等业主同意"), "warn"),
    AdditionState.APPROVED: (msg("业主已同意"), "ok"),
    AdditionState.REFUSED: (msg("业主不同意"), "danger"),
    AdditionState.WITHDRAWN: (msg("师傅收回"), "gray"),
}
PAYMENTS: Mapping[PaymentState, tuple[str, str]] = {
    PaymentState.OPEN: (msg("待付款"), "warn"),
    PaymentState.PAID: (msg("已付"), "ok"),
    PaymentState.REFUNDING: (msg("退款中"), "info"),
    PaymentState.REFUNDED: (msg("已退款"), "gray"),
    PaymentState.CLOSED: (msg("已关闭"), "gray"),
}
PURPOSES: Mapping[str, str] = {
    "deposit": msg("押金"),
    "door": msg("上门付款"),
    "sample": msg("试用品货款"),
}
STRIKE_KINDS: Mapping[StrikeKind, str] = {
    StrikeKind.NO_SHOW: msg("没能见到业主"),
    StrikeKind.REFUSED: msg("业主拒收"),
    StrikeKind.LATE_CANCEL: msg("临期取消"),
    StrikeKind.PROVIDER_NO_SHOW: msg("师傅未到"),
}
STRIKES: Mapping[StrikeState, tuple[str, str]] = {
    StrikeState.PENDING: (msg("待生效"), "violet"),
    StrikeState.CONTESTED: (msg("复议中，暂停生效"), "info"),
    StrikeState.POSTED: (msg("已生效"), "danger"),
    StrikeState.WAIVED: (msg("已撤销"), "gray"),
    StrikeState.REVERSED: (msg("已冲回"), "ok"),
}
STRIKE_ACTIONS: Mapping[str, str] = {
    "create": msg("记录"),
    "open": msg("记录"),
    "contest": msg("提出复议"),
    "uphold": msg("复议成立"),
    "reject": msg("复议不成立"),
    "waive": msg("撤销"),
    "post": msg("生效"),
    "reverse": msg("冲回"),
}
SUBJECTS: Mapping[AppealSubject, str] = {
    AppealSubject.STRIKE: msg("违约"),
    AppealSubject.BLACKLISTING: msg("暂停预约"),
    AppealSubject.EARNINGS: msg("师傅收入"),
    AppealSubject.BOOKING: msg("预约结果"),
}
APPEALS: Mapping[AppealState, tuple[str, str]] = {
    AppealState.OPEN: (msg("待复核"), "warn"),
    AppealState.PROPOSED: (msg("待第二人"), "violet"),
    AppealState.UPHELD: (msg("成立"), "ok"),
    AppealState.REJECTED: (msg("不成立"), "gray"),
}
BLACKLISTINGS: Mapping[BlacklistingState, tuple[str, str]] = {
    BlacklistingState.IN_FORCE: (msg("暂停中"), "danger"),
    BlacklistingState.RAN_OUT: (msg("已到期"), "gray"),
    BlacklistingState.RELEASED: (msg("提前解除"), "ok"),
    BlacklistingState.REVERSED: (msg("已撤销"), "ok"),
}
# The house's own side of a posting.
ACCOUNTS: Mapping[str, str] = {
    ledger.HOUSE_POINTS: msg("发放"),
    ledger.HOUSE_CHARGES: msg("扣除"),
    ledger.HOUSE_COMPENSATION: msg("赔付"),
}
WAITINGS: Mapping[WaitingState, tuple[str, str]] = {
    WaitingState.WAITING: (msg("排队中"), "info"),
    WaitingState.OFFERED: (msg("已给时段，等他确认"), "warn"),
    WaitingState.TAKEN: (msg("已约上"), "ok"),
    WaitingState.LAPSED: (msg("已错过"), "gray"),
    WaitingState.WITHDRAWN: (msg("已退出"), "gray"),
}


def cause_text(cause: str) -> str:
    """Return a recorded cause in words; one that a person wrote stays as it is."""
    known = CAUSES.get(cause)
    return gettext(known) if known else cause
