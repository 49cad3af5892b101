"""The floor of a callback: a Flask view that verifies the signature, and nothing else."""

import hmac
import os

from flask import Flask, Response, request

from gateways.wechat.crypto import signature
from scripts.bench.calling.letters import PATH


def create_app() -> Flask:
    app = Flask("bare")
    token = os.environ["WECHAT_TOKEN"]

    def verify() -> Response:
        query = request.args
        expected = signature(token, query["timestamp"], query["nonce"])
        is_right = hmac.compare_digest(expected, query["signature"])
        return Response("success" if is_right else "", status=200 if is_right else 403)

    app.add_url_rule(PATH, view_func=verify, methods=["POST"])
    return app
