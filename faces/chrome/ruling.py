"""The rules in force, for sentences that say what something costs."""

from typing import Protocol

from flask import g

from booking import queries
from kernel.db import transaction
from members import rule_queries
from members.rules import Rules


class AtBranch(Protocol):
    """A visit, by its row."""

    @property
    def id(self) -> int: ...

    @property
    def branch_id(self) -> int: ...


def at(branch_id: int | None, *, member_id: int | None = None) -> Rules:
    """Return the rules in force there, for that member, read once a call."""
    known: dict[tuple[int | None, int | None], Rules] = g.setdefault("rules", {})
    case = branch_id, member_id
    if case not in known:
        with transaction(reads_only=True) as db:
            known[case] = rule_queries.in_force(db, branch_id=branch_id, member_id=member_id)
    return known[case]


def over(visit: AtBranch) -> Rules:
    """Return the rules in force for whom that visit serves."""
    with transaction(reads_only=True) as db:
        booking = queries.booking_of_visit(db, visit.id)
    return at(visit.branch_id, member_id=booking.member_id)
