"""Messages on their ways, and WeChat that takes each."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from gateways.wechat.client import WeChat
from kernel.clock import FixedClock
from kernel.db import transaction
from notifications.jobs import send_messages
from notifications.models import Message, MessageStep
from notifications.reaching import Sender
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import Platform, account_at, patient_caller, tells

TEMPLATE = "/cgi-bin/message/template/send"
NOTICE = "/cgi-bin/message/subscribe/bizsend"
CHAT = "/cgi-bin/message/custom/send"
OK = tells(errcode=0, errmsg="ok", msgid=77)
NIGHT = datetime(2026, 10, 5, 15, 30, tzinfo=UTC)  # half past eleven in Qingdao


def a_message(number: str, kind: str = "M9", **changes: object) -> None:
    with transaction() as db:
        facts: dict[str, object] = {
            "dedupe_key": f"{kind}:{len(db.scalars(select(Message)).all())}",
            "kind": kind,
            "openid": "oMember0000000000000000000001",
            "about": f"booking:{number}",
            "fields": {"thing1": "空调安装"},
            "path": f"/c/bookings/{number}",
            "made_at": MONDAY_NINE,
        }
        db.add(Message(**(facts | changes)))


def sender(platform: Platform, **more: object) -> Sender:
    facts: dict[str, object] = {
        "wechat": WeChat(account_at(platform.base), caller=patient_caller()),
        "template_ids": {},
        "public_base": "https://doorbell.localhost",
    }
    return Sender(**(facts | more))  # type: ignore[arg-type]  # as each test gives them


def send(by: Sender, *, now: datetime = MONDAY_NINE) -> None:
    while send_messages(by, FixedClock(now)):
        pass


def life() -> list[tuple[str, str]]:
    with transaction(reads_only=True) as db:
        steps = db.scalars(select(MessageStep).order_by(MessageStep.id)).all()
        return [(step.channel, step.what) for step in steps]


def told_steps() -> list[tuple[int, str]]:
    with transaction(reads_only=True) as db:
        steps = db.scalars(select(MessageStep).order_by(MessageStep.id)).all()
        return [(step.message_id, step.what) for step in steps]


def due_now(**changes: object) -> None:
    with transaction() as db:
        db.execute(update(Message).values(due_s=0.0, lease_until_s=0.0, **changes))
