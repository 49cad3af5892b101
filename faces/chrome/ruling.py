"""The rules in force, for sentences that say what something costs."""

from flask import g

from kernel.db import transaction
from members import rule_queries
from members.rules import Rules


def at(branch_id: int | None) -> Rules:
    """Return the rules in force at that branch, read once a call."""
    known: dict[int | None, Rules] = g.setdefault("rules", {})
    if branch_id not in known:
        with transaction(reads_only=True) as db:
            known[branch_id] = rule_queries.in_force(db, branch_id=branch_id)
    return known[branch_id]
