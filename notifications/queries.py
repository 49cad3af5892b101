"""Reads of the message log."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select

from booking import code_queries
from booking import queries as bookings
from dispatch import queries as visits
from gateways.wechat.errors import MEANINGS, Category
from kernel.actor import Actor, Role
from kernel.clock import local_date, midnight, wall_s
from kernel.db import Session
from kernel.leases import PENDING
from members import queries as members
from notifications import granting
from notifications.channels import QUOTAS, TOO_LATE, Channel
from notifications.granting import Deed
from notifications.messages import CHAT
from notifications.models import CallCount, Grant, Message, MessageStep, QuotaRow


def messages_about(db: Session, about: str) -> Sequence[Message]:
    """Return what was said about `about` (such as booking:B…), oldest first."""
    return db.scalars(select(Message).where(Message.about == about).order_by(Message.id)).all()


def arrived(db: Session, key: str) -> int:
    """Return how many account messages whose keys begin so WeChat says have arrived."""
    found = select(func.count()).where(
        Message.dedupe_key.startswith(f"A2:{key}", autoescape=True), Message.outcome == "success"
    )
    return db.scalar(found) or 0


class Fate(NamedTuple):
    """What became of what one of us wrote in a chat: its state, by which way, and whether it was too
    late, or too much, for WeChat to let it through."""

    state: str
    channel: str
    is_shut: bool


def fates(db: Session, about: str) -> Mapping[str, Fate]:
    """Return what became of the messages about a chat, by their lines."""
    return {
        row.dedupe_key.removeprefix(f"{CHAT}:"): Fate(
            row.state, row.channel, row.state in ("dead", "suppressed") and _is_shut_out(row.error)
        )
        for row in messages_about(db, about)
    }


def _is_shut_out(error: str) -> bool:
    return error == TOO_LATE or error.startswith(("45015:", "45047:"))


def written_to(db: Session, openid: str, *, since: datetime) -> Sequence[datetime]:
    """Return when news went to him as customer messages; what was said in a chat, the chat knows."""
    found = (
        select(MessageStep.at)
        .join(Message, Message.id == MessageStep.message_id)
        .where(Message.openid == openid, Message.kind != CHAT, MessageStep.at > since)
        .where(MessageStep.channel == Channel.CUSTOMER, MessageStep.what.in_(("sent", "unknown")))
    )
    return db.scalars(found).all()


def log(
    db: Session,
    *,
    by: Actor,
    state: str = "",
    kind: str = "",
    number: str = "",
    day: date | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Message], int]:
    """Return a page of the message log, newest first, and how many there are.

    `number` is that of the thing a message is about, `day` the one on which it was made.
    Whose scope is some branches sees what was said about their bookings and visits; a store sees what
    was told to its followers.
    """
    where = visible_to(by)
    if state:
        where.append(Message.state == state)
    if kind:
        where.append(Message.kind == kind)
    if number:
        where.append(Message.about.endswith(f":{number.upper()}", autoescape=True))
    if day is not None:
        start = midnight(day)
        where.append((Message.made_at >= start) & (Message.made_at < start + timedelta(days=1)))
    total = db.scalar(select(func.count()).select_from(Message).where(*where)) or 0
    page = select(Message).where(*where).order_by(Message.id.desc()).limit(limit).offset(offset)
    return db.scalars(page).all(), total


# WeChat's codes for a template that it does not know, has paused or withdrawn.
_PAUSED_CODES = ("40036", "40037", "43116")


# Where an operator must act, but for templates, which wait by kind.
_ALARMING = {
    code
    for code, meaning in MEANINGS.items()
    if meaning.category in (Category.CONFIG, Category.QUOTA)
}


class Use(NamedTuple):
    """What one way did: its calls today and their limit, its messages since a day and their cost."""

    channel: Channel
    calls: int
    quota: int | None
    messages: int
    fen: int


def visible_to(by: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions for the messages in the actor's scope."""
    if by.sees_branch(0):
        return []
    if by.role is Role.STORE:
        # Of its followers; what was said in a chat stands at the chat desk.
        scenes = code_queries.scenes_of(by.store_ids)
        theirs = members.openids_brought_by(scenes, among=code_queries.scenes_of())
        is_of_work = Message.about.startswith("visit:")
        return [Message.openid.in_(theirs), Message.kind != CHAT, ~is_of_work]
    return [or_(Message.about.in_(bookings.abouts(by)), Message.about.in_(visits.abouts(by)))]


