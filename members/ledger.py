"""Ledger arithmetic: what a posting is, how its entries are chained, and what the house posts. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kernel.errors import Conflict, Missing
from kernel.money import Money
from kernel.words import msg
from members import risk
from members.rules import Rules, StrikeKind

# Units: points and strikes are counted, money is in whole fen.
POINTS = "points"
STRIKES = "strikes"
COMPLETIONS = "completions"
COMPENSATION = "compensation"
EARNINGS = "earnings"
DEPOSITS = "deposits"
UNITS = (POINTS, STRIKES, COMPLETIONS, COMPENSATION, EARNINGS, DEPOSITS)

# The house's own side of each.
HOUSE_POINTS = "house:points_issued"
HOUSE_CHARGES = "house:points_charged"
HOUSE_STRIKES = "house:strikes"
HOUSE_COMPLETIONS = "house:completions"
HOUSE_COMPENSATION = "house:compensation"
HOUSE_EARNINGS = "house:earnings"
HOUSE_DEPOSITS = "house:deposits"
HOUSE_DEPOSITS_KEPT = "house:deposits_kept"
HOUSE_REDEEMED = "house:points_redeemed"
HOUSE_EXPIRED = "house:points_expired"
HOUSE_VOUCHERS_USED = "house:vouchers_used"

# Points that a member owes stand on an account beside his own, so named, at nothing or below.
DEBT = "debt:"

# Kinds of postings.
COMPLETION = "completion"
RATING = "rating"
ON_THE_WAY = "on_the_way"
SCAN = "scan"
CANCEL_FEE = "cancel_fee"
MOVE_FEE = "move_fee"
STRIKE = "strike"
COMPENSATED = "compensation"
VOUCHER_USED = "voucher_used"
ERRAND = "errand"
DEPOSIT_PAID = "deposit_paid"
DEPOSIT_RETURNED = "deposit_returned"
DEPOSIT_KEPT = "deposit_kept"
REVERSAL = "reversal"
RESTORED = "restored"
REDEEMED = "redeemed"
EXPIRED = "expired"
DEBT_SETTLED = "debt_settled"
DRAWN = "drawn"
REFERRAL = "referral"
COMMISSION = "commission"
SURVEY = "survey"
PURCHASE = "purchase"
MERGED = "merged"

# What is spent must be there; what is taken may leave a debt.
SPENDING = frozenset({REDEEMED, EXPIRED})

# What a line of a statement is called.
KIND_NAMES: Mapping[str, str] = MappingProxyType(
    {
        COMPLETION: msg("完成服务"),
        RATING: msg("评价奖励"),
        ON_THE_WAY: msg("顺路奖励"),
        SCAN: msg("到店扫码"),
        CANCEL_FEE: msg("临近上门取消"),
        MOVE_FEE: msg("临近上门改约"),
        STRIKE: msg("违约"),
        COMPENSATED: msg("超时赔付"),
        VOUCHER_USED: msg("代金券抵扣"),
        ERRAND: msg("空跑费"),
        DEPOSIT_PAID: msg("付押金"),
        DEPOSIT_RETURNED: msg("退押金"),
        DEPOSIT_KEPT: msg("押金不退"),
        REVERSAL: msg("冲回"),
        RESTORED: msg("复议恢复"),
        REDEEMED: msg("兑换"),
        EXPIRED: msg("积分到期"),
        DEBT_SETTLED: msg("抵还欠分"),
        DRAWN: msg("砸金蛋得分"),
        REFERRAL: msg("推荐朋友"),
        COMMISSION: msg("推荐佣金"),
        SURVEY: msg("答问卷"),
        PURCHASE: msg("留下试用品"),
        MERGED: msg("会员合并转移"),
        # The points of a strike are named after it.
        **{kind.value: name for kind, name in risk.KIND_NAMES.items()},
    }
)

# What a member owes of points stands on an account of its own, and what a technician earned may be
# taken back after it was paid. Nobody owes strikes, vouchers or deposits.
_FLOORS: Mapping[tuple[str, str], int] = MappingProxyType(
    {
        ("member", POINTS): 0,
        ("member", STRIKES): 0,
        ("member", COMPLETIONS): 0,
        ("member", COMPENSATION): 0,
        ("member", DEPOSITS): 0,
        ("technician", STRIKES): 0,
    }
)


class KeyReused(Conflict):
    """The idempotency key was used before for something else."""

    code = "key_reused"
    says = msg("这个操作已经用同一个编号做过，内容却不同。")


class NotEnough(Conflict):
    """The posting would take an account below its floor."""

    code = "not_enough"
    says = msg("余额不够。")


class NotEnoughPoints(NotEnough):
    """There are fewer points than the posting takes."""

    code = "not_enough_points"
    says = msg("积分不够。")


class HoldMissing(Missing):
    """Nothing is kept under that key."""

    says = msg("没有找到这笔预留的积分。")


class HoldOver(Conflict):
    """What was kept was taken, let go, or ran out."""

    code = "hold_over"
    says = msg("预留的积分已用掉或已退回，请重新操作。")


class PostingMissing(Missing):
    """Nothing was posted under that key."""

    says = msg("没有找到这笔记账。")


class NotReversible(Conflict):
    """It undoes a posting itself, or was undone already for another reason."""

    code = "not_reversible"
    says = msg("这笔已经冲回过，或本身就是冲回，不能再冲。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A posting to be made: `legs` maps an account's owner to a whole amount; they sum to 0.

    `reverses_id` is the posting that this one undoes; `rules` are those by which it was reckoned, which
    the posting cites and by which the points it credits live; None for what is published.
    """

    key: str
    kind: str
    unit: str
    legs: Mapping[str, int]
    evidence: str
    reverses_id: int | None = None
    rules: Rules | None = None

    def __post_init__(self) -> None:
        amounts = list(self.legs.values())
        if len(amounts) < 2 or sum(amounts) != 0 or 0 in amounts:
            raise ValueError(f"unbalanced: {dict(self.legs)}")

    @property
    def content_hash(self) -> str:
        """Equal for equal content: tells a repeated request from a reused key."""
        return content_hash(self.kind, self.unit, self.legs, self.evidence, self.reverses_id)


