"""What the account says in the chat. Pure."""

from collections.abc import Sequence

from booking.codes import CodeKind, Source

NOTHING = ""
WELCOME = "您好，这里是门铃到家。家电送货、安装、维修都可以在这里预约，点下面「约上门」就能选时间。"
IN_CHAT = "客服正在接待您，请直接留言。回复「取消人工」可退出。"
CHAT_ENDED = "已退出人工客服。回复「预约」选上门时间，回复「我的预约」看进度。"
HELP = (
    "回复「预约」选上门时间，回复「我的预约」看进度，发送位置看最近能上门的时间，"
    "回复「门店」看门店在哪里，回复「人工」找客服。"
)
NOT_HEARD = "抱歉，这段语音没能听清。您可以打字告诉我，比如「周六下午市北区安装空调」，或者回复「预约」直接选时间。"
# What agents say most, offered at one press until a leader writes his branch's own.
CANNED = (
    "您好，我是门店客服，请问有什么可以帮您？",
    "已经帮您联系师傅，有消息马上告诉您。",
    "请把楼号、单元和门牌发给我，我来帮您核对。",
    "您可以在「我的预约」里自己改时间，提前 24 小时不扣积分。",
    "感谢您的耐心等待，祝您生活愉快。",
)
PARTS = {"morning": "上午", "afternoon": "下午", "evening": "晚上"}
CODE_SEEN = "已收到扫码结果。要查预约请回复「我的预约」。"
BIND_SCENE_PREFIX = "bind_"

_BOOK_WORDS = ("预约", "约上门", "安装", "维修", "送货", "配送")
_MINE_WORDS = ("我的预约", "进度", "几点到", "到哪")
_STORE_WORDS = ("门店", "店在哪", "店地址", "店铺", "实体店")
_END_WORDS = ("取消人工", "退出人工", "结束人工", "不用人工", "结束会话", "结束对话")
_PERSON_WORDS = ("人工", "客服", "真人")


def welcome(source: Source | None, *, public_base: str) -> str:
    """Return the greeting of one who follows, by a code or by himself (None)."""
    if source is None:
        return WELCOME
    if source.is_over:
        return f"{_over(source)}\n{WELCOME}"
    own = source.welcome or (WELCOME if source.kind is CodeKind.STORE else "")
    return "\n".join(line for line in (own, _of_source(source, public_base)) if line)


def scanned(source: Source | None, *, public_base: str) -> str:
    """Return what a follower hears who scans a code."""
    if source is None:
        return WELCOME
    if source.is_over:
        return _over(source)
    back = f"欢迎回来，{source.name}随时为您服务。" if source.kind is CodeKind.STORE else ""
    return back or _of_source(source, public_base)


def _of_source(source: Source, public_base: str) -> str:
    """Return what a code says beside its greeting."""
    match source.kind:
        case CodeKind.BADGE if source.work_number:
            return f"{source.bearer}师傅（工号 {source.work_number}）是我们的在职师傅，请放心。"
        case CodeKind.BADGE:
            return f"{source.bearer}为您服务，有事请直接留言。"
        case CodeKind.PRODUCT if source.service_code:
            url = f"{public_base}/c/book/{source.service_code}"
            return f'「{source.name}」可以直接约上门：<a href="{url}">{source.service}，选时间</a>'
        case CodeKind.EVENT | CodeKind.COUPON:
            about = f"：{source.about}" if source.about else ""
            return f'「{source.name}」{about}\n<a href="{public_base}/c/">去看看能约什么</a>'
        case _:
            return ""


def _over(source: Source) -> str:
    if source.kind is CodeKind.BADGE:
        return "这张工牌已经停用。上门的人出示它时，请不要让他进门，回复「人工」告诉我们。"
    return f"「{source.name}」已经结束。"


def bound(name: str) -> str:
    """Return what a technician hears whose WeChat is now bound."""
    return f"{name}师傅，绑定成功。点「服务」里的「师傅入口」看今天的任务。"


def asks_for_own(text: str) -> bool:
    """Tell whether a text asks after one's own bookings."""
    return any(word in text for word in _MINE_WORDS)


