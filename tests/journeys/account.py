"""The account at WeChat as pages meet it: it lends the JS-SDK's ticket and hands pictures over, or not."""

from collections.abc import Mapping
from typing import Self

from gateways.wechat.errors import refused, unclear

NO_MEDIA = 40007


class AccountAtWeChat:
    """What stands in `app.extensions["doorbell.wechat"]` in place of the client."""

    def __init__(
        self, pictures: Mapping[str, bytes] | None = None, *, is_away: bool = False
    ) -> None:
        self.pictures = dict(pictures or {})
        self.is_away = is_away

    def jsapi_ticket(self) -> str:
        self._answer()
        return "JT"

    @property
    def media(self) -> Self:
        return self

    def fetch(self, media_id: str) -> bytes:
        self._answer()
        if media_id not in self.pictures:
            raise refused(NO_MEDIA, "invalid media_id")
        return self.pictures[media_id]

    def _answer(self) -> None:
        if self.is_away:
            raise unclear("no answer")
