"""The page with the phones, and the few others that a browser may meet here."""

from dataclasses import asdict

from flask import Blueprint, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import addresses
from sandbox.settings import QINGDAO
from sandbox.stage import stage

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def phones() -> ResponseReturnValue:
    account = stage().account
    home = addresses.home_host(account)
    if home and request.host.partition(":")[0] != home:
        # Cookies of framed pages are first-party only when this page shares their site.
        return redirect(f"{request.scheme}://{home}:{request.host.partition(':')[2] or '80'}/")
    return render_template(
        "sandbox/phones.html",
        account=account,
        facts={
            "account": {"name": account.name, "about": account.about},
            "page_hosts": addresses.page_hosts(account),
            "place": asdict(account.place or QINGDAO),
            "reports_location": account.reports_location,
            "is_located": account.place is not None,
            "places": [asdict(place) for place in account.places],
            "subscriptions": [
                {
                    "template_id": one.template_id,
                    "title": one.title,
                    "labels": [slot.label for slot in one.slots],
                }
                for one in account.subscriptions
            ],
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
