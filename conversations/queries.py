"""Reads of what people did in the chat, and of conversations with people of ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, bindparam, exists, false, func, select, true, tuple_

from booking import code_queries
from booking import queries as booking
from conversations import answers, policy
from conversations.account import Origin, Person, Wanted
from conversations.models import AccountStep, Chat, ChatLine, InboxRow, Picture
from conversations.policy import Act, MessageWindow
from conversations.states import ChatState
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.db import Session
from kernel.errors import Missing
from kernel.geo import Point
from kernel.words import msg
from members import queries as members
from notifications import queries as notifications
from notifications.queries import Fate

LINES_MAX = 200
# Thanks and questions that came after what he named.
LOOKED_BACK_MAX = 20
MASS_SHOWN = 10
RESPONSES_OVER = timedelta(days=7)
RESPONSES_MAX = 1_000
# An answer that comes as soon is prompt.
PROMPT = timedelta(minutes=5)


class ChatMissing(Missing):
    """There is no such conversation in the actor's scope."""

    says = msg("没有找到这个会话。")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of a conversation: the member's, an agent's or a note between agents.

    `picture` is the sha256 of one that is kept. `state` is what became of an agent's message, of which
    the line is `number`, or of a member's picture; "" for everything else. `is_shut`: WeChat did not
    let it through, or it came too late to be let through. `point` is where a place is that he sent.
    """

    kind: str
    text: str
    at: datetime
    staff_id: int | None = None
    number: str = ""
    picture: str = ""
    state: str = ""
    is_shut: bool = False
    channel: str = ""
    point: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who waits and for how long at most; of the conversations of the last week that were answered
    or could no longer be `prompt`ly, how many were, and the median of those answered."""

    waiting: int
    longest_s: int | None
    counted: int
    prompt: int
    median_s: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """A place that he named in the chat, and when; `voice` is what he said, "" for a location, and
    `part` (of words.PARTS) and `day` are when he wished for the visit in it."""

    place: str = ""
    voice: str = ""
    part: str = ""
    at: datetime | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class MassReport:
    """What WeChat told of one message to many: its own word of the outcome, and to how many it went."""

    at: datetime
    msgid: str
    status: str
    sent: int
    failed: int


def mass_reports(db: Session) -> list[MassReport]:
    """Return what was told of messages to many, newest first, MASS_SHOWN at most. Nothing of ours sends
    any: somebody did at the platform."""
    found = select(InboxRow).where(InboxRow.kind == "massfinished")
    rows = db.scalars(found.order_by(InboxRow.id.desc()).limit(MASS_SHOWN))
    return [_mass_report(row) for row in rows]


def _mass_report(row: InboxRow) -> MassReport:
    msgid, *status, counts = row.text.split(" ")
    sent, _, failed = counts.partition("/")
    return MassReport(row.at, msgid, " ".join(status), int(sent), int(failed))


def account_wanted(db: Session, *, public_base: str) -> Wanted:
    """Return what the account at WeChat should have as things stand."""
    stores = {store.id: store for store in booking.stores(db)}
    origins = {
        source.scene: Origin(
            source.kind, stores[source.store_id].code if source.store_id in stores else ""
        )
        for source in code_queries.every(db)
    }
    return Wanted(
        public_base=public_base,
        stores={store.code: store.name for store in stores.values()},
        origins=origins,
        people=tuple(Person(*row) for row in members.brought(db)),
    )


def account_step(db: Session) -> AccountStep | None:
    """Return how the account stands; None while it was never introduced."""
    return db.scalars(select(AccountStep)).first()


def named_last(db: Session, openid: str) -> Named:
    """Return what he named last: a location's 小区, the district of a voice or of a line that wished
    for a visit. Of the lines the last LOOKED_BACK_MAX are looked at."""
    kinds = ("locationsent", "voicesent", "textsaid")
    rows = db.scalars(
        select(InboxRow)
        .where(InboxRow.openid == openid, InboxRow.kind.in_(kinds))
        .order_by(InboxRow.at.desc(), InboxRow.id.desc())
        .limit(LOOKED_BACK_MAX)
    )
    row = next((row for row in rows if row.kind != "textsaid" or answers.is_wish(row.text)), None)
    if row is None:
        return Named()
    if row.kind == "locationsent":
        return Named(row.text, at=row.at)
    wish = answers.wish_of(db, row.text, said_at=row.at)
    return Named(wish.district, row.text, wish.part, row.at, wish.day)


