"""/wechat/page: what a page of ours needs before WeChat's JS-SDK does anything for it."""

import secrets
from dataclasses import asdict
from urllib.parse import urlsplit

from flask import current_app, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from faces.chrome import call
from faces.chrome.once import repeatable
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.wechat.routes import blueprint
from gateways.wechat.client import WeChat
from gateways.wechat.errors import WeChatError
from gateways.wechat.jssdk import prove_page
from kernel.actor import Role
from kernel.clock import wall_s
from kernel.errors import Unavailable
from kernel.words import msg

ADDRESS_MAX = 500


class PageUnproven(Unavailable):
    """WeChat did not give what proves the page."""

    code = "page_unproven"
    says = msg("微信没有回应，请用页面上的另一种办法，或稍后再试。")


class PageForm(Form):
    """The page's own address, which WeChat wants signed."""

    page = fields.String(required=True, validate=validate.Length(min=1, max=ADDRESS_MAX))


@blueprint.post("/wechat/page")
@signed_in(Role.MEMBER, Role.TECHNICIAN)
@repeatable("a proof of the page; nothing is kept")
def page() -> ResponseReturnValue:
    """Return what `wx.config` wants to hear on the page that asks."""
    address = _own(call.form(PageForm())["page"])
    wechat: WeChat = current_app.extensions["doorbell.wechat"]
    try:
        ticket = wechat.jsapi_ticket()
    except WeChatError as error:
        raise PageUnproven from error
    return asdict(
        prove_page(
            address,
            appid=call.settings().wechat_appid,
            ticket=ticket,
            nonce=secrets.token_hex(8),
            now_s=wall_s(),
        )
    )


def _own(page: str) -> str:
    """Return the page's address as the browser shows it, on the host that was asked."""
    parts = urlsplit(page)
    return parts._replace(scheme=request.scheme, netloc=request.host).geturl()