def lives(db: Session, message_ids: Sequence[int]) -> Mapping[int, Sequence[MessageStep]]:
    """Return the steps of each of these messages, oldest first."""
    found = select(MessageStep).where(MessageStep.message_id.in_(message_ids))
    steps: dict[int, list[MessageStep]] = {message_id: [] for message_id in message_ids}
    for step in db.scalars(found.order_by(MessageStep.id)):
        steps[step.message_id].append(step)
    return steps


def paused(db: Session) -> Mapping[str, int]:
    """Return how many messages of each kind wait because WeChat does not take their template."""
    is_paused = or_(*(Message.error.startswith(f"{code}:") for code in _PAUSED_CODES))
    found = select(Message.kind, func.count()).where(Message.state == PENDING, is_paused)
    return {row[0]: row[1] for row in db.execute(found.group_by(Message.kind))}


def refusals(db: Session) -> Mapping[int, int]:
    """Return how many messages wait, or wait for a call, by the code with which WeChat sends nothing."""
    found = {}
    for code in sorted(_ALARMING):
        counted = select(func.count()).where(
            Message.state.in_((PENDING, "call")), Message.error.startswith(f"{code}:")
        )
        if count := db.scalar(counted):
            found[code] = count
    return found


def grants_left(db: Session, openid: str, template_id: str) -> int:
    """Return how often he still lets us send him that subscription notice."""
    whose = (Grant.openid == openid) & (Grant.template_id == template_id)
    found = db.scalars(select(Grant.what).where(whose).order_by(Grant.at, Grant.id))
    return granting.left(Deed(what) for what in found)


class QuotaTold(NamedTuple):
    """What WeChat told of our quotas last: calls a day by way, when, when its counts were begun anew,
    whether that is wanted once more, and what failed."""

    limits: Mapping[Channel, int]
    told_at: datetime | None = None
    cleared_at: datetime | None = None
    is_clearing: bool = False
    error: str = ""


def quota_told(db: Session) -> QuotaTold:
    """Return what WeChat told of our quotas last."""
    row = db.scalars(select(QuotaRow)).first()
    if row is None:
        return QuotaTold({})
    limits = {Channel(way): limit for way, limit in row.limits.items()}
    return QuotaTold(limits, row.told_at, row.cleared_at, row.clear_wanted, row.error)


def uses(db: Session, *, since: datetime, text_hundredths: int) -> Sequence[Use]:
    """Return the use of each way: calls of the true day, messages and cost since `since`.

    A text costs `text_hundredths` of a fen; WeChat takes nothing.
    """
    today = local_date(datetime.fromtimestamp(wall_s(), UTC))
    used = select(CallCount.channel, CallCount.used).where(CallCount.day == today)
    sent = select(Message.channel, func.count()).where(
        Message.state == "sent", Message.sent_at >= since
    )
    calls = {row[0]: row[1] for row in db.execute(used)}
    counts = {row[0]: row[1] for row in db.execute(sent.group_by(Message.channel))}
    limits = {**QUOTAS, **quota_told(db).limits}
    prices = {Channel.SMS: text_hundredths}
    return [
        Use(
            way,
            calls.get(way, 0),
            limits.get(way),
            counts.get(way, 0),
            counts.get(way, 0) * prices.get(way, 0) // 100,
        )
        for way in Channel
    ]
