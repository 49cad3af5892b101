"""What is true of a message at the moment of sending: does the news still stand, who can be reached how."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select

from booking import queries as bookings
from booking.states import PROMISED
from dispatch import queries as visits
from gateways.wechat.client import WeChat
from kernel.clock import wall_s
from kernel.db import Session
from kernel.leases import PENDING
from kernel.settings import Mode, Settings
from members import queries as members
from members import tag_queries
from notifications import channels, messages, queries
from notifications.channels import Channel, FileSms, Sms
from notifications.messages import CHAT, SPECS
from notifications.models import Message
from notifications.sending import BACKOFF_MAX_S

# News that names the window of a visit to come: of no use once the booking was moved or is off.
OF_A_WINDOW = frozenset({"M1", "M2", "M3", "M4", "M5", "M6", "M8"})
# How the keys of what a campaign and a care plan tell begin: members may turn it off.
NEWS = ("A2:news:", "A2:care:")
# An earlier message that is tried again within this time is waited for by every other.
WAITS_FOR_S = BACKOFF_MAX_S + 30.0
# How soon it is looked at again, at least and at most; a demo's clock may hasten what it waits for.
SHORTLY_S, LOOK_S = 2.0, 300.0
# So near its end a message waits for none that is held back.
LAST_CHANCE = timedelta(minutes=15)

WindowOpen = Callable[[Session, str, datetime], bool]


def no_window(_db: Session, _openid: str, _now: datetime) -> bool:
    """The customer-message window of somebody of whose acts nobody keeps a ledger: never open."""
    return False


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs: the account, its template ids by kind, the address of our pages, other ways.

    `window_open` tells whether WeChat lets us write to an openid as a customer just now.
    """

    wechat: WeChat
    template_ids: Mapping[str, str]
    public_base: str
    subscription_ids: Mapping[str, str] = field(default_factory=dict)
    window_open: WindowOpen = no_window
    sms: Sms | None = None
    # Where the pictures lie that are sent in a chat.
    shelf: Path = Path()
    quotas: Mapping[Channel, int] = field(default_factory=lambda: channels.QUOTAS)

    @classmethod
    def from_settings(cls, settings: Settings, wechat: WeChat) -> Self:
        """A file is nobody's telephone: in production a person calls, where no provider is joined."""
        is_earnest = settings.mode is Mode.PRODUCTION
        return cls(
            wechat=wechat,
            template_ids=json.loads(settings.wechat_template_ids),
            subscription_ids=json.loads(settings.wechat_subscription_ids),
            public_base=settings.public_base,
            shelf=settings.data_dir / "photos",
            sms=None if is_earnest else FileSms(settings.data_dir / "sms.jsonl"),
        )


def next_way(
    db: Session, row: Message, sender: Sender, *, now: datetime, is_shut: bool = False
) -> Channel | None:
    """Return the way by which a message that surely did not arrive is tried next; None for no way.

    `is_shut`: he has shut WeChat to us, or WeChat has, so that none of its ways is tried.
    """
    opened = set()
    if not is_shut and is_granted(db, row, sender):
        opened.add(Channel.SUBSCRIPTION)
    if not is_shut and sender.window_open(db, row.openid, now):
        opened.add(Channel.CUSTOMER)
    if row.kind not in channels.BY_WECHAT_ALONE and phone_of(db, row.about):
        opened.add(Channel.CALL)
        if sender.sms is not None:
            opened.add(Channel.SMS)
    return channels.following(Channel(row.channel), opened=opened)


def is_granted(db: Session, row: Message, sender: Sender) -> bool:
    """Tell whether there is a subscription notice of that kind, and a grant of his for it."""
    template_id = sender.subscription_ids.get(row.kind, "")
    return bool(template_id) and queries.grants_left(db, row.openid, template_id) > 0


