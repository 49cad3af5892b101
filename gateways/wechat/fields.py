"""WeChat's template fields: what each type may hold, and how to make a value fit.

Pure. A template's keys carry their type (`thing5` is a `thing`); a value that breaks its type is
refused by WeChat with 47003 and the message is lost, so it is checked before anything is sent.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from enum import StrEnum

from gateways.wechat.words import plain_line, shorten
from kernel.errors import Invalid
from kernel.words import msg

THING_MAX = 20
DIGITS_MAX = 32
CONST_MAX = 20


class FieldType(StrEnum):
    """The part of a key before its number."""

    THING = "thing"
    NUMBER = "number"
    LETTER = "letter"
    SYMBOL = "symbol"
    CHARACTER_STRING = "character_string"
    TIME = "time"
    DATE = "date"
    AMOUNT = "amount"
    PHONE_NUMBER = "phone_number"
    CAR_NUMBER = "car_number"
    NAME = "name"
    PHRASE = "phrase"
    CONST = "const"


class FieldUnfit(Invalid):
    """A value that WeChat would refuse with 47003; `field` names the key."""

    code = "template_field_unfit"
    says = msg("模板字段 %(key)s 的内容不合要求：%(rule)s。")

    def __init__(self, *, key: str, rule: str) -> None:
        super().__init__(field=key, key=key, rule=rule)


RULES: Mapping[FieldType, str] = {
    FieldType.THING: msg("1 到 20 个字，不能换行"),
    FieldType.NUMBER: msg("最多 32 位数字，可带小数"),
    FieldType.LETTER: msg("最多 32 个字母"),
    FieldType.SYMBOL: msg("最多 5 个符号"),
    FieldType.CHARACTER_STRING: msg("最多 32 个数字、字母或符号，不能有汉字"),
    FieldType.TIME: msg("24 小时制的时间，可带年月日，时间段用 ~ 连接"),
    FieldType.DATE: msg("年月日，可带 24 小时制的时间，时间段用 ~ 连接"),
    FieldType.AMOUNT: msg("一个币种符号加最多 10 位数字，可带小数和元"),
    FieldType.PHONE_NUMBER: msg("最多 17 位的数字和符号"),
    FieldType.CAR_NUMBER: msg("最多 8 位的车牌号"),
    FieldType.NAME: msg("最多 10 个汉字或 20 个字母"),
    FieldType.PHRASE: msg("最多 5 个汉字，不能有别的字符"),
    FieldType.CONST: msg("只能是审核通过的取值之一"),
}

_KEY = re.compile(r"([a-z_]+?)([0-9]{1,3})")
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_DAY = r"(\d{4})(?:年(\d{1,2})月(\d{1,2})日|-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2}))"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_DAY_FOUND = re.compile(_DAY)
_TIME = re.compile(rf"(?:{_DAY} ?)?{_CLOCK}")
_DATE = re.compile(rf"{_DAY}(?: ?{_CLOCK})?")
_AMOUNT = re.compile(r"[¥￥$€£]?(\d{1,10})(?:\.(\d{1,2}))?元?")
_CAR = re.compile(rf"(?:{_HAN}|[A-Z0-9])[A-Z0-9]{{0,6}}(?:{_HAN}|[A-Z0-9])?")


def type_of(key: str) -> FieldType:
    """Return the type that a template key such as `thing5` or `character_string2` names.

    Raises FieldUnfit for a key of no known type, `first` and `remark` included: WeChat drops them.
    """
    found = _KEY.fullmatch(key)
    if found is None or found[1] not in set(FieldType):
        raise FieldUnfit(key=key, rule=msg("模板里没有这种字段"))
    return FieldType(found[1])


def check_field(key: str, value: str, *, approved: Collection[str] = ()) -> None:
    """Raise FieldUnfit unless WeChat takes `value` under `key`.

    `approved` are the values granted to a `const` key; without them a const is only measured.
    """
    kind = type_of(key)
    fits = bool(value) and value == plain_line(value) and _CHECKS[kind](value)
    if kind is FieldType.CONST and approved:
        fits = value in approved
    if not fits:
        raise FieldUnfit(key=key, rule=RULES[kind])


def check_fields(values: Mapping[str, str]) -> None:
    """Check each value under its key. Raises FieldUnfit for the first that does not fit."""
    for key, value in values.items():
        check_field(key, value)


def fit(key: str, value: str) -> str:
    """Return the nearest value that WeChat takes under `key`.

    Line breaks and emoji go, words are shortened, an amount loses its thousands commas. Raises
    FieldUnfit where no small change helps, such as letters in a number.
    """
    kind = type_of(key)
    fitted = _FITTERS.get(kind, str)(plain_line(value))
    check_field(key, fitted)
    return fitted


def _is_thing(value: str) -> bool:
    return len(value) <= THING_MAX


def _is_period(one: re.Pattern[str], value: str) -> bool:
    ends = [end.strip() for end in value.split("~")]
    return len(ends) <= 2 and all(one.fullmatch(end) and _days_exist(end) for end in ends)


def _days_exist(text: str) -> bool:
    for found in _DAY_FOUND.finditer(text):
        year, month, day = (int(part) for part in found.groups() if part)
        try:
            date(year, month, day)
        except ValueError:
            return False
    return True


def _is_amount(value: str) -> bool:
    found = _AMOUNT.fullmatch(value)
    return found is not None and len(found[1]) + len(found[2] or "") <= 10


def _is_name(value: str) -> bool:
    limit = 10 if re.search(_HAN, value) else 20
    return len(value) <= limit and not re.search(r"\d", value)


def _whole(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_CHECKS: Mapping[FieldType, Callable[[str], bool]] = {
    FieldType.THING: _is_thing,
    FieldType.NUMBER: lambda value: (
        len(value) <= DIGITS_MAX and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) is not None
    ),
    FieldType.LETTER: _whole(r"[A-Za-z]{1,32}"),
    FieldType.SYMBOL: _whole(r"[^\w\s]{1,5}"),
    FieldType.CHARACTER_STRING: _whole(r"[\x21-\x7e](?:[\x20-\x7e]{0,30}[\x21-\x7e])?"),
    FieldType.TIME: lambda value: _is_period(_TIME, value),
    FieldType.DATE: lambda value: _is_period(_DATE, value),
    FieldType.AMOUNT: _is_amount,
    FieldType.PHONE_NUMBER: _whole(r"[0-9+\-*()# ]{1,17}"),
    FieldType.CAR_NUMBER: lambda value: len(value) <= 8 and _CAR.fullmatch(value) is not None,
    FieldType.NAME: _is_name,
    FieldType.PHRASE: _whole(rf"{_HAN}{{1,5}}"),
    FieldType.CONST: lambda value: len(value) <= CONST_MAX,
}


def _fit_name(value: str) -> str:
    return shorten(value, limit=10 if re.search(_HAN, value) else 20)


_FITTERS: Mapping[FieldType, Callable[[str], str]] = {
    FieldType.THING: lambda value: shorten(value, limit=THING_MAX),
    FieldType.AMOUNT: lambda value: re.sub(r"[,， ]", "", value),
    FieldType.TIME: lambda value: re.sub(r"\s*[–—～-]\s*(?=\d{1,2}:)", "~", value),
    FieldType.NAME: _fit_name,
}
