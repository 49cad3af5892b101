"""Subscription notices: a person grants them one by one, and each grant is worth one send."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.errors import Missing
from kernel.words import msg
from sandbox import callbacks, chat, message_templates, msgids, phones, template_list
from sandbox.chat import Kind, Sender
from sandbox.errors import ApiError
from sandbox.message_templates import MessageTemplate
from sandbox.moment import Moment
from sandbox.phones import Phone
from sandbox.settings import Account

_GRANTED_IN_A_PAGE = "0"


class SubscriptionMissing(Missing):
    code = "no_such_subscription"
    says = msg("账号没有这个订阅通知。")


def answer(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    answers: Mapping[str, bool],
    account: Account,
    moment: Moment,
) -> None:
    """Let the person answer a page that asks for notices, by template id whether he accepts: one event
    tells of all. Raises SubscriptionMissing."""
    for template_id, accepts in answers.items():
        _template(account, template_id)
        if accepts:
            _grant(db, phone=phone, template_id=template_id, by=1)
    items = [
        {
            "TemplateId": template_id,
            "SubscribeStatusString": "accept" if accepts else "reject",
            "PopupScene": _GRANTED_IN_A_PAGE,
        }
        for template_id, accepts in answers.items()
    ]
    _tell(
        db,
        phone=phone,
        event="subscribe_msg_popup_event",
        items=items,
        account=account,
        moment=moment,
    )


def take_back(
    db: sqlite3.Connection, *, phone: Phone, template_id: str, account: Account, moment: Moment
) -> None:
    """Let the person refuse this notice in WeChat's own settings. Raises SubscriptionMissing."""
    _template(account, template_id)
    db.execute(
        "DELETE FROM subscription WHERE openid = ? AND template_id = ?", (phone.openid, template_id)
    )
    _tell(
        db,
        phone=phone,
        event="subscribe_msg_change_event",
        items=[{"TemplateId": template_id, "SubscribeStatusString": "reject"}],
        account=account,
        moment=moment,
    )


def granted(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Return by phone how often each notice may still be sent; what was used up is not in it."""
    rows = db.execute(
        "SELECT phone.id, template_id, remaining FROM subscription"
        " JOIN phone ON phone.openid = subscription.openid WHERE remaining > 0"
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["id"], {})[row["template_id"]] = row["remaining"]
    return found


def send(
    db: sqlite3.Connection, *, body: dict[str, Any], account: Account, moment: Moment
) -> Phone:
    """Show the notice, use one grant up and promise subscribe_msg_sent_event.

    A stranger reads it in 服务通知. Raises ApiError 40003, 40036, 40037, 43101, 47001, 47003.
    """
    phone = phones.by_openid(db, openid=str(body.get("touser", "")))
    template = template_list.find_subscription(body=body, account=account)
    values = message_templates.values_of(body)
    message_templates.check_values(template, values)
    if not _grant(db, phone=phone, template_id=template.template_id, by=-1):
        raise ApiError(43101)
    msgid = msgids.next_one(db)
    chat.add(
        db,
        phone_id=phone.id,
        sender=Sender.ACCOUNT,
        kind=Kind.TEMPLATE,
        content={
            "template_id": template.template_id,
            "title": template.title,
            "fields": message_templates.drawn(template, values),
            "url": str(body.get("page") or ""),
            "miniprogram": body.get("miniprogram") or None,
            "msgid": msgid,
            "client_msg_id": "",
        },
        at_s=moment.at_s,
    )
    _tell(
        db,
        phone=phone,
        event="subscribe_msg_sent_event",
        items=[
            {
                "TemplateId": template.template_id,
                "MsgID": str(msgid),
                "ErrorCode": "0",
                "ErrorStatus": "success",
            }
        ],
        account=account,
        moment=moment,
    )
    return phone


def _template(account: Account, template_id: str) -> MessageTemplate:
    try:
        return template_list.find_subscription(body={"template_id": template_id}, account=account)
    except ApiError as error:
        raise SubscriptionMissing(field="template_id") from error


def _grant(db: sqlite3.Connection, *, phone: Phone, template_id: str, by: int) -> bool:
    """Give or take one grant; answer whether there was one to take."""
    if by > 0:
        db.execute(
            "INSERT OR IGNORE INTO subscription VALUES (?, ?, 0)", (phone.openid, template_id)
        )
    changed = db.execute(
        "UPDATE subscription SET remaining = remaining + ?"
        " WHERE openid = ? AND template_id = ? AND remaining + ? >= 0",
        (by, phone.openid, template_id, by),
    )
    return changed.rowcount > 0


def _tell(
    db: sqlite3.Connection,
    *,
    phone: Phone,
    event: str,
    items: Sequence[Mapping[str, str]],
    account: Account,
    moment: Moment,
) -> None:
    element = event.title().replace("_", "")
    callbacks.queue_event(
        db,
        phone=phone,
        account_id=account.original_id,
        event=event,
        facts={element: {"List": items}},
        shows_failure=False,
        at_s=moment.at_s,
        wall_s=moment.wall_s,
    )
