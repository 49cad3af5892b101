"""Files at WeChat: pictures that we send to somebody, and what somebody sent to us.

Part of the one account's client, from which it has its way of sending. WeChat keeps either for three
days.
"""

from typing import Any

from gateways.http import multipart
from gateways.wechat.answers import read, read_file
from gateways.wechat.errors import unclear

# What WeChat takes of a picture, and what it may hand out.
PICTURE_BYTES_MAX = 10 << 20
_JPEG = b"\xff\xd8\xff"


class Media:
    """Each call raises WeChatError; none may be made inside a transaction."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire

    def upload(self, jpeg: bytes) -> str:
        """Give a JPEG of up to PICTURE_BYTES_MAX to WeChat and return its media id.

        May be repeated: what nobody sends is forgotten.
        """
        if not jpeg.startswith(_JPEG) or len(jpeg) > PICTURE_BYTES_MAX:
            raise ValueError(f"a picture is a JPEG of up to {PICTURE_BYTES_MAX} bytes")
        body, content_type = multipart(
            "media", filename="picture.jpg", content=jpeg, mimetype="image/jpeg"
        )
        told = self._wire.carried(
            "POST",
            "media/upload",
            params={"type": "image"},
            body=body,
            content_type=content_type,
            reader=read,
        )
        media_id = told.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise unclear("no media_id in the answer")
        return media_id

    def fetch(self, media_id: str) -> bytes:
        """Return the file that somebody sent, of up to PICTURE_BYTES_MAX."""
        found: bytes = self._wire.carried(
            "GET",
            "media/get",
            params={"media_id": media_id},
            reader=read_file,
            bytes_max=PICTURE_BYTES_MAX,
        )
        return found
