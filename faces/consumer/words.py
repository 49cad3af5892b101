"""How times are said to a member: as near as he needs them."""

from datetime import date, datetime

from booking.policy import Tariff
from faces.chrome.filters import clock_text, day_text, dense_text, gettext, local
from kernel.clock import SHANGHAI, local_date


def day_words(when: date | datetime, *, now: datetime) -> str:
    """今天, 明天, else 11月26日 周四; with the year when it is not this one's."""
    day, today = local(when), local_date(now)
    distance = (day - today).days
    if distance in (-1, 0, 1):
        return (gettext("昨天"), gettext("今天"), gettext("明天"))[distance + 1]
    if day.year != today.year:
        return gettext("%(year)s年%(day)s", year=day.year, day=day_text(day))
    return day_text(day)


def moment(at: datetime, *, now: datetime) -> str:
    """14:01 today, 昨天 19:40, else 11-26 10:52."""
    distance = (local_date(at) - local_date(now)).days
    if distance == 0:
        return clock_text(at)
    if distance in (-1, 1):
        return f"{day_words(at, now=now)} {clock_text(at)}"
    return dense_text(at)


def spoken(at: datetime) -> str:
    """下午 2 点 32 分, for large print."""
    when = at.astimezone(SHANGHAI)
    hour = when.hour % 12 or 12
    facts: dict[str, object] = {"half": _half(when.hour), "hour": hour, "minute": when.minute}
    if when.minute:
        return gettext("%(half)s %(hour)s 点 %(minute)s 分", **facts)
    return gettext("%(half)s %(hour)s 点", **facts)


def spoken_window(starts_at: datetime, ends_at: datetime) -> str:
    """上午 10 点到 12 点."""
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    last = end.hour % 12 or 12
    is_same = _half(start.hour) == _half(end.hour - 1)
    until = f" {last}" if is_same else gettext("%(half)s %(hour)s", half=_half(end.hour), hour=last)
    return gettext("%(start)s到%(until)s 点", start=spoken(starts_at), until=until)


def _half(hour: int) -> str:
    if hour == 12:
        return gettext("中午")
    if hour < 12:
        return gettext("上午")
    return gettext("下午") if hour < 18 else gettext("晚上")


def told(tariff: Tariff) -> str:
    """Return what a form carries of the cost that it names: free, strike, or the points."""
    if tariff.is_free:
        return "free"
    return "strike" if tariff.is_strike else str(tariff.points)
