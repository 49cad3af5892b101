"""Parametric QR codes: made with a token, fetched as a picture by anybody with the ticket."""

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import codes
from sandbox.api import call
from sandbox.codes import Code
from sandbox.stage import stage

blueprint = call.blueprint("codes")
pictures = Blueprint("pictures", __name__)


@blueprint.post("/cgi-bin/qrcode/create")
def create() -> ResponseReturnValue:
    here = stage()
    with here.memory.transaction() as db:
        code = codes.create(db, body=call.body(), wall_s=here.wall())
    answer: dict[str, object] = {"ticket": code.ticket, "url": address(code)}
    if not code.is_permanent:
        answer["expire_seconds"] = round(code.dies_wall_s - here.wall())
    return jsonify(answer)


@pictures.get("/cgi-bin/showqrcode")
def show() -> ResponseReturnValue:
    here = stage()
    try:
        with here.memory.reading() as db:
            code = codes.find(db, said=request.args.get("ticket", ""))
        codes.check_alive(code, wall_s=here.wall())
    except (codes.CodeMissing, codes.CodeExpired):
        abort(404)
    picture = Response(codes.png(address(code)), mimetype="image/png")
    picture.headers["Cache-Control"] = "private, max-age=3600"
    return picture


def address(code: Code) -> str:
    """Return what the picture holds: an address of the sandbox that names the code."""
    return f"{request.url_root}q/{code.key}"
