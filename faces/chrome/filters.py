"""How values are shown: DESIGN's formats, as Jinja filters."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as untyped_gettext
from flask_babel import pgettext as untyped_pgettext

from kernel.clock import SHANGHAI
from kernel.names import surname_of
from kernel.words import msg
from members.risk import Note

_WEEKDAYS = (
    msg("周一"),
    msg("周二"),
    msg("周三"),
    msg("周四"),
    msg("周五"),
    msg("周六"),
    msg("周日"),
)
_MONTHS = (
    msg("1月"),
    msg("2月"),
    msg("3月"),
    msg("4月"),
    msg("5月"),
    msg("6月"),
    msg("7月"),
    msg("8月"),
    msg("9月"),
    msg("10月"),
    msg("11月"),
    msg("12月"),
)


def register(app: Flask) -> None:
    """Add the filters to the app's templates."""
    for name, function in (
        ("date", date_text),
        ("day", day_text),
        ("weekday", weekday),
        ("clock", clock_text),
        ("dense", dense_text),
        ("window", window_text),
        ("seconds", second_text),
        ("length", length_text),
        ("distance", distance_text),
        ("surname", surname),
        ("note", note_text),
        ("notes", notes_text),
        ("signed", signed_text),
    ):
        app.add_template_filter(function, name)


def local(value: datetime | date) -> date:
    """Return the day in Asia/Shanghai."""
    return value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value


def weekday(value: datetime | date) -> str:
    """周四."""
    return gettext(_WEEKDAYS[local(value).weekday()])


def month_text(value: datetime | date) -> str:
    """11月."""
    return gettext(_MONTHS[local(value).month - 1])


def date_text(value: datetime | date) -> str:
    """11月26日."""
    return gettext("%(month)s%(day)s日", month=month_text(value), day=local(value).day)


def day_text(value: datetime | date) -> str:
    """11月26日 周四."""
    return gettext("%(date)s %(weekday)s", date=date_text(value), weekday=weekday(value))


def clock_text(value: datetime) -> str:
    """14:05."""
    return f"{value.astimezone(SHANGHAI):%H:%M}"


def dense_text(value: datetime) -> str:
    """11-26 14:05, for tables of many rows."""
    return f"{value.astimezone(SHANGHAI):%m-%d %H:%M}"


def window_text(starts_at: datetime, ends_at: datetime) -> str:
    """10:00–12:00."""
    return f"{clock_text(starts_at)}–{clock_text(ends_at)}"


def second_text(second: int) -> str:
    """Seconds of a day as 14:05."""
    minutes = second // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def length_text(seconds: int) -> str:
    """75 分, 1 小时 20 分."""
    minutes = round(seconds / 60)
    if minutes < 100:
        return gettext("%(minutes)s 分", minutes=minutes)
    if minutes % 60 == 0:
        return gettext("%(hours)s 小时", hours=minutes // 60)
    return gettext("%(hours)s 小时 %(minutes)s 分", hours=minutes // 60, minutes=minutes % 60)


def more_text(seconds: int) -> str:
    """+9 分, or what is saved: −9 分."""
    return f"{'−' if seconds < 0 else '+'}{length_text(abs(seconds))}"


def distance_text(metres: float) -> str:
    """820 米, 6.8 公里."""
    if metres < 1000:
        return gettext("%(metres)s 米", metres=round(metres))
    return gettext("%(km)s 公里", km=f"{metres / 1000:.1f}")


def surname(name: str) -> str:
    """王师傅, from a technician's full name."""
    return gettext("%(surname)s师傅", surname=surname_of(name))


def note_text(note: Note) -> str:
    """Return a sentence about a member's standing in the reader's language."""
    return said(note.text, note.facts)


def notes_text(notes: Sequence[Note]) -> str:
    """Return sentences about a member's standing, one after the other."""
    # Chinese sentences follow each other without a gap.
    gap = " " if str(get_locale()) == "en" else ""
    return gap.join(note_text(note) for note in notes)


def signed_text(number: int) -> str:
    """1,286, −600: a number with a true minus sign."""
    return f"{number:,}".replace("-", "−")


def said(text: str, facts: Mapping[str, object]) -> str:
    """Return the text in the reader's language, the dates among its facts as 11月26日."""
    shown = {
        name: date_text(value)
        if isinstance(value, date)
        else signed_text(value)
        if isinstance(value, int) and value < 0
        else value
        for name, value in facts.items()
    }
    return gettext(text) % shown if shown else gettext(text)


def gettext(text: str, **facts: object) -> str:
    """Return the text in the reader's language."""
    return str(untyped_gettext(text, **facts))


def pgettext(context: str, text: str) -> str:
    """Return the text in the reader's language; `context` parts texts that only look alike."""
    return str(untyped_pgettext(context, text))
