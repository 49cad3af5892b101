"""What the account says in the chat. Pure."""

NOTHING = ""
WELCOME = "您好，这里是门铃到家。家电送货、安装、维修都可以在这里预约，点下面「约上门」就能选时间。"
HELP = "回复「预约」选上门时间，回复「我的预约」看进度。"
CODE_SEEN = "已收到扫码结果。要查预约请回复「我的预约」。"
BIND_SCENE_PREFIX = "bind_"

_BOOK_WORDS = ("预约", "约上门", "安装", "维修", "送货", "配送")
_MINE_WORDS = ("我的预约", "进度", "几点到", "到哪")


def welcome(store_welcome: str | None) -> str:
    """Return the greeting of one who follows, by the store's code or by himself."""
    return store_welcome or WELCOME


def scanned(store_name: str | None) -> str:
    """Return what a follower hears who scans a code again."""
    return f"欢迎回来，{store_name}随时为您服务。" if store_name else WELCOME


def bound(name: str) -> str:
    """Return what a technician hears whose WeChat is now bound."""
    return f"{name}师傅，绑定成功。点「服务」里的「师傅入口」看今天的任务。"


def answer_to(text: str, *, book_url: str, mine_url: str) -> str:
    """Return the answer to a text by its keywords."""
    if any(word in text for word in _MINE_WORDS):
        return f'<a href="{mine_url}">查看我的预约</a>'
    if any(word in text for word in _BOOK_WORDS):
        return f'<a href="{book_url}">选择服务和上门时间</a>'
    return HELP
