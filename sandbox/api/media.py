"""Uploads: temporary media, pictures inside articles, and material for ever."""

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import media
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.media import Media
from sandbox.stage import stage

blueprint = call.blueprint("media")
pictures = Blueprint("media_pictures", __name__)


@blueprint.post("/cgi-bin/media/upload")
def upload() -> ResponseReturnValue:
    here = stage()
    with here.memory.transaction() as db:
        kept = media.keep(
            db, kind=request.args.get("type", ""), content=_file(), wall_s=here.wall()
        )
    name = "thumb_media_id" if kept.kind == "thumb" else "media_id"
    return jsonify({"type": kept.kind, name: kept.media_id, "created_at": int(here.wall())})


@blueprint.get("/cgi-bin/media/get")
def download() -> ResponseReturnValue:
    here = stage()
    with here.memory.reading() as db:
        kept = media.find(db, media_id=request.args.get("media_id", ""), wall_s=here.wall())
    if kept.kind == "video":
        return jsonify(video_url=_address(kept))
    answer = Response(kept.content, mimetype=kept.mimetype)
    ending = kept.mimetype.partition("/")[2]
    answer.headers["Content-Disposition"] = f'attachment; filename="{kept.media_id}.{ending}"'
    return answer


@blueprint.post("/cgi-bin/media/uploadimg")
def upload_article_picture() -> ResponseReturnValue:
    here = stage()
    with here.memory.transaction() as db:
        kept = media.keep_article_picture(db, content=_file(), wall_s=here.wall())
    return jsonify(url=_address(kept))


@blueprint.post("/cgi-bin/material/add_material")
def add_material() -> ResponseReturnValue:
    here = stage()
    kind = request.args.get("type") or request.form.get("type", "")
    with here.memory.transaction() as db:
        kept = media.keep(db, kind=kind, content=_file(), wall_s=here.wall(), for_ever=True)
    answer = {"media_id": kept.media_id}
    return jsonify(answer | ({"url": _address(kept)} if kept.kind == "image" else {}))


@pictures.get("/mmbiz/<media_id>")
def show(media_id: str) -> ResponseReturnValue:
    """Give anybody the file behind an address that the account was told."""
    here = stage()
    try:
        with here.memory.reading() as db:
            kept = media.find(db, media_id=media_id, wall_s=here.wall())
    except ApiError:
        abort(404)
    return Response(kept.content, mimetype=kept.mimetype)


def _file() -> bytes:
    given = request.files.get("media")
    if given is None:
        raise ApiError(41005)
    content: bytes = given.read()
    return content


def _address(kept: Media) -> str:
    return request.url_root.rstrip("/") + media.path_of(kept)
