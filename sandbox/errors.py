"""What WeChat answers when it refuses: the code, WeChat's words and a sentence for the log."""

import secrets
import time
from dataclasses import dataclass

from kernel.words import msg


@dataclass(frozen=True, slots=True)
class Meaning:
    """WeChat's own words for a code, and what a person who reads the log should know."""

    errmsg: str
    explained: str


MEANINGS: dict[int, Meaning] = {
    -1: Meaning("system error", msg("系统繁忙。稍候重试；同一 client_msg_id 不会重复送达。")),
    40001: Meaning(
        "invalid credential, access_token is invalid or not latest",
        msg("令牌无效或已不是最新的。刷新一次后重试。"),
    ),
    40002: Meaning("invalid grant_type", msg("grant_type 只能是 client_credential。")),
    40003: Meaning("invalid openid", msg("这个 openid 不是本账号的用户。永久失败，不要重试。")),
    40004: Meaning("invalid media type", msg("素材类型只有 image、voice、video、thumb。")),
    40005: Meaning("invalid file type", msg("文件的内容不是这种素材。")),
    40006: Meaning("invalid media size", msg("素材太大。")),
    40007: Meaning("invalid media_id", msg("没有这个素材。")),
    40008: Meaning("invalid message type", msg("沙箱还不认识这种消息类型。")),
    40013: Meaning("invalid appid", msg("AppID 与沙箱账号不符，请检查配置。")),
    40014: Meaning("invalid access_token", msg("令牌的格式不对。")),
    40015: Meaning("invalid menu type", msg("菜单类型不对。")),
    40016: Meaning("invalid button size", msg("一级菜单最多 3 个，至少 1 个。")),
    40017: Meaning("invalid button type", msg("不认识的按钮类型。")),
    40018: Meaning("invalid button name size", msg("一级菜单名最多 4 个汉字，二级最多 8 个汉字。")),
    40019: Meaning("invalid button key size", msg("按钮 key 要有，且不超过 128 字节。")),
    40020: Meaning("invalid button url size", msg("按钮链接要有，且不超过 1024 字节。")),
    40023: Meaning("invalid sub button size", msg("二级菜单最多 5 个。")),
    40029: Meaning(
        "invalid code", msg("网页授权的 code 无效、已过期，或属于别的 AppID。重新走授权。")
    ),
    40030: Meaning("invalid refresh_token", msg("refresh_token 无效，重新走授权。")),
    40032: Meaning("invalid openid list size", msg("一次能带的 openid 个数有限。")),
    40035: Meaning("invalid parameter", msg("参数不对。")),
    40036: Meaning("invalid template_id size", msg("没有写 template_id。")),
    40037: Meaning("invalid template_id", msg("账号里没有这个模板，请检查配置。")),
    40053: Meaning("invalid action info", msg("二维码参数不对：场景值、有效期或类型超出限制。")),
    40059: Meaning("invalid msg id", msg("没有这次群发。")),
    40066: Meaning("invalid url", msg("沙箱没有这个接口。")),
    40125: Meaning("invalid appsecret", msg("AppSecret 不对，请检查配置。")),
    40163: Meaning("code been used", msg("这个 code 已经用过一次。重新走授权。")),
    40164: Meaning("invalid ip", msg("这个地址不在 IP 白名单里，请检查配置。")),
    40241: Meaning(
        "duplicate message in 60 seconds", msg("10 分钟内用同一 client_msg_id 发过了。")
    ),
    41001: Meaning("access_token missing", msg("没有带 access_token。")),
    41002: Meaning("appid missing", msg("没有带 appid。")),
    41004: Meaning("appsecret missing", msg("没有带 secret。")),
    41005: Meaning("media data missing", msg("没有带文件，或文件是空的。")),
    41008: Meaning("missing code", msg("没有带 code。")),
    42001: Meaning("access_token expired", msg("令牌过期了。刷新一次后重试。")),
    42003: Meaning("code expired", msg("网页授权的 code 超过 5 分钟。重新走授权。")),
    43001: Meaning("require GET method", msg("这个接口要用 GET。")),
    43002: Meaning("require POST method", msg("这个接口要用 POST。")),
    43004: Meaning("require subscribe", msg("对方没有关注，送不到。记下来，换别的渠道。")),
    43019: Meaning("require remove blacklist", msg("对方在账号的黑名单里。先移出，否则不要再发。")),
    43101: Meaning(
        "user refuse to accept the msg", msg("对方没有（或用完了）这个订阅通知的授权。换别的渠道。")
    ),
    44002: Meaning("empty post data", msg("请求没有正文。")),
    44004: Meaning("empty content", msg("文字内容是空的。")),
    45002: Meaning("content size out of limit", msg("文字超过 2048 字节。")),
    45008: Meaning("article size out of limit", msg("图文消息只能有 1 条。")),
    45009: Meaning("reach max api daily quota limit", msg("今天的次数用完了，明天再说。")),
    45011: Meaning("api minute-quota reach limit, must slower", msg("调用太快，等 60 秒。")),
    45015: Meaning(
        "response out of time limit or subscription is canceled",
        msg(
            "客服消息的时间窗口没有打开：对方 48 小时内没有说话，或没有刚点菜单、关注、扫码。"
            "改用模板消息。"
        ),
    ),
    45026: Meaning("template num exceeds limit", msg("一个账号最多 25 个模板。")),
    45065: Meaning("clientmsgid exist", msg("用同一 clientmsgid 群发过了。")),
    45066: Meaning("clientmsgid size out of limit", msg("clientmsgid 不超过 64 字节。")),
    45080: Meaning(
        "client need to send message first", msg("对方最近没有说话，不能显示正在输入。")
    ),
    45047: Meaning(
        "out of response count limit", msg("这个窗口里的客服消息条数用完了。改用模板消息。")
    ),
    45056: Meaning("too many tags", msg("一个账号最多 100 个标签。")),
    45058: Meaning("can't modify sys tag", msg("0、1、2 是系统标签，不能改也不能删。")),
    45059: Meaning("can't add too many tags to a user", msg("一个用户身上最多 20 个标签。")),
    45157: Meaning("invalid tag name", msg("标签名已经有了。")),
    45158: Meaning("tag name too long", msg("标签名要有，且不超过 30 个字节。")),
    45159: Meaning("invalid tag", msg("没有这个标签。")),
    46003: Meaning("menu no exist", msg("还没有建菜单。")),
    47001: Meaning("data format error", msg("正文不是合法的 JSON。")),
    47003: Meaning("argument invalid!", msg("字段不符合模板的类型限制。永久失败，要改内容。")),
    48001: Meaning("api unauthorized", msg("这次授权只拿到 snsapi_base，不能读资料。")),
    48006: Meaning(
        "forbid to clear quota because of reaching the limit", msg("清零一个月最多 10 次。")
    ),
    50002: Meaning("user limited", msg("账号被限制，什么也发不出去。停下来，找人处理。")),
    76021: Meaning("cgi_path not found", msg("没有这个接口的限额，cgi_path 要从 /cgi-bin 写起。")),
}


class ApiError(Exception):
    """WeChat says no. `rule` is the sentence that the log shows beside the refusal."""

    def __init__(self, errcode: int, *, errmsg: str = "", rule: str = "") -> None:
        meaning = MEANINGS[errcode]
        self.errcode = errcode
        self.errmsg = errmsg or meaning.errmsg
        self.rule = rule or meaning.explained
        super().__init__(f"{errcode} {self.errmsg}")

    def answer(self) -> dict[str, object]:
        """Return the JSON object that WeChat would send, with its request number."""
        return {"errcode": self.errcode, "errmsg": f"{self.errmsg} rid: {new_rid()}"}


def new_rid() -> str:
    """Return a request number as WeChat writes them: three groups of eight hex digits."""
    started = f"{time.monotonic_ns() & 0xFFFFFFFF:08x}"
    return f"{started}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