def phone_of(db: Session, about: str) -> str:
    """Return the telephone of whom a message is for, "" when nobody knows one."""
    kind, _, name = about.partition(":")
    if kind == "member":
        return members.member(db, int(name)).phone
    if kind == "booking":
        booking = bookings.by_number(db, name)
        return booking.phone if booking else ""
    visit = visits.visit_by_number(db, name)
    return visits.technician(db, visit.technician_id).phone if visit.technician_id else ""


def is_overtaken(db: Session, row: Message) -> bool:
    """Tell whether the booking was moved or is off since the message was made."""
    if row.window_at is None or row.kind not in OF_A_WINDOW:
        return False
    booking = _booking_of(db, row.about)
    return booking is not None and (
        booking.starts_at != row.window_at or booking.state not in PROMISED
    )


def is_unwanted(db: Session, row: Message) -> bool:
    """Tell whether it is news, and its member has turned news off since it was queued."""
    if not row.dedupe_key.startswith(NEWS):
        return False
    return not tag_queries.wants_news(db, int(row.about.removeprefix("member:")))


def _booking_of(db: Session, about: str) -> Any:
    kind, _, number = about.partition(":")
    if kind == "booking":
        return bookings.by_number(db, number)
    return bookings.booking_of_visit(db, visits.visit_by_number(db, number).id)


def earlier_ones(db: Session, rows: Sequence[Message]) -> Mapping[int, Sequence[Message]]:
    """Return for each message, by its id, what the same person is still to hear of the same thing and
    what happened before."""
    # More than is asked for, and in no order: so the index is used that finds them, where SQLite would
    # otherwise look at all that wait.
    found = select(Message).where(
        Message.about.in_({row.about for row in rows}),
        Message.openid.in_({row.openid for row in rows}),
        Message.state == PENDING,
    )
    waiting = sorted(db.scalars(found), key=attrgetter("id"))
    return {
        row.id: [one for one in waiting if one.id < row.id and thing_of(one) == thing_of(row)]
        for row in rows
    }


def thing_of(row: Message) -> tuple[str, str]:
    """Return what keeps messages in order: about the same, to the same person."""
    return row.about, row.openid


def waits_s(
    row: Message, earlier: Sequence[Message], *, now: datetime, held: Collection[str]
) -> float:
    """Return how long the message waits for those before it, 0 for not at all.

    It waits for whatever is before it, however long that is held back. What is urgent, an answer, or
    of no use soon waits only for what is tried again shortly. `held` are the words of those that the
    night, a quota or an earlier one holds.
    """
    now_s = wall_s()
    waits = [max(SHORTLY_S, one.due_s - now_s) for one in earlier]
    is_last_chance = row.not_after is not None and row.not_after - now <= LAST_CHANCE
    if row.kind in channels.PASSES or is_last_chance:
        waits = [
            wait
            for one, wait in zip(earlier, waits, strict=True)
            if one.lease_until_s > now_s or (wait <= WAITS_FOR_S and one.error not in held)
        ]
    return min(max(waits, default=0.0), LOOK_S)


def is_news(db: Session, row: Message, code: int | None) -> bool:
    """Tell whether no other message waits because of that code of WeChat's: then it is an alarm."""
    same = select(Message.id).where(
        Message.id != row.id, Message.state == PENDING, Message.error.startswith(f"{code}:")
    )
    return db.scalar(same.limit(1)) is None


def notice_of(row: Message) -> Mapping[str, str]:
    """Return the fields of the message as a subscription notice has them."""
    return messages.answered(row.fields.get("text", "")) if row.kind == CHAT else row.fields


def words_of(row: Message, public_base: str) -> str:
    """Return the message as plain words, with the address of its page."""
    if row.kind == CHAT:
        return str(row.fields["text"])
    spec = SPECS.get(row.kind)
    labels = dict(spec.fields) if spec else {}
    fields = [(labels.get(key, key), value) for key, value in row.fields.items()]
    return channels.text_of(spec.title if spec else "", fields, public_base + row.path)
