"""Keeping the account at WeChat in step with us: menu, tags, and who carries them.

Everything is read from both sides and only the difference is sent, so it may be broken off anywhere
and done again. Outside any transaction.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from conversations import account
from conversations.account import Wanted
from gateways.wechat.client import WeChat
from gateways.wechat.tags import PEOPLE_A_CALL_MAX, TAGS_MAX

log = logging.getLogger(__name__)

# How many calls one turn tags with; the next turn, a minute later, takes the rest.
CALLS_MAX = 200


@dataclass(slots=True)
class Done:
    """What a turn has changed, and whether it came to the end."""

    menu: bool = False
    tags: int = 0
    people: int = 0
    calls: int = field(default=0)
    is_whole: bool = True


def bring(wechat: WeChat, wanted: Wanted) -> Done:
    """Bring the account in step. Raises WeChatError, and what was done by then stays done."""
    done = Done()
    menu = account.menu(wanted.public_base)
    if not account.is_same_menu(wechat.menu(), menu):
        wechat.create_menu(menu)
        done.menu = True
    tags = _tags(wechat, account.tag_names(wanted.stores.items()), done)
    carriers = account.carriers(wanted.people, wanted.origins)
    for key, tag_id in tags.items():
        _people(wechat, tag_id, carriers.get(key, set()), done)
    return done


def _tags(wechat: WeChat, names: Mapping[str, str], done: Done) -> dict[str, int]:
    """Have each tag under its name; return the numbers by what stands for them."""
    there = {tag.name: tag.id for tag in wechat.tags.every()}
    found: dict[str, int] = {}
    for key, name in names.items():
        known = account.known_as(key, there)
        if known is None and len(there) >= TAGS_MAX:
            log.error("the account has no room for the tag %s: %s is the most", name, TAGS_MAX)
            continue
        if known is None:
            there[name] = wechat.create_tag(name, known=list(there))
            done.tags += 1
        elif known != name:
            wechat.tags.rename(there[known], name)
            there[name] = there.pop(known)
            done.tags += 1
        found[key] = there[name]
    return found


def _people(wechat: WeChat, tag_id: int, wanted: set[str], done: Done) -> None:
    have = wechat.tags.carriers(tag_id)
    changes = ((wechat.tags.put_on, wanted - have), (wechat.tags.take_off, have - wanted))
    for change, openids in changes:
        for part in account.parts(openids, size=PEOPLE_A_CALL_MAX):
            if done.calls >= CALLS_MAX:
                done.is_whole = False
                return
            change(tag_id, part)
            done.calls += 1
            done.people += len(part)
