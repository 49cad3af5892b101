"""What WeChat said about a message, in words for whoever reads the log."""

import re
from collections.abc import Mapping

from faces.chrome.filters import gettext
from gateways.wechat.errors import MEANINGS, Category
from kernel.words import msg

_CODE = re.compile(r"(-?\d+): ")
_WHY: Mapping[Category, str] = {
    Category.BUSY: msg("微信系统繁忙"),
    Category.TOKEN: msg("令牌失效"),
    Category.OPENID: msg("没有这个微信用户"),
    Category.FOLLOWER: msg("对方没有关注"),
    Category.BLOCKED: msg("对方拒收，或账号受限"),
    Category.CONSENT: msg("没有订阅授权"),
    Category.WINDOW: msg("客服消息窗口已关"),
    Category.CONFIG: msg("账号设置或权限不对"),
    Category.TEMPLATE: msg("模板不存在或已暂停"),
    Category.FIELD: msg("模板字段不合要求"),
    Category.QUOTA: msg("今天的额度用完了"),
    Category.RATE: msg("微信限制了频率"),
    Category.DUPLICATE: msg("刚发过同一条"),
    Category.ARGUMENT: msg("参数不对"),
}
_SILENT = msg("微信没有答复")
_BLOCKED, _LOST = msg("对方拒收"), msg("微信没有送到")


def reason(error: str) -> str:
    """Return why a message was not sent: WeChat's code with its meaning, what it reported, or our words."""
    found = _CODE.match(error)
    if found:
        meaning = MEANINGS.get(int(found[1]))
        why = _WHY.get(meaning.category, _SILENT) if meaning else msg("微信拒绝了")
        return gettext("%(why)s（%(what)s）", why=gettext(why), what=found[1])
    if error.startswith("failed"):
        reported = _BLOCKED if "user" in error else _LOST
        return gettext(reported)
    if error.isascii() and error:
        return gettext("%(why)s（%(what)s）", why=gettext(_SILENT), what=error)
    return gettext(error) if error else ""
