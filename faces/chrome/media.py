"""Pictures that a page gave to WeChat by `wx.uploadImage`, fetched by the name WeChat gave them."""

import re

from flask import current_app

from gateways.wechat.client import WeChat
from gateways.wechat.errors import Category, WeChatError
from kernel.errors import Invalid, Unavailable
from kernel.words import msg

MEDIA_ID_MAX = 128
_MEDIA_ID = re.compile(rf"[0-9A-Za-z_-]{{1,{MEDIA_ID_MAX}}}")


class MediaGone(Invalid):
    """WeChat has no such picture for our account: another's, or older than three days."""

    code = "media_gone"
    says = msg("微信里没有这张照片了，请重新选一张。")


class MediaAway(Unavailable):
    """WeChat did not hand the picture over; it lies there for three days more."""

    code = "media_away"
    says = msg("微信没有把照片交过来。照片还在微信里，请再取一次。")


def fetched(media_id: str) -> bytes:
    """Return the file as WeChat has it, of any type. Call it outside any transaction.

    Raises MediaGone, MediaAway.
    """
    if _MEDIA_ID.fullmatch(media_id) is None:
        raise MediaGone(field="photo")
    wechat: WeChat = current_app.extensions["doorbell.wechat"]
    try:
        return wechat.media.fetch(media_id)
    except WeChatError as error:
        if error.category is Category.ARGUMENT:
            raise MediaGone(field="photo") from error
        raise MediaAway(field="photo") from error