def content_hash(
    kind: str, unit: str, legs: Mapping[str, int], evidence: str, reverses_id: int | None
) -> str:
    """Return the hash of what a posting means."""
    content: list[object] = [kind, unit, sorted(legs.items()), evidence]
    if reverses_id is not None:
        content.append(reverses_id)
    return hashlib.sha256(_COMPACT(content).encode()).hexdigest()


_COMPACT = json.JSONEncoder(separators=(",", ":")).encode


def chained(
    *,
    head: str,
    posting_key: str,
    content_hash: str,
    at: str,
    seq: int,
    amount: int,
    balance: int,
    rules_version: str = "",
) -> str:
    """Return the hash of an entry: it covers the one before, the posting's content and its time, and
    the rules that it cites; "" for what cites none, and for what was chained before these counted."""
    text = f"{head}|{posting_key}|{content_hash}|{at}|{seq}|{amount}|{balance}"
    if rules_version:
        text += f"|{rules_version}"
    return hashlib.sha256(text.encode()).hexdigest()


def floor_of(owner: str, unit: str) -> int | None:
    """Return the lowest balance that account may have; None when there is no limit."""
    return _FLOORS.get((owner.partition(":")[0], unit))


def debt_owner(owner: str) -> str:
    """Return the account on which stands what that owner owes."""
    return DEBT + owner


def person_of(owner: str) -> str:
    """Return whose that account is, be it his own or that of what he owes."""
    return owner.removeprefix(DEBT)


def has_lots(owner: str, unit: str) -> bool:
    """Tell whether that account's balance comes in lots, with a debt beside it."""
    return unit == POINTS and owner.startswith("member:")


