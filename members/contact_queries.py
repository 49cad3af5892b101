"""Reads of a household's people."""

from collections.abc import Sequence

from sqlalchemy import select

from kernel.db import Session
from members.contact_models import Contact
from members.contacts import ContactMissing


def contacts_of(db: Session, member_id: int) -> Sequence[Contact]:
    """Return the people of the member's household, in the order they were told of."""
    found = select(Contact).where(Contact.member_id == member_id)
    return db.scalars(found.order_by(Contact.id)).all()


def contact(db: Session, *, number: str, member_id: int) -> Contact:
    """Return one of the member's household. Raises ContactMissing."""
    found = select(Contact).where(Contact.number == number, Contact.member_id == member_id)
    row = db.scalars(found).one_or_none()
    if row is None:
        raise ContactMissing
    return row
