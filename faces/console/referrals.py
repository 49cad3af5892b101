"""/console/referrals: who brought whom, what both were given, and what badges earned."""

from flask import render_template
from flask.typing import ResponseReturnValue

from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.forms import PageQuery
from faces.console.paging import Page
from faces.console.routes import READERS, blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.money import Money
from members import referral_queries, rule_queries, staff_queries
from members.referring import referrer_of

TECHNICIAN = Role.TECHNICIAN.value


@blueprint.get("/referrals")
@signed_in(*READERS)
def referrals() -> ResponseReturnValue:
    """List who brought whom, and who earned by his badge."""
    wanted = call.query(PageQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = referral_queries.referred(db, limit=page.size, offset=page.offset)
        return render_template(
            "console/referrals.html",
            branch=branch,
            rows=[
                (row, referral_queries.member_of_number(db, referrer_of(row.first_scene)))
                for row in rows
            ],
            given=referral_queries.rewarded_at(db, [row.id for row in rows]),
            badges=_badges(db),
            rules=rule_queries.in_force(db, branch_id=branch.id),
            page_=page,
        )


def _badges(db: Session) -> list[tuple[str, int, Money]]:
    """Return who bears a badge that earned, for how many members, and how much."""
    earned = [(_bearer(owner), n, fen) for owner, n, fen in referral_queries.commissions(db)]
    people = dispatch.technicians_by_id(
        db, {id_ for (kind, id_), _, _ in earned if kind == TECHNICIAN}
    )
    staff = staff_queries.names(db, {id_ for (kind, id_), _, _ in earned if kind != TECHNICIAN})
    return [
        (
            f"{people[id_].name} {people[id_].work_number}"
            if kind == TECHNICIAN
            else staff.get(id_, ""),
            count,
            Money(fen),
        )
        for (kind, id_), count, fen in earned
    ]


def _bearer(owner: str) -> tuple[str, int]:
    kind, _, id_ = owner.partition(":")
    return kind, int(id_)
