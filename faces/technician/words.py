"""How days are said to a technician, and where his navigation leads."""

from datetime import date, datetime
from urllib.parse import urlencode

from faces.chrome.filters import day_text, gettext, local
from kernel.clock import local_date
from kernel.geo import Point

NAVIGATION = "https://uri.amap.com/navigation"


def day_words(day: datetime | date, *, now: datetime) -> str:
    """今天, 明天, 昨天, else 11月26日 周四."""
    near = {-1: gettext("昨天"), 0: gettext("今天"), 1: gettext("明天")}
    return near.get((local(day) - local_date(now)).days) or day_text(day)


def navigation_url(point: Point, name: str) -> str:
    """Return the address that opens Amap on the way there by car; it takes the longitude first."""
    to = f"{point.lon:.6f},{point.lat:.6f},{name}"
    return f"{NAVIGATION}?{urlencode({'to': to, 'mode': 'car', 'coordinate': 'gaode'})}"
