"""How a message of the common form is queued: about a booking, or about a member's account."""

from datetime import datetime, timedelta

from booking import queries as bookings
from kernel.db import Session
from members import queries as members
from notifications import messages
from notifications.reactions import tell, tell_member

# How long news that nobody waits for at his door is still worth telling.
KEEPS_FOR = timedelta(days=3)


def place_of(db: Session, booking_id: int) -> str:
    """Return the 小区 and door of a booking, short enough for a `thing`."""
    booking = bookings.by_id(db, booking_id)
    return messages.place(compound=booking.compound, door=booking.door)


def say(
    db: Session,
    kind: str,
    booking_id: int,
    *,
    key: str,
    about: str,
    tip: str,
    not_after: datetime,
    now: datetime,
    time: str = "",
    path: str = "",
) -> None:
    """Queue a message of the common form; without a `time` it names the booking's window."""
    booking = bookings.by_id(db, booking_id)
    fields = messages.notice(
        service=bookings.service_name(db, booking.service_id),
        time=time or messages.window(booking.starts_at, booking.ends_at),
        about=about,
        tip=tip,
    )
    tell_member(
        db,
        kind,
        member_id=booking.member_id,
        number=booking.number,
        key=key,
        fields=fields,
        not_after=not_after,
        path=path,
        now=now,
    )


def say_account(
    db: Session,
    kind: str,
    member_id: int,
    *,
    key: str,
    time: str,
    about: str,
    tip: str,
    path: str = "/c/points",
    now: datetime,
) -> None:
    """Queue a message about the member's account, which leads to his points and standing if to no
    other page."""
    fields = messages.notice(service=messages.ACCOUNT, time=time, about=about, tip=tip)
    tell(
        db,
        kind=kind,
        openid=members.member(db, member_id).openid,
        about=f"member:{member_id}",
        key=key,
        fields=fields,
        not_after=now + KEEPS_FOR,
        path=path,
        now=now,
    )


def say_in_chat(
    db: Session,
    openid: str,
    *,
    about: str,
    key: str,
    text: str = "",
    picture: str = "",
    not_after: datetime,
    now: datetime,
) -> None:
    """Queue a customer message, words or a picture by its sha256: WeChat takes it until `not_after`,
    when its window shuts."""
    tell(
        db,
        kind=messages.CHAT,
        openid=openid,
        about=about,
        key=key,
        fields={"picture": picture} if picture else {"text": text},
        not_after=not_after,
        path="",
        now=now,
    )
