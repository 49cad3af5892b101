"""提醒: subscription notices that a member grants on his booking's page, each grant worth one send."""

import json
from dataclasses import dataclass

from booking import queries as bookings
from conversations import queries as conversations
from faces.chrome import call
from kernel.db import Session
from members import queries as members
from notifications import queries as notifications
from notifications.messages import CHAT

# What one wants to hear while somebody is on his way, also without following us: he sets out, he is
# late, he is at the door. WeChat's button asks for three at most.
KINDS = ("M7", "M11", "M12")
# Who talks to a person of ours wants to hear of the answer when WeChat has shut the chat.
KINDS_IN_CHAT = (CHAT, "M7", "M12")


@dataclass(frozen=True, slots=True)
class Reminders:
    """What WeChat's button asks for, parted by commas, "" when enough of it is granted; for how many
    visits that is, and whether a person of ours talks to him."""

    template_ids: str
    left: int
    is_in_chat: bool


def read(db: Session) -> Reminders | None:
    """Return what this member may grant; None where the account has no such notices."""
    known = json.loads(call.settings().wechat_subscription_ids)
    openid = members.member(db, call.actor().id).openid
    is_in_chat = conversations.open_chat(db, openid) is not None
    kinds = KINDS_IN_CHAT if is_in_chat else KINDS
    ids = [known[kind] for kind in kinds if kind in known]
    if not ids:
        return None
    left = min(notifications.grants_left(db, openid, template_id) for template_id in ids)
    visits = sum(map(len, bookings.bookings_ahead(db, {openid}, now=call.now()).values()))
    return Reminders(",".join(ids) if left < max(visits, 1) else "", left, is_in_chat)
