"""/t/scanner: what a page of his needs before WeChat's scanner reads a label for it."""

from dataclasses import asdict

from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.jssdk import PageForm, proof_of
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.technician.routes import blueprint
from gateways.wechat.errors import WeChatError
from kernel.actor import Role
from kernel.errors import Unavailable
from kernel.words import msg


class ScannerUnavailable(Unavailable):
    """WeChat did not give what proves the page."""

    code = "scanner_unavailable"
    says = msg("现在扫不了，请直接输入。")


@blueprint.post("/scanner")
@signed_in(Role.TECHNICIAN)
@repeatable("a proof of the page; nothing is kept")
def scanner() -> ResponseReturnValue:
    """Return what `wx.config` wants to hear on the page that asks."""
    page = call.form(PageForm())["page"]
    try:
        return asdict(proof_of(page, appid=call.settings().wechat_appid))
    except WeChatError as error:
        raise ScannerUnavailable from error
