"""The member's points: the balance, where each of them came from, and where he stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import queries, shop_queries
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.money import Money
from kernel.words import msg
from members import (
    grade_queries,
    ledger,
    ledger_queries,
    redemption_queries,
    strike_queries,
    survey_queries,
)
from members import queries as members
from members.ledger import COMPENSATION, COMPLETION, KIND_NAMES, REVERSAL, STRIKE, member_owner
from members.ledger_queries import Line
from members.risk import BLACKLISTED_NAME, TIER_NAMES
from members.risk import KIND_NAMES as STRIKE_NAMES
from members.strike_queries import PendingLine

VOUCHERS_MAX = 20
_OTHER = msg("积分变动")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the statement in words; `tone` is pending, reversed or ""."""

    what: str
    at: datetime
    why: str
    amount: int
    href_number: str
    href_strike: str = ""
    tone: str = ""
    # What it cites, such as `exchange:X123`, and the address of what was taken in the shop.
    evidence: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What we paid for a promise that we broke."""

    at: datetime
    amount: Money
    number: str
    service: str


@blueprint.get("/points")
@signed_in(Role.MEMBER)
def points() -> ResponseReturnValue:
    """Show the balance, the ladder and the newest lines of the ledger; ?before= those before one."""
    member_id, now = call.actor().id, call.now()
    before = request.args.get("before", "")
    place = int(before) if before.isdecimal() and len(before) < 16 else None
    with transaction(reads_only=True) as db:
        found = strike_queries.statement(db, member_id=member_id, before=place)
        about = _about(db, member_id)
        entries = [_pending(line) for line in found.pending]
        entries += [_entry(line, about) for line in found.lines]
        _name_spending(db, member_id, entries)
        rules = queries.rules_of_member(db, member_id)
        held = grade_queries.held_by(db, member_id, rules=rules, now=now)
        standing = members.standing_of(
            db, member_id, branch_id=queries.branch_of_member(db, member_id), now=now
        )
        vouchers = _vouchers(db, member_id, about)
        by, within = call.actor(), queries.stores_within(db, call.actor())
        surveys = survey_queries.open_for(db, by=by, within=within, now=now)
        voucher_sum = Money(ledger_queries.compensation_balance(db, member_id))
    name = BLACKLISTED_NAME if standing.blacklisted_until else TIER_NAMES[standing.tier]
    return render_template(
        "consumer/points.html",
        balance=found.balance,
        entries=entries,
        older=found.before,
        is_first=place is None,
        standing=standing,
        held=held,
        grades=rules.tiers,
        tier_name=gettext(name),
        tier_names=[gettext(each) for each in TIER_NAMES],
        surveys=surveys,
        survey_points=rules.survey_points,
        vouchers=vouchers,
        voucher_sum=voucher_sum,
    )


def _about(db: Session, member_id: int) -> Mapping[str, tuple[str, str, Money]]:
    """Return number, service and price of the member's bookings by the evidence that names them."""
    services = queries.services_by_id(db)
    return {
        f"booking:{booking.number}": (
            booking.number,
            services[booking.service_id].name,
            booking.due,
        )
        for booking in queries.bookings_of(db, member_id, limit=200)
    }


def _pending(line: PendingLine) -> Entry:
    why = gettext("复议中，未生效") if line.is_contested else gettext("可复议，未生效")
    return Entry(
        what=gettext(STRIKE_NAMES[line.kind]),
        at=line.happened_at,
        why=why,
        amount=line.points,
        href_number="",
        href_strike=line.strike_number,
        tone="pending",
    )


def _entry(line: Line, about: Mapping[str, tuple[str, str, Money]]) -> Entry:
    number, service, price = about.get(line.evidence, ("", "", None))
    is_completion = line.kind == COMPLETION
    why = gettext("费用 %(price)s", price=str(price)) if is_completion and price is not None else ""
    if line.kind == ledger.RATING:
        why = gettext("打几分都一样")
    if line.reversed_at is not None:
        why = gettext("已冲回")
    return Entry(
        what=_what(line, service),
        at=line.at,
        why=why,
        amount=line.amount,
        href_number=number,
        href_strike=line.evidence_number if line.evidence_kind == STRIKE else "",
        tone="reversed" if line.reversed_at is not None else "",
        evidence=line.evidence if line.kind == ledger.REDEEMED else "",
    )


def _name_spending(db: Session, member_id: int, entries: list[Entry]) -> None:
    """Say of each line on which points were spent what they were spent on."""
    if not any(entry.evidence for entry in entries):
        return
    taken = {
        f"exchange:{number}": (name, _way_to(owed))
        for number, (name, owed) in shop_queries.names_of(db, member_id).items()
    }
    given = redemption_queries.whats(db, member_id, limit=shop_queries.OWN_LISTED_MAX)
    known = taken | {f"redemption:{number}": (what, "") for number, what in given.items()}
    for place, entry in enumerate(entries):
        name, href = known.get(entry.evidence, ("", ""))
        if name:
            entries[place] = replace(entry, what=gettext("兑换：%(what)s", what=name), href=href)


def _way_to(owed: str) -> str:
    return url_for("consumer.collection_page", number=owed) if owed else url_for("consumer.coupons")


def _what(line: Line, service: str) -> str:
    if line.kind == COMPLETION:
        return gettext("完成：%(service)s", service=service) if service else gettext("完成服务")
    if line.kind == REVERSAL and line.reverses:
        return gettext(
            "冲回：%(what)s", what=gettext(KIND_NAMES.get(line.reverses, KIND_NAMES[REVERSAL]))
        )
    return gettext(KIND_NAMES.get(line.kind, _OTHER))


def _vouchers(
    db: Session, member_id: int, about: Mapping[str, tuple[str, str, Money]]
) -> list[Voucher]:
    lines = ledger_queries.lines(
        db, owner=member_owner(member_id), unit=COMPENSATION, limit=VOUCHERS_MAX
    )
    shown = []
    for line in lines:
        number, service, _ = about.get(line.evidence, ("", "", None))
        shown.append(Voucher(at=line.at, amount=Money(line.amount), number=number, service=service))
    return shown
