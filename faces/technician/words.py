"""How days are said to a technician."""

from datetime import date, datetime

from faces.chrome.filters import day_text, gettext, local
from kernel.clock import local_date


def day_words(day: datetime | date, *, now: datetime) -> str:
    """今天, 明天, 昨天, else 11月26日 周四."""
    near = {-1: gettext("昨天"), 0: gettext("今天"), 1: gettext("明天")}
    return near.get((local(day) - local_date(now)).days) or day_text(day)