def asks_for_person(text: str) -> bool:
    """Tell whether a text asks for a person to talk to."""
    return any(word in text for word in _PERSON_WORDS)


def ends_chat(text: str) -> bool:
    """Tell whether a text sends the person of ours away again."""
    return any(word in text for word in _END_WORDS)


def asks_to_book(text: str) -> bool:
    """Tell whether a text asks for a visit; asking after one's own is no such thing."""
    return not asks_for_own(text) and any(word in text for word in _BOOK_WORDS)


def asks_for_store(text: str) -> bool:
    """Tell whether a text asks where a store is, and for nothing else."""
    asks_more = asks_for_own(text) or asks_for_person(text) or asks_to_book(text)
    return not asks_more and any(word in text for word in _STORE_WORDS)


def to_book(url: str) -> str:
    """Return the way to the services."""
    return f'<a href="{url}">选择服务和上门时间</a>'


def store_at(name: str, address: str, *, url: str) -> str:
    """Return where his store is, as a card that opens the way there; without one, or while nobody has
    written down where it is, the way to all stores."""
    if address:
        return card(name, f"{address}\n点开看地图、怎么去。", url)
    return f'<a href="{url}">看看我们的门店在哪里</a>'


def booked_line(*, when: str, service: str, place: str) -> str:
    """Return one booking in a line."""
    return f"{when} {service}\n{place}"


def mine(lines: Sequence[str], *, more: int, url: str) -> str:
    """Return one's bookings, `more` of which are not shown."""
    if not lines:
        return f'您现在没有待上门的预约。\n<a href="{url}">查看我的预约</a>'
    rest = f"\n还有 {more} 个预约" if more else ""
    shown = "\n\n".join(lines)
    return f'您的预约：\n{shown}{rest}\n\n<a href="{url}">查看我的预约</a>'


def not_served(place: str) -> str:
    """Return the answer to a place to which nobody goes."""
    return f"{_place(place)}暂时不在我们的上门范围，抱歉。换个地址，可以再发一次位置。"


def served(place: str, *, service: str, lines: Sequence[str], url: str) -> str:
    """Return the next windows at a place as a card: a tap begins the booking there."""
    if not lines:
        return card(f"{_place(place)}可以上门", "近期时段已约满，点开看全部时间或排候补。", url)
    shown = "\n".join(lines)
    return card(f"{_place(place)}可以上门", f"{service}最近的时间：\n{shown}\n点开就约这里。", url)


def card(title: str, about: str, url: str) -> str:
    """Return a card as the inbox keeps it; `card_of` reads it."""
    return _PART.join((title, about, url))


def card_of(answer: str) -> tuple[str, str, str] | None:
    """Return title, text and address of an answer that is a card; None for plain words."""
    title, *rest = answer.split(_PART)
    return (title, rest[0], rest[1]) if len(rest) == 2 else None


def understood(*, service: str, district: str, when: str, url: str) -> str:
    """Return what was understood of a voice, and where it is corrected."""
    said = [("服务", service), ("区域", district), ("时间", when)]
    shown = "\n".join(f"{name}：{value or '还没说'}" for name, value in said)
    return f'我的理解是：\n{shown}\n\n<a href="{url}">核对修改，接着预约</a>'


def not_understood(text: str) -> str:
    """Return the answer to a voice that wishes for nothing we know."""
    return f"我听到「{text[:_QUOTED_MAX]}」，还不明白要约什么服务。{HELP}"


def handed_over(store: str, *, ahead: int) -> str:
    """Return what one hears who asked for a person, with how many wait before him."""
    line = f"前面还有 {ahead} 位。" if ahead else ""
    return f"已为您转到{store or '在线'}客服，{line}请直接留言，客服会在这里回复您。回复「取消人工」可退出。"


def _place(place: str) -> str:
    return f"「{place[:_QUOTED_MAX]}」" if place else "这里"


_QUOTED_MAX = 60
# Between the parts of a card; nobody can type it.
_PART = "\x1e"
