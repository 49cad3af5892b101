"""WeChat's JS-SDK on our pages: the script's address, and the proof that a page is ours."""

import secrets
from urllib.parse import urlsplit

from flask import current_app, request
from marshmallow import fields, validate

from faces.chrome.schema import Form
from gateways.wechat.client import WeChat
from gateways.wechat.jssdk import PageProof, prove_page
from kernel.clock import wall_s

ADDRESS_MAX = 500


class PageForm(Form):
    """The page's own address, which WeChat's JS-SDK wants signed."""

    page = fields.String(required=True, validate=validate.Length(min=1, max=ADDRESS_MAX))


def proof_of(page: str, *, appid: str) -> PageProof:
    """Return what the page at that address of ours tells `wx.config`. Raises WeChatError."""
    wechat: WeChat = current_app.extensions["doorbell.wechat"]
    return prove_page(
        _own(page),
        appid=appid,
        ticket=wechat.jsapi_ticket(),
        nonce=secrets.token_hex(8),
        now_s=wall_s(),
    )


def _own(page: str) -> str:
    """Return the page's address as the browser shows it, on the host that was asked."""
    parts = urlsplit(page)
    return parts._replace(scheme=request.scheme, netloc=request.host).geturl()
