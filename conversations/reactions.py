"""What conversations do about what happened elsewhere. Safe to repeat."""

from booking.events import PaymentReceived
from conversations import inbox
from conversations.operations import account
from kernel.clock import Clock
from kernel.db import transaction
from kernel.events import Event
from members import queries as members
from members.events import MemberFollowed

# A new follower gets his tags as soon, together with others who came meanwhile.
TAGGED_WITHIN_S = 60.0


def on_followed(event: Event, clock: Clock) -> None:
    """Have the account tag him."""
    del clock
    assert isinstance(event, MemberFollowed)
    if event.scene:
        with transaction() as db:
            account.ask(db, in_s=TAGGED_WITHIN_S)


def on_paid(event: Event, clock: Clock) -> None:
    """Keep the payment among the member's acts: for 48 hours WeChat takes any number of messages."""
    del clock
    assert isinstance(event, PaymentReceived)
    with transaction() as db:
        openid = members.member(db, event.member_id).openid
        inbox.note_paid(db, openid=openid, number=event.payment_number, at=event.at)
