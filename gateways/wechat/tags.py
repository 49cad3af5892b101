"""The account's tags and who carries them: WeChat's groups of followers.

Part of the one account's client, from which it has its way of sending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateways.wechat.errors import unclear

TAGS_MAX, TAG_BYTES_MAX = 100, 30
# How many people one call may tag, and how many pages of carriers are read at most.
PEOPLE_A_CALL_MAX = 50
PAGES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as WeChat numbers it."""

    id: int
    name: str


class Tags:
    """The tags of one account; `wire` sends its calls. Every method raises WeChatError."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire

    def every(self) -> tuple[Tag, ...]:
        """Return all tags of the account, also those that people have made by hand."""
        told = self._wire.get("tags/get").get("tags")
        if not isinstance(told, list):
            raise unclear("no tags in the answer")
        return tuple(_tag(one) for one in told)

    def rename(self, tag_id: int, name: str) -> None:
        """Give a tag another name; whoever carries it goes on to."""
        _check_name(name)
        _check_done(self._wire.tag.update(tag_id, name))

    def carriers(self, tag_id: int) -> set[str]:
        """Return the openids of all who carry a tag."""
        found: set[str] = set()
        after = ""
        for _ in range(PAGES_MAX):
            told = self._wire.post("user/tag/get", data={"tagid": tag_id, "next_openid": after})
            page = told.get("data", {}).get("openid", [])
            found.update(page)
            after = str(told.get("next_openid", ""))
            if not page or not after:
                return found
        raise unclear(f"tag {tag_id} has more than {PAGES_MAX} pages of carriers")

    def put_on(self, tag_id: int, openids: Sequence[str]) -> None:
        """Tag up to PEOPLE_A_CALL_MAX people; who has the tag keeps it."""
        _check_people(openids)
        _check_done(self._wire.tag.tag_user(tag_id, list(openids)))

    def take_off(self, tag_id: int, openids: Sequence[str]) -> None:
        """Take a tag off up to PEOPLE_A_CALL_MAX people; who has it not goes without."""
        _check_people(openids)
        _check_done(self._wire.tag.untag_user(tag_id, list(openids)))


def _tag(told: Any) -> Tag:
    if not isinstance(told, dict) or not isinstance(told.get("id"), int):
        raise unclear("no tag in the answer")
    return Tag(told["id"], str(told.get("name", "")))


def _check_name(name: str) -> None:
    if not 0 < len(name.encode()) <= TAG_BYTES_MAX:
        raise ValueError(f"a tag's name has 1 to {TAG_BYTES_MAX} bytes")


def _check_people(openids: Sequence[str]) -> None:
    if not 0 < len(openids) <= PEOPLE_A_CALL_MAX:
        raise ValueError(f"one call tags 1 to {PEOPLE_A_CALL_MAX} people")


def _check_done(told: Any) -> None:
    if told.get("errcode") != 0:
        raise unclear("no errcode in the answer")
