"""OAuth 2 inside WeChat's browser: where to send a visitor, and who came back.

wechatpy's own class has no timeouts and leaves the state as it is, so the two requests are ours.
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from gateways.http import Caller
from gateways.wechat.account import Account
from gateways.wechat.answers import ask
from gateways.wechat.errors import refused, unclear
from kernel.settings import Settings

BASE_SCOPE = "snsapi_base"  # silent, tells the openid
USERINFO_SCOPE = "snsapi_userinfo"  # asks; on page load it may answer with a snapshot user
# WeChat's limits: a state of 128 letters and digits; a code is short and used once.
_STATE = re.compile(r"[A-Za-z0-9]{1,128}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BAD_CODE = 40029


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who came back. `is_snapshot`: a made-up user whom nobody may take for a member."""

    openid: str
    unionid: str
    is_snapshot: bool


class OAuth:
    """The account's OAuth. Safe to share between threads; needs no database."""

    def __init__(self, account: Account, *, caller: Caller | None = None) -> None:
        self._account = account
        self._caller = caller or Caller()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(Account.from_settings(settings))

    def authorize_url(self, *, redirect_uri: str, state: str, scope: str = BASE_SCOPE) -> str:
        """Return the address to send the visitor to; `state` is 1 to 128 letters and digits."""
        if _STATE.fullmatch(state) is None:
            raise ValueError("a state is 1 to 128 letters and digits")
        if scope not in (BASE_SCOPE, USERINFO_SCOPE):
            raise ValueError(f"no such scope: {scope}")
        # WeChat wants this order of parameters, and the fragment.
        query = urlencode(
            {
                "appid": self._account.appid,
                "redirect_uri": redirect_uri,
                "response_type": "code",
                "scope": scope,
                "state": state,
            }
        )
        return f"{self._account.open_base}/connect/oauth2/authorize?{query}#wechat_redirect"

    def exchange(self, code: str) -> Visitor:
        """Return who the code stands for; a code works once, for five minutes.

        Raises WeChatError, of category LOGIN when OAuth must begin again.
        """
        if _CODE.fullmatch(code) is None:
            raise refused(_BAD_CODE, "this is no code")
        told = ask(
            self._caller,
            "GET",
            f"{self._account.api_base}/sns/oauth2/access_token",
            params={
                "appid": self._account.appid,
                "secret": self._account.secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        openid = told.get("openid")
        if not isinstance(openid, str) or not openid:
            raise unclear("no openid in the answer")
        return Visitor(openid, str(told.get("unionid", "")), bool(told.get("is_snapshotuser")))
