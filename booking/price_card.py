"""The price card as people fill it in, row by row, and as it is kept. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid
from kernel.money import Money
from kernel.words import msg

KINDS = ("switch", "count", "choice")
ROWS_MAX = 30
MOST_MAX = 99
MINUTES_MAX = 600
YUAN_MAX = 100_000
NAME_LENGTH_MAX = 30
_YUAN = re.compile(r"(\d{1,6})(?:\.(\d{1,2}))?")


class BadPrice(Invalid):
    """No sum of yuan with at most two decimals."""

    code = "bad_price"
    says = msg("价格写成元，最多两位小数，如 80 或 80.50。")


class BadRow(Invalid):
    """A row of the price card that cannot be kept; `row` counts from 1."""

    code = "bad_row"
    says = msg("第 %(row)s 行有误：名称要写，价格是元，数量 1–99，分钟 0–600。")


class RowAlone(Invalid):
    """A choice needs something to be chosen from."""

    code = "row_alone"
    says = msg("第 %(row)s 行是几选一，请写同组的名字，并且同组至少两行。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it was typed. An empty `code` is a new option."""

    code: str
    name: str
    kind: str
    most: str
    price: str
    minutes: str
    group: str


def yuan(text: str, *, field: str = "price") -> Money:
    """Return the sum that was typed in yuan. Raises BadPrice."""
    found = _YUAN.fullmatch(text.strip())
    if found is None or int(found[1]) > YUAN_MAX:
        raise BadPrice(field=field)
    return Money(int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")))


def yuan_text(fen: int) -> str:
    """Return a sum as it is typed: 80, 80.50."""
    return str(fen // 100) if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"


def rows_of(card: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return a card as rows to be typed over."""
    return [
        Row(
            code=option["code"],
            name=option["name"],
            kind=option["kind"],
            most=str(option["most"]),
            price=yuan_text(option["price_fen"]),
            minutes=str(option["work_s"] // 60),
            group=option.get("group", ""),
        )
        for option in card
    ]


def card_of(
    rows: Sequence[Row], *, before: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the card that the rows make; a row without a name is left out.

    An option keeps its code, and what rows do not show of it. Raises BadRow, RowAlone.
    """
    known = {option["code"]: option for option in before}
    used = {row.code for row in rows if row.code in known} | set(known)
    card: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        if not row.name.strip():
            if row.price.strip():
                raise BadRow(field="options", row=number)
            continue
        code = row.code if row.code in known else _new_code(used)
        used.add(code)
        card.append({**known.get(code, {}), **_option(row, code=code, number=number)})
    _check_groups(rows)
    return card


def _option(row: Row, *, code: str, number: int) -> dict[str, Any]:
    try:
        price = yuan(row.price or "0")
        most, minutes = int(row.most or "1"), int(row.minutes or "0")
    except (BadPrice, ValueError) as error:
        raise BadRow(field="options", row=number) from error
    is_good = (
        row.kind in KINDS
        and 1 <= most <= MOST_MAX
        and 0 <= minutes <= MINUTES_MAX
        and len(row.name.strip()) <= NAME_LENGTH_MAX
    )
    if not is_good:
        raise BadRow(field="options", row=number)
    option: dict[str, Any] = {
        "code": code,
        "name": row.name.strip(),
        "kind": row.kind,
        "most": most if row.kind == "count" else 1,
        "price_fen": price.fen,
        "work_s": minutes * 60,
    }
    if row.kind == "choice":
        option["group"] = row.group.strip()
    return option


def _check_groups(rows: Sequence[Row]) -> None:
    """Refuse a choice that stands in no group, or alone in it. Raises RowAlone."""
    groups = [row.group.strip() for row in rows if row.kind == "choice" and row.name.strip()]
    for number, row in enumerate(rows, start=1):
        if row.kind == "choice" and row.name.strip():
            group = row.group.strip()
            if not group or groups.count(group) < 2:
                raise RowAlone(field="options", row=number)


def _new_code(used: set[str]) -> str:
    return next(
        code for code in (f"option_{n}" for n in range(1, 2 * ROWS_MAX + 2)) if code not in used
    )
