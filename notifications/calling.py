"""Making the call of a message by the way on which it is, outside any transaction."""

import logging
from dataclasses import dataclass

from dispatch.photos import photo_path
from gateways.wechat.errors import Retry, WeChatError, unclear, unsent
from kernel.clock import wall_s
from kernel.db import transaction
from notifications import reaching
from notifications.channels import Channel, SmsUnclear
from notifications.models import Message
from notifications.reaching import Sender
from notifications.sending import client_msg_id

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call to be made: of which message, and when the first that may have arrived was (true time)."""

    row: Message
    first_s: float

    @property
    def had_ambiguous(self) -> bool:
        """Tell whether one before it may have arrived."""
        return self.row.maybe_sent_s is not None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: WeChat's msgid, "" where the way has none; or why it failed."""

    attempt: Attempt
    msgid: str = ""
    error: WeChatError | None = None


def make(attempt: Attempt, sender: Sender) -> Outcome | None:
    """Make the call; None, and nothing called, when its lease has run out: who slept so long must not."""
    row = attempt.row
    if wall_s() >= row.lease_until_s:
        log.info("the lease of message %s ran out before its call", row.id)
        return None
    try:
        return Outcome(attempt, _msgid(row, sender))
    except WeChatError as error:
        log.warning("message %s was not sent: %s", row.id, error)
        return Outcome(attempt, error=error)


def _msgid(row: Message, sender: Sender) -> str:
    key = client_msg_id(row.dedupe_key)
    url = sender.public_base + row.path
    match Channel(row.channel):
        case Channel.SUBSCRIPTION:
            template_id = sender.subscription_ids[row.kind]
            sender.wechat.send_subscription(
                openid=row.openid,
                template_id=template_id,
                data=reaching.notice_of(row),
                url=url,
            )
        case Channel.CUSTOMER if row.fields.get("picture"):
            _show(row, sender)
        case Channel.CUSTOMER:
            text = reaching.words_of(row, sender.public_base)
            sender.wechat.send_text(openid=row.openid, text=text)
        case Channel.SMS:
            _text(row, sender, key)
        case _:
            return sender.wechat.send_template(
                openid=row.openid,
                template_id=sender.template_ids.get(row.kind, row.kind),
                data=row.fields,
                url=url,
                client_msg_id=key,
            )
    return ""


def _show(row: Message, sender: Sender) -> None:
    try:
        content = photo_path(sender.shelf, row.fields["picture"]).read_bytes()
        media_id = sender.wechat.media.upload(content)
    except OSError as error:
        raise unsent(f"the picture is away: {error.strerror}") from error
    except WeChatError as error:
        # An upload that nobody sends on is nothing: whatever became of it, it may be made again.
        raise unsent(str(error)) if error.retry is Retry.AMBIGUOUS else error from error
    sender.wechat.send_picture(openid=row.openid, media_id=media_id)


def _text(row: Message, sender: Sender, key: str) -> None:
    with transaction(reads_only=True) as db:
        phone = reaching.phone_of(db, row.about)
    if sender.sms is None or not phone:
        raise unsent("no texts, or no number")
    try:
        text = reaching.words_of(row, sender.public_base)
        sender.sms.send(phone=phone, text=text, key=key)
    except SmsUnclear as error:
        raise unclear(str(error)) from error
    except OSError as error:
        raise unsent(str(error)) from error
