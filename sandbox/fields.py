"""The types of a template's fields: what WeChat takes, and how much of it.

A field's type is the word before its number: `thing5` is a `thing`. Values over the limit are
refused with 47003; nothing is cut for the sender.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from kernel.words import msg

_KEY = re.compile(r"([a-z_]+?)(\d+)")
_DAY = r"(?P<y{n}>\d{{4}})(?:年|-|/)(?P<m{n}>\d{{1,2}})(?:月|-|/)(?P<d{n}>\d{{1,2}})日?"
_HOUR = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_RANGE = r"\s*~\s*"
_TIME = re.compile(
    rf"(?:{_DAY.format(n=1)}\s*)?{_HOUR}(?:{_RANGE}(?:{_DAY.format(n=2)}\s*)?{_HOUR})?"
)
_DATE = re.compile(
    rf"{_DAY.format(n=1)}(?:\s*{_HOUR})?(?:{_RANGE}{_DAY.format(n=2)}(?:\s*{_HOUR})?)?"
)
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u200d\u20e3]+")


@dataclass(frozen=True, slots=True)
class FieldType:
    """One type: the most characters it holds, what it may be, and its rule in Chinese."""

    length_max: int
    fits: Callable[[str], bool]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the linter says of one field: counted characters against the limit, and the fault."""

    key: str
    length: int
    length_max: int
    fault: str = ""
    note: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.fault


def kind_of(key: str) -> str:
    """Return the type's name of field `key`; a key of no known type counts as `thing`."""
    match = _KEY.fullmatch(key)
    return match[1] if match and match[1] in FIELD_TYPES else "thing"


def examine(key: str, value: str, *, approved: Collection[str] = ()) -> Finding:
    """Hold `value` against the type of `key`; `approved` are the values of a `const` field."""
    kind = FIELD_TYPES[kind_of(key)]
    return Finding(
        key=key,
        length=len(value),
        length_max=kind.length_max,
        fault=_fault(kind, value, approved=approved),
        note=msg("表情会被去掉") if without_emoji(value) != value else "",
    )


def without_emoji(text: str) -> str:
    """Return what a template card shows of `text`: WeChat drops emoji."""
    return _EMOJI.sub("", text)


def _fault(kind: FieldType, value: str, *, approved: Collection[str]) -> str:
    if not value.strip():
        return msg("是空的")
    if len(value) > kind.length_max:
        return msg("超过 %(length_max)s 个字符：%(rule)s") % {
            "length_max": kind.length_max,
            "rule": kind.rule,
        }
    if "\n" in value or "\r" in value:
        return msg("不能换行")
    if not kind.fits(value):
        return kind.rule
    if approved and value not in approved:
        return msg("不是审核通过的枚举值")
    return ""


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _is_time(value: str) -> bool:
    return _has_true_days(_TIME.fullmatch(value))


def _is_date(value: str) -> bool:
    return _has_true_days(_DATE.fullmatch(value))


def _has_true_days(match: re.Match[str] | None) -> bool:
    """Return whether there is a match and each day in it is in the calendar."""
    if match is None:
        return False
    try:
        for n in ("1", "2"):
            if match["y" + n]:
                date(int(match["y" + n]), int(match["m" + n]), int(match["d" + n]))
    except ValueError:
        return False
    return True


def _is_name(value: str) -> bool:
    """Ten Chinese characters, mixed ones counted as Chinese, or twenty Latin letters."""
    if re.fullmatch(r"[A-Za-z .'\-]{1,20}", value):
        return True
    return re.fullmatch(r"[\u3400-\u9fffA-Za-z·. ]{1,10}", value) is not None


FIELD_TYPES: dict[str, FieldType] = {
    "thing": FieldType(20, lambda _: True, msg("20 个以内字符")),
    "number": FieldType(32, _matches(r"[+-]?\d+(\.\d+)?"), msg("32 位以内数字，可带小数")),
    "letter": FieldType(32, _matches(r"[A-Za-z]+"), msg("32 位以内字母")),
    "symbol": FieldType(5, _matches(r"[^\w\s]+"), msg("5 位以内符号")),
    "character_string": FieldType(32, _matches(r"[\x21-\x7e]+"), msg("32 位以内数字、字母或符号")),
    "time": FieldType(64, _is_time, msg("24 小时制时间，可带日期，用 ~ 连接两个时间")),
    "date": FieldType(64, _is_date, msg("年月日，可带时间，用 ~ 连接两个时间")),
    "amount": FieldType(
        16,
        _matches(r"[¥￥$€£]?\d{1,10}(\.\d{1,2})?元?"),
        msg("1 个币种符号加 10 位以内数字，可带元"),
    ),
    "phone_number": FieldType(17, _matches(r"[\d+\-*() #]+"), msg("17 位以内数字、符号")),
    "car_number": FieldType(
        8,
        _matches(r"[\u4e00-\u9fffA-Za-z0-9][A-Za-z0-9]{0,6}[\u4e00-\u9fffA-Za-z0-9]?"),
        msg("8 位以内，首尾可为汉字，其余为字母和数字"),
    ),
    "name": FieldType(20, _is_name, msg("10 个以内汉字或 20 个以内字母")),
    "phrase": FieldType(5, _matches(r"[\u4e00-\u9fff]+"), msg("5 个以内汉字，不能有别的")),
    "const": FieldType(20, lambda _: True, msg("审核通过的枚举值")),
}
