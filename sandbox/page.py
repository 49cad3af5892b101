"""The page with the phones, and the few others that a browser may meet here."""

from flask import Blueprint, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import addresses
from sandbox.stage import stage

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def phones() -> ResponseReturnValue:
    account = stage().account
    return render_template(
        "sandbox/phones.html",
        account=account,
        facts={
            "account": {"name": account.name, "about": account.about},
            "page_hosts": addresses.page_hosts(account),
        },
    )


@blueprint.get("/q/<key>")
def code(key: str) -> ResponseReturnValue:
    """Tell somebody who opened a code's address in a plain browser what to do with it."""
    return render_template("sandbox/code.html", key=key, address=request.url)


@blueprint.get("/jweixin.js")
def jssdk() -> ResponseReturnValue:
    """Give pages the JS-SDK under the address that the product is configured with."""
    return current_app.send_static_file("js/sandbox/jweixin.js")


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    with stage().memory.reading():
        return jsonify(ok=True)
