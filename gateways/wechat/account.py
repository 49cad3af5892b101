"""Which official account we speak for, and where its platform is to be found."""

from dataclasses import dataclass, field
from typing import Self

from kernel.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account's keys and the bases that differ between WeChat and the sandbox."""

    appid: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(default="", repr=False)
    api_base: str = "https://api.weixin.qq.com"
    mp_base: str = "https://mp.weixin.qq.com"
    open_base: str = "https://open.weixin.qq.com"

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(
            appid=settings.wechat_appid,
            secret=settings.wechat_secret,
            token=settings.wechat_token,
            aes_key=settings.wechat_aes_key,
            api_base=settings.wechat_api_base.rstrip("/"),
            mp_base=settings.wechat_mp_base.rstrip("/"),
            open_base=settings.wechat_open_base.rstrip("/"),
        )

    def rebase(self, url: str) -> str:
        """Return `url` with WeChat's own host replaced by the base configured for it.

        wechatpy names the hosts in many places; a host it does not know stays as it is.
        """
        for ours, theirs in (
            (self.api_base, "https://api.weixin.qq.com"),
            (self.mp_base, "https://mp.weixin.qq.com"),
            (self.open_base, "https://open.weixin.qq.com"),
        ):
            if url == theirs or url.startswith((theirs + "/", theirs + "?")):
                return ours + url[len(theirs) :]
        return url
