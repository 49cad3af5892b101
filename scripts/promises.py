"""What must be true of the ledger and of what follows from it: the promises 12 to 23, read afresh.

The numbers are those of the list of invariants that the house promises to keep. What a race, a machine
of Hypothesis, a bench and a killed process leave behind is held against this one function.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, text, union
from sqlalchemy.orm import aliased

from booking.models import Booking
from booking.states import SERVED, BookingState
from kernel.db import Session, take_your_time
from members import ledger_proof, seals, strike_queries
from members.ledger import COMPLETION, DEBT, POINTS, STRIKE
from members.ledger_models import Account, Hold, Lot, Posting
from members.models import Member
from members.operations import blacklist
from members.risk import TermEnding
from members.states import BlacklistingState, StrikeState
from members.strike_models import Blacklisting, Override, Strike

NUMBERS = range(12, 24)
# The tables whose rows stand for ever, of which the ledger and the ladder are made.
STANDING = tuple(
    f"members_{name}"
    for name in ("posting", "entry", "lot_draw", "hold_part", "strike_step", "override", "merge")
)
GUARDS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        ("no_update", "no_delete", "no_replace"),
    ),
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'",
        ("no_change", "no_truncate"),
    ),
}
_IN_LEDGER = {StrikeState.POSTED: False, StrikeState.REVERSED: True}
_ENDINGS = {
    BlacklistingState.REVERSED: TermEnding.REVERSED,
    BlacklistingState.RELEASED: TermEnding.RELEASED,
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that is broken, by its number, and what breaks it."""

    number: int
    by: str


def broken(db: Session, *, now: datetime, sealed: Path | None = None) -> Iterator[Broken]:
    """Yield what breaks one of the promises 12 to 23 at `now`; `sealed` is the folder of the seals,
    where there are any."""
    take_your_time(db)
    for row in ledger_proof.bad_rows(db, now=now):
        yield Broken(row.invariant, f"{row.owner} {row.unit} {row.seq} {row.key}: {row.broken}")
    for seal in seals.broken_seals(db, sealed) if sealed else ():
        yield Broken(23, f"{seal.file} {seal.account_id} {seal.seq}")
    for number, found in _RULES:
        yield from (Broken(number, words) for words in found(db, now))


def _unguarded(db: Session, _now: datetime) -> Iterator[str]:
    """13: what has happened is guarded against change; that nothing was changed say 12, 14 and 23."""
    asked, names = GUARDS[db.get_bind().dialect.name]
    there = set(db.scalars(text(asked)))
    yield from ({f"{table}_{name}" for table in STANDING for name in names}) - there


def _used_twice(db: Session, _now: datetime) -> Iterator[str]:
    """17: a key is used once; that it means what it says is 12."""
    for key in (Posting.idempotency_key, Hold.idempotency_key):
        yield from db.scalars(select(key).group_by(key).having(func.count() > 1))


def _wrong_penalties(db: Session, _now: datetime) -> Iterator[str]:
    """20: one penalty a booking and kind, on evidence, undone by reversal alone."""
    twice = select(Strike.booking_number).group_by(Strike.booking_number, Strike.kind)
    yield from db.scalars(twice.having(func.count() > 1))
    undoes = aliased(Posting)
    posted = (
        select(Strike, Posting.id, undoes.id)
        .outerjoin(Posting, Posting.idempotency_key == literal("strike:") + Strike.number)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
    )
    rows: Iterable[Any] = db.execute(posted)
    for strike, posting_id, undone_by in rows:
        stands = None if posting_id is None else undone_by is not None
        if not strike.evidence or stands != _IN_LEDGER.get(strike.state):
            yield strike.number
    cited = select(Posting.idempotency_key).outerjoin(
        Strike, Posting.idempotency_key == literal("strike:") + Strike.number
    )
    yield from db.scalars(cited.where(Posting.kind == STRIKE, Strike.id.is_(None)))


def _earned_for_nothing(db: Session, now: datetime) -> Iterator[str]:
    """21: what was earned stands on a booking that was served, and what is missing is owed until
    something is there to repay it from."""
    undoes = aliased(Posting)
    earned = (
        select(Posting.idempotency_key)
        .join(Booking, Posting.evidence == literal("booking:") + Booking.number)
        .outerjoin(undoes, undoes.reverses_id == Posting.id)
        .where(
            Posting.kind == COMPLETION,
            undoes.id.is_(None),
            Booking.state.not_in(SERVED | {BookingState.DISPUTED}),
        )
    )
    yield from db.scalars(earned)
    debt = aliased(Account)
    owing = (
        select(Account.owner)
        .join(debt, and_(debt.owner == literal(DEBT) + Account.owner, debt.unit == Account.unit))
        .join(Lot, Lot.account_id == Account.id)
        .where(
            Account.unit == POINTS, debt.balance < 0, Lot.remaining > Lot.held, Lot.expires_at > now
        )
    )
    yield from db.scalars(owing.distinct())


def _wrong_blacklistings(db: Session, _now: datetime) -> Iterator[str]:
    """22: what is stored is what the ledger, the entries and the rules give; by hand, with a reason."""
    struck = select(Strike.member_id).where(Strike.member_id.is_not(None))
    # What was decided by hand stands under the name of who was merged since.
    now_is = func.coalesce(Member.merged_into_id, Member.id)
    decided = select(now_is).join(Override, Override.member_id == Member.id)
    for member_id in db.scalars(union(select(Blacklisting.member_id), decided, struck)):
        terms = {
            term.cause: (term.begins_at, term.until, term.ended_at, term.strikes, term.ending)
            for term in blacklist.recomputed(db, member_id)
        }
        stored = {
            row.cause: (
                row.begins_at,
                row.until,
                row.ended_at,
                tuple(row.strikes),
                _ENDINGS.get(row.state),
            )
            for row in strike_queries.blacklistings_of(db, member_id=member_id)
        }
        if terms != stored:
            yield f"member:{member_id}"
    nameless = select(Override.number).where(or_(Override.reason == "", Override.actor_id == 0))
    yield from db.scalars(nameless)


_RULES = (
    (13, _unguarded),
    (17, _used_twice),
    (20, _wrong_penalties),
    (21, _earned_for_nothing),
    (22, _wrong_blacklistings),
)