def by_person(kind: str, legs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the legs as a draft names them: what stands on a person's accounts taken together, but
    for a posting between the two."""
    found: dict[str, int] = {}
    for owner, amount in legs:
        whose = owner if kind == DEBT_SETTLED else person_of(owner)
        found[whose] = found.get(whose, 0) + amount
    return found


def member_owner(member_id: int) -> str:
    """Return how the ledger calls that member."""
    return f"member:{member_id}"


def technician_owner(technician_id: int) -> str:
    """Return how the ledger calls that technician."""
    return f"technician:{technician_id}"


def staff_owner(staff_id: int) -> str:
    """Return how the ledger calls somebody of the console or of a store."""
    return f"staff:{staff_id}"


# --- What the house posts -------------------------------------------------------------------


def points_earned(paid: Money, *, rules: Rules) -> int:
    """Return the points a completed booking of that price earns: so many per whole yuan."""
    return paid.whole_yuan * rules.points_per_yuan


def completion_draft(*, member_id: int, booking_number: str, price: Money, rules: Rules) -> Draft:
    """Return the posting of a completed booking: its points, or that there was one if it earns none."""
    points, key = points_earned(price, rules=rules), f"completion:{booking_number}"
    evidence = f"booking:{booking_number}"
    if points == 0:
        legs = {HOUSE_COMPLETIONS: -1, member_owner(member_id): 1}
        return Draft(
            key=key, kind=COMPLETION, unit=COMPLETIONS, legs=legs, evidence=evidence, rules=rules
        )
    legs = {HOUSE_POINTS: -points, member_owner(member_id): points}
    return Draft(key=key, kind=COMPLETION, unit=POINTS, legs=legs, evidence=evidence, rules=rules)


def rating_draft(*, member_id: int, booking_number: str, rules: Rules) -> Draft:
    """Return the posting that a rating earns, whatever it says, once a booking; where the rules give
    anything for it."""
    return Draft(
        key=f"rating:{booking_number}",
        kind=RATING,
        unit=POINTS,
        legs={HOUSE_POINTS: -rules.rating_points, member_owner(member_id): rules.rating_points},
        evidence=f"booking:{booking_number}",
        rules=rules,
    )


def on_the_way_draft(*, member_id: int, booking_number: str, points: int, rules: Rules) -> Draft:
    """Return the posting of `points` (positive) for a window on somebody's way that was kept: once a
    booking, however often it moved."""
    return Draft(
        key=f"{ON_THE_WAY}:{booking_number}",
        kind=ON_THE_WAY,
        unit=POINTS,
        legs={HOUSE_POINTS: -points, member_owner(member_id): points},
        evidence=f"booking:{booking_number}",
        rules=rules,
    )


def fee_draft(
    *,
    member_id: int,
    booking_number: str,
    kind: str,
    points: int,
    rules: Rules,
    once: str = "",
) -> Draft:
    """Return the posting that takes `points` (positive) for a late cancel or a late move.

    `kind` is CANCEL_FEE or MOVE_FEE. It is charged once for a booking, kind and `once`: what names
    each of several moves.
    """
    assert kind in (CANCEL_FEE, MOVE_FEE)
    assert points > 0
    return Draft(
        key=":".join(part for part in (kind, booking_number, once) if part),
        kind=kind,
        unit=POINTS,
        legs={HOUSE_CHARGES: points, member_owner(member_id): -points},
        evidence=f"booking:{booking_number}",
        rules=rules,
    )


def compensation_draft(
    *, member_id: int, booking_number: str, amount: Money, once: str, rules: Rules
) -> Draft:
    """Return the posting of a voucher for `amount`: once for a booking and `once`, its cause."""
    return Draft(
        key=f"compensation:{booking_number}:{once}",
        kind=COMPENSATED,
        unit=COMPENSATION,
        legs={HOUSE_COMPENSATION: -amount.fen, member_owner(member_id): amount.fen},
        evidence=f"booking:{booking_number}",
        rules=rules,
    )


def errand_draft(*, technician_id: int, visit_number: str, rules: Rules) -> Draft:
    """Return the posting of a technician's fee for a journey in vain (空跑费), once a visit."""
    amount = rules.errand_fee
    return Draft(
        key=f"errand:{visit_number}",
        kind=ERRAND,
        unit=EARNINGS,
        legs={HOUSE_EARNINGS: -amount.fen, technician_owner(technician_id): amount.fen},
        evidence=f"visit:{visit_number}",
        rules=rules,
    )


def strike_drafts(
    *, owner: str, number: str, kind: StrikeKind, points: int, rules: Rules
) -> tuple[Draft, ...]:
    """Return the postings of a strike: the strike itself, and the points it takes if any."""
    strike = Draft(
        key=strike_key(number),
        kind=STRIKE,
        unit=STRIKES,
        legs={HOUSE_STRIKES: -1, owner: 1},
        evidence=f"strike:{number}",
        rules=rules,
    )
    if points == 0:
        return (strike,)
    charge = Draft(
        key=strike_points_key(number),
        kind=kind.value,
        unit=POINTS,
        legs={HOUSE_CHARGES: points, owner: -points},
        evidence=f"strike:{number}",
        rules=rules,
    )
    return (strike, charge)


def strike_key(number: str) -> str:
    """Return the key under which a strike is posted."""
    return f"strike:{number}"


def strike_points_key(number: str) -> str:
    """Return the key under which the points of a strike are posted."""
    return f"strike:{number}:points"
