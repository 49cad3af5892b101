"""Deposits of held windows: what is posted when one is paid, returned or kept. Pure."""

from kernel.money import Money
from members.ledger import (
    DEPOSIT_KEPT,
    DEPOSIT_PAID,
    DEPOSIT_RETURNED,
    DEPOSITS,
    HOUSE_DEPOSITS,
    HOUSE_DEPOSITS_KEPT,
    Draft,
    member_owner,
)
from members.rules import Rules


def deposit_draft(
    *, member_id: int, booking_number: str, kind: str, amount: Money, rules: Rules
) -> Draft:
    """Return the posting of a deposit that was paid, returned or kept, each once a booking.

    `kind` is DEPOSIT_PAID, DEPOSIT_RETURNED or DEPOSIT_KEPT. What was not paid can be neither
    returned nor kept: the member's account has a floor.
    """
    sign = 1 if kind == DEPOSIT_PAID else -1
    house = HOUSE_DEPOSITS_KEPT if kind == DEPOSIT_KEPT else HOUSE_DEPOSITS
    assert kind in (DEPOSIT_PAID, DEPOSIT_RETURNED, DEPOSIT_KEPT)
    return Draft(
        key=deposit_key(kind, booking_number),
        kind=kind,
        unit=DEPOSITS,
        legs={house: -sign * amount.fen, member_owner(member_id): sign * amount.fen},
        evidence=f"booking:{booking_number}",
        rules=rules,
    )


def deposit_key(kind: str, booking_number: str) -> str:
    """Return the key under which that is posted of a booking's deposit."""
    return f"{kind}:{booking_number}"
