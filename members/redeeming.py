"""Points spent on the spot: what they are worth, and the code by which a member lets somebody take
them. Pure."""

import secrets
import unicodedata
from datetime import timedelta

from kernel.errors import Conflict, Invalid, Missing
from kernel.money import Money
from kernel.words import msg
from members.ledger import (
    COMPENSATION,
    HOUSE_REDEEMED,
    HOUSE_VOUCHERS_USED,
    POINTS,
    REDEEMED,
    VOUCHER_USED,
    Draft,
    member_owner,
)
from members.rules import Rules

# A code that nobody took lets its points go after so long.
CODE_LIFE = timedelta(minutes=5)
CODE_DIGITS = 8
# For so long what was taken may be given back.
REVERSIBLE_FOR = timedelta(days=7)
WHAT_MAX = 40


class BadAmount(Invalid):
    """No whole number of yuan, or none at all."""

    code = "bad_amount"
    says = msg("积分要是 %(step)s 的倍数，至少 %(step)s。")


class NoSuchCode(Invalid):
    """Nothing is offered by it, or not any more; said alike, so that nobody learns which were there."""

    code = "no_such_code"
    says = msg("没有这个积分码，或者已经过期。请会员重新出一个。")


class RedemptionMissing(Missing):
    """No such redemption, or not his to see."""

    says = msg("没有找到这笔现场兑换。")


class TooLateToReverse(Conflict):
    """REVERSIBLE_FOR is over."""

    code = "too_late_to_reverse"
    says = msg("超过 7 天的兑换不能再退回。")


def check_amount(points: int, *, rules: Rules) -> None:
    """Refuse what is no whole number of yuan. Raises BadAmount."""
    step = rules.points_a_yuan
    if points < step or points % step:
        raise BadAmount(field="points", step=step)


def worth_of(points: int, *, rules: Rules) -> Money:
    """Return what so many points are worth, in whole yuan."""
    return Money(points // rules.points_a_yuan * 100)


def new_code() -> str:
    """Return CODE_DIGITS random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def spending_draft(*, member_id: int, points: int, key: str, evidence: str, rules: Rules) -> Draft:
    """Return the posting by which a member spends `points` (positive) on what `evidence` names;
    `rules` are those that set the price."""
    return Draft(
        key=key,
        kind=REDEEMED,
        unit=POINTS,
        legs={HOUSE_REDEEMED: points, member_owner(member_id): -points},
        evidence=evidence,
        rules=rules,
    )


def voucher_draft(*, member_id: int, amount: Money, key: str, evidence: str, rules: Rules) -> Draft:
    """Return the posting by which vouchers pay `amount` (positive) of what `evidence` names."""
    return Draft(
        key=key,
        kind=VOUCHER_USED,
        unit=COMPENSATION,
        legs={HOUSE_VOUCHERS_USED: amount.fen, member_owner(member_id): -amount.fen},
        evidence=evidence,
        rules=rules,
    )


def evidence_of(number: str) -> str:
    """Return what the posting of that redemption cites; its hold and its posting go by it as well."""
    return f"redemption:{number}"


def tidy_code(text: str) -> str:
    """Return a code as it is kept, from what a scanner or a hand gives."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("-", "")
