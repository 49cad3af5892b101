"""A member tells of the people of his household."""

from collections.abc import Collection
from datetime import datetime

from kernel.db import Session
from kernel.numbers import new_number
from kernel.phone import Phone
from members import contact_queries
from members.contact_models import Contact
from members.contacts import CONTACTS_MAX, ContactKnown, ContactRole, TooManyContacts
from members.operations.following import lock_member


def add_contact(
    db: Session,
    *,
    member_id: int,
    name: str,
    phone: Phone,
    roles: Collection[ContactRole],
    now: datetime,
) -> Contact:
    """Keep somebody of the member's household. Raises TooManyContacts, ContactKnown."""
    lock_member(db, member_id)
    known = contact_queries.contacts_of(db, member_id)
    if any(row.phone == phone.digits for row in known):
        raise ContactKnown(field="phone")
    if len(known) >= CONTACTS_MAX:
        raise TooManyContacts
    row = Contact(
        number=new_number("H"),
        member_id=member_id,
        name=name.strip(),
        phone=phone.digits,
        roles=sorted(role.value for role in roles),
        added_at=now,
    )
    db.add(row)
    db.flush()
    return row


def remove_contact(db: Session, *, number: str, member_id: int) -> None:
    """Forget one of the member's household. Raises ContactMissing."""
    lock_member(db, member_id)
    db.delete(contact_queries.contact(db, number=number, member_id=member_id))