def message_window(db: Session, openid: str, *, now: datetime) -> MessageWindow | None:
    """Return until when and how often WeChat lets us write to him; None when it does not."""
    since = now - policy.LONGEST
    acts = db.execute(
        select(InboxRow.kind, InboxRow.at).where(
            InboxRow.openid == openid, InboxRow.kind.in_(policy.OPENS), InboxRow.at > since
        )
    ).all()
    sent = db.scalars(
        select(ChatLine.at)
        .join(Chat, Chat.id == ChatLine.chat_id)
        .where(Chat.openid == openid, ChatLine.kind == "reply", ChatLine.at > since)
    ).all()
    news = notifications.written_to(db, openid, since=since)
    return policy.window([Act(kind, at) for kind, at in acts], [*sent, *news], now=now)


def may_be_written_to(db: Session, openid: str, now: datetime) -> bool:
    """Tell whether WeChat lets us write to him just now."""
    return message_window(db, openid, now=now) is not None


def open_chat(db: Session, openid: str) -> Chat | None:
    """Return the conversation in which he is."""
    found = select(Chat).where(Chat.openid == openid, Chat.state != ChatState.CLOSED)
    return db.scalars(found).one_or_none()


def open_chats(db: Session, openids: Collection[str]) -> dict[str, Chat]:
    """Return the conversations in which those people are, by openid."""
    if not openids:
        return {}
    # Few are in one: their rows are fetched by themselves.
    ids = db.connection().execute(_OPEN_OF, {"openids": sorted(openids)}).scalars().all()
    found = db.scalars(select(Chat).where(Chat.id.in_(ids))) if ids else ()
    return {chat.openid: chat for chat in found}


_OPEN_OF = select(Chat.id).where(
    Chat.openid.in_(bindparam("openids", expanding=True)), Chat.state != ChatState.CLOSED
)


def answers_given(db: Session, dedupe_keys: Collection[str]) -> dict[str, str]:
    """Return what was answered to those messages that are known, by key."""
    if not dedupe_keys:
        return {}
    found = select(InboxRow.dedupe_key, InboxRow.answer)
    rows = db.execute(found.where(InboxRow.dedupe_key.in_(sorted(dedupe_keys))))
    return {row.dedupe_key: row.answer for row in rows}


def ahead_of(db: Session, chat: Chat) -> int:
    """Return how many wait at the same desk for longer."""
    return (
        db.scalar(
            select(func.count())
            .select_from(Chat)
            .where(
                Chat.state == ChatState.WAITING,
                Chat.branch_id == chat.branch_id,
                Chat.store_id.is_not_distinct_from(chat.store_id),
                tuple_(Chat.state_since, Chat.id) < (chat.state_since, chat.id),
            )
        )
        or 0
    )


