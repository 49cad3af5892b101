"""QR codes as pictures that a page may show under its content policy."""

import segno
from flask import current_app

from gateways.wechat.client import WeChat


def wechat() -> WeChat:
    """Return the account that codes are made with."""
    found: WeChat = current_app.extensions["doorbell.wechat"]
    return found


def picture(text: str) -> str:
    """Return a data: address of an SVG whose code reads `text`."""
    return str(segno.make(text, error="m").svg_data_uri(scale=6, border=2, dark="#16212b"))
