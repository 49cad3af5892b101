"""The price card: what a service with its chosen options costs and how long it takes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid
from kernel.money import ZERO, Money
from kernel.words import msg


class BadOption(Invalid):
    """The price card has no such option, or not so many of it."""

    code = "bad_option"
    says = msg("这个选项不在价目表里，请重新选择。")


@dataclass(frozen=True, slots=True)
class Quote:
    """The sum, the working time in seconds, and one line per chosen option."""

    price: Money
    work_s: int
    lines: tuple[tuple[str, int, Money], ...]


def quote(
    *, price: Money, work_s: int, card: Sequence[Mapping[str, Any]], choices: Mapping[str, int]
) -> Quote:
    """Price a service with `choices` (option code to count; 0 is "not chosen").

    Options that share a `group` shut each other out. Raises BadOption.
    """
    options = {option["code"]: option for option in card}
    lines = []
    groups: set[str] = set()
    for code, count in choices.items():
        option = options.get(code)
        if option is None or not 0 <= count <= option["most"]:
            raise BadOption(field=code)
        if count:
            group = option.get("group", "")
            if group and group in groups:
                raise BadOption(field=code)
            groups.add(group)
            each = Money(option["price_fen"])
            lines.append((str(option["name"]), count, each * count))
            price, work_s = price + each * count, work_s + option["work_s"] * count
    return Quote(price, work_s, tuple(lines))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the price card, `count` times: what it adds to price and working time."""

    name: str
    count: int
    price: Money
    work_s: int


def priced(card: Sequence[Mapping[str, Any]], *, code: str, count: int) -> Line:
    """Price `count` (at least 1) of one option. Raises BadOption."""
    if count < 1:
        raise BadOption(field=code)
    found = quote(price=ZERO, work_s=0, card=card, choices={code: count})
    [(name, _, price)] = found.lines
    return Line(name=name, count=count, price=price, work_s=found.work_s)