def silent_since(db: Session, *, instant: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of open conversations in which nobody has said anything since."""
    his = exists().where(
        InboxRow.openid == Chat.openid, InboxRow.kind.in_(_SHOWN), InboxRow.at >= instant
    )
    ours = exists().where(ChatLine.chat_id == Chat.id, ChatLine.at >= instant)
    found = select(Chat.number).where(
        Chat.state != ChatState.CLOSED, Chat.state_since < instant, ~his, ~ours
    )
    return db.scalars(found.order_by(Chat.id).limit(limit)).all()


def chat(db: Session, *, number: str, by: Actor) -> Chat:
    """Return a conversation in the actor's scope. Raises ChatMissing."""
    found = db.scalars(select(Chat).where(Chat.number == number, visible_to(by))).one_or_none()
    if found is None:
        raise ChatMissing
    return found


def queue(
    db: Session, *, by: Actor, show: str, limit: int, offset: int
) -> tuple[Sequence[Chat], int]:
    """Return a page of conversations, longest waiting first, and how many there are.

    `show` is `waiting`, `mine` (claimed by the actor), `claimed` (by anybody) or `closed`.
    """
    where = [visible_to(by)]
    order: ColumnElement[datetime] = Chat.state_since.asc()
    if show == "mine":
        where += [Chat.state == ChatState.CLAIMED, Chat.agent_id == by.id]
    else:
        where += [Chat.state == ChatState(show)]
    if show == "closed":
        order = Chat.state_since.desc()
    total = db.scalar(select(func.count()).select_from(Chat).where(*where)) or 0
    page = select(Chat).where(*where).order_by(order, Chat.id).limit(limit).offset(offset)
    return db.scalars(page).all(), total


def said_to_us(
    db: Session, *, branch_id: int, since: datetime, limit: int
) -> Sequence[tuple[InboxRow, Chat]]:
    """Return what members of a branch's chats said in them since then, the newest first."""
    found = (
        select(InboxRow, Chat)
        .join(Chat, (Chat.openid == InboxRow.openid) & (InboxRow.at >= Chat.opened_at))
        .where(Chat.branch_id == branch_id, InboxRow.at >= since, InboxRow.kind.in_(_SAID))
        .where((Chat.state != ChatState.CLOSED) | (InboxRow.at <= Chat.state_since))
        .order_by(InboxRow.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in db.execute(found)]


def last_words(db: Session, openids: Collection[str]) -> dict[str, Spoken]:
    """Return what each of those people said last; a picture has no words."""
    spoke = (
        select(func.max(InboxRow.id))
        .where(InboxRow.openid.in_(openids), InboxRow.kind.in_(_SAID))
        .group_by(InboxRow.openid)
    )
    rows = db.scalars(select(InboxRow).where(InboxRow.id.in_(spoke)))
    return {row.openid: _his(row, None) for row in rows}


def desk(db: Session, *, by: Actor, now: datetime) -> Desk:
    """Return who waits, and how soon people were answered in the last week."""
    waits_since = db.scalars(
        select(Chat.opened_at)
        .where(visible_to(by), Chat.state == ChatState.WAITING)
        .order_by(Chat.opened_at)
    ).all()
    rows = db.execute(
        select(Chat.opened_at, Chat.answered_at)
        .where(visible_to(by), Chat.opened_at > now - RESPONSES_OVER)
        .order_by(Chat.id.desc())
        .limit(RESPONSES_MAX)
    ).all()
    waits = [(answered - opened).total_seconds() for opened, answered in rows if answered]
    return Desk(
        waiting=len(waits_since),
        longest_s=int((now - waits_since[0]).total_seconds()) if waits_since else None,
        counted=sum(bool(answered) or opened <= now - PROMPT for opened, answered in rows),
        prompt=sum(wait <= PROMPT.total_seconds() for wait in waits),
        median_s=round(median(waits)) if waits else None,
    )


def lines(db: Session, chat: Chat) -> list[Spoken]:
    """Return what was said, oldest first: the last LINES_MAX of either side."""
    until = chat.state_since if chat.state is ChatState.CLOSED else None
    his = select(InboxRow).where(
        InboxRow.openid == chat.openid,
        InboxRow.kind.in_(_SHOWN),
        # WeChat's clock tells whole seconds.
        InboxRow.at >= chat.opened_at - timedelta(seconds=60),
        true() if until is None else InboxRow.at <= until,
    )
    ours = select(ChatLine).where(ChatLine.chat_id == chat.id)
    fates = notifications.fates(db, f"chat:{chat.number}")
    found = [
        _ours(row, fates.get(row.number))
        for row in db.scalars(ours.order_by(ChatLine.id.desc()).limit(LINES_MAX))
    ]
    said = db.scalars(his.order_by(InboxRow.at.desc(), InboxRow.id.desc()).limit(LINES_MAX)).all()
    pictures = _pictures(db, [row.text for row in said if row.kind == "imagesent"])
    found += [_his(row, pictures.get(row.text)) for row in said]
    # Newest first so far; turned round before sorting, so that lines of one second keep their order.
    found.reverse()
    return sorted(found, key=lambda line: line.at)


def _ours(row: ChatLine, fate: Fate | None) -> Spoken:
    line = Spoken(row.kind, row.text, row.at, row.staff_id, row.number, row.picture)
    return replace(line, **fate._asdict()) if fate else line


def _his(row: InboxRow, picture: Picture | None) -> Spoken:
    if row.kind != "imagesent":
        return Spoken(row.kind, row.text, row.at, point=row.point)
    kept, state = (picture.sha256, picture.state) if picture else ("", "")
    return Spoken(row.kind, "", row.at, picture=kept, state=state)


def _pictures(db: Session, media_ids: Collection[str]) -> Mapping[str, Picture]:
    if not media_ids:
        return {}
    found = db.scalars(select(Picture).where(Picture.media_id.in_(media_ids)))
    return {picture.media_id: picture for picture in found}


def has_picture(db: Session, chat: Chat, sha256: str) -> bool:
    """Tell whether that picture was sent in the conversation, by the member or by one of us."""
    his = select(Picture.id).where(Picture.openid == chat.openid, Picture.sha256 == sha256)
    ours = select(ChatLine.id).where(ChatLine.chat_id == chat.id, ChatLine.picture == sha256)
    return any(db.scalar(found.limit(1)) is not None for found in (his, ours))


def photos_spoken_of(db: Session, sha256s: Collection[str]) -> set[str]:
    """Return which of these photos were sent in a chat."""
    his = select(Picture.sha256).where(Picture.sha256.in_(sha256s))
    ours = select(ChatLine.picture).where(ChatLine.picture.in_(sha256s))
    return {*db.scalars(his), *db.scalars(ours)}


_SAID = ("textsaid", "voicesent", "imagesent", "locationsent")
_SHOWN = (*_SAID, "menuclicked", "agentchanged")


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for conversations in the actor's scope: those of his branches, and for a
    store's people those of their stores."""
    if by.role not in CONSOLE_ROLES | {Role.SYSTEM}:
        return false()
    if by.role is Role.STORE:
        return Chat.store_id.in_(sorted(by.store_ids))
    return true() if by.sees_branch(0) else Chat.branch_id.in_(sorted(by.branch_ids))
