"""What happened elsewhere and lets us write to a member for longer. Safe to repeat."""

from booking.events import PaymentReceived
from conversations import inbox
from kernel.clock import Clock
from kernel.db import transaction
from kernel.events import Event
from members import queries as members


def on_paid(event: Event, clock: Clock) -> None:
    """Keep the payment among the member's acts: for 48 hours WeChat takes any number of messages."""
    del clock
    assert isinstance(event, PaymentReceived)
    with transaction() as db:
        openid = members.member(db, event.member_id).openid
        inbox.note_paid(db, openid=openid, number=event.payment_number, at=event.at)
