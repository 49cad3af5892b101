"""What an actor may see of dispatch, found by what addresses name. Faces look things up here: what
lies out of scope is missing, in the same words as what does not exist."""

from sqlalchemy import ColumnElement, false, select, true

from dispatch.models import Branch, Proposal, Technician, Visit
from dispatch.queries import VisitMissing
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.db import Base, Session
from kernel.errors import Missing
from kernel.words import msg


class TechnicianMissing(Missing):
    """No such technician, or one of another branch."""

    says = msg("没有这位师傅。")


class ProposalMissing(Missing):
    """No such proposal, or another branch's."""

    says = msg("没有这份排班建议。")


def visit(db: Session, *, number: str, by: Actor) -> Visit:
    """Return a visit: a technician's own, or one of staff's branches. Raises VisitMissing."""
    found = db.scalars(select(Visit).where(Visit.number == number, visits(by))).one_or_none()
    if found is None:
        raise VisitMissing
    return found


def technician(db: Session, *, technician_id: int, by: Actor) -> Technician:
    """Return a technician of staff's branches, or oneself. Raises TechnicianMissing."""
    where = (Technician.id == technician_id, technicians(by))
    found = db.scalars(select(Technician).where(*where)).one_or_none()
    if found is None:
        raise TechnicianMissing
    return found


def proposal(db: Session, *, number: str, by: Actor) -> Proposal:
    """Return a proposal of staff's branches. Raises ProposalMissing."""
    where = (Proposal.number == number, _in_branches(Proposal, by))
    found = db.scalars(select(Proposal).where(*where)).one_or_none()
    if found is None:
        raise ProposalMissing
    return found


def visits(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the visits in the actor's scope. A member reads visits through his
    bookings only."""
    return Visit.technician_id == by.id if by.role is Role.TECHNICIAN else _in_branches(Visit, by)


def technicians(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the technicians in the actor's scope."""
    is_one = by.role is Role.TECHNICIAN
    return Technician.id == by.id if is_one else _in_branches(Technician, by)


def branches(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the branches in the actor's scope."""
    if by.branch_ids:
        return Branch.id.in_(by.branch_ids)
    return true() if by.sees_branch(0) else false()


def _in_branches(model: type[Base], by: Actor) -> ColumnElement[bool]:
    """A store's people have nothing to do with plans and visits."""
    if by.role not in CONSOLE_ROLES - {Role.STORE} | {Role.SYSTEM}:
        return false()
    if by.branch_ids:
        column: ColumnElement[int] = model.branch_id  # type: ignore[attr-defined]  # each of these has it
        return column.in_(by.branch_ids)
    return true() if by.sees_branch(0) else false()
