"""Phones and what their people do."""

import sqlite3
from collections.abc import Callable
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import acts, chat, media, phones, saying, subscriptions
from sandbox.acts import Found, Outcome
from sandbox.chat import Message
from sandbox.control import call
from sandbox.phones import Phone
from sandbox.stage import stage

blueprint = call.blueprint("control_phones")


@blueprint.get("/phones")
def every_phone() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        return jsonify(phones=[told(phone) for phone in phones.shown(db)])


@blueprint.post("/phones")
def create() -> ResponseReturnValue:
    body = call.body(name=str, openid=str, follows=bool, shown=bool)
    here = stage()
    here.clock.refresh()
    with here.memory.transaction() as db:
        phone = phones.create(
            db,
            name=body.get("name", ""),
            openid=body.get("openid", ""),
            follows=body.get("follows", False),
            shown=body.get("shown", True),
            at_s=here.clock.now_s(),
        )
    return jsonify(told(phone)), 201


@blueprint.get("/phones/<phone_id>")
def one_phone(phone_id: str) -> ResponseReturnValue:
    with stage().memory.reading() as db:
        return jsonify(told(phones.get(db, phone_id=phone_id)))


@blueprint.post("/phones/<phone_id>/follow")
def follow(phone_id: str) -> ResponseReturnValue:
    scene = call.body(scene=str).get("scene", "")
    return _act(phone_id, acts.follow, scene=scene)


@blueprint.post("/phones/<phone_id>/unfollow")
def unfollow(phone_id: str) -> ResponseReturnValue:
    call.body()
    return _act(phone_id, acts.unfollow)


@blueprint.post("/phones/<phone_id>/scan")
def scan(phone_id: str) -> ResponseReturnValue:
    body = call.body(scene=str, ticket=str, content=str)
    said = body.get("scene") or body.get("ticket") or body.get("content") or ""
    return _act(phone_id, acts.scan, said=said)


@blueprint.post("/phones/<phone_id>/say")
def say(phone_id: str) -> ResponseReturnValue:
    body = call.body(text=str, choice=str)
    text, choice = body.get("text", ""), body.get("choice", "")
    return _act(phone_id, saying.say, text=text, choice=choice)


@blueprint.post("/phones/<phone_id>/speak")
def speak(phone_id: str) -> ResponseReturnValue:
    return _act(phone_id, saying.speak, text=call.body(text=str).get("text", ""))


@blueprint.post("/phones/<phone_id>/picture")
def show_picture(phone_id: str) -> ResponseReturnValue:
    """Send the picture that is the body."""
    base = request.url_root.rstrip("/")
    return _act(phone_id, saying.show_picture, content=request.get_data(), base=base)


@blueprint.post("/phones/<phone_id>/upload")
def upload(phone_id: str) -> ResponseReturnValue:
    """Keep the picture that is the body, as wx.uploadImage does, and answer its media_id."""
    here = stage()
    with here.memory.transaction() as db:
        phone = _phone(db, phone_id)
        kept = saying.keep_picture(db, content=request.get_data(), moment=here.moment())
    return jsonify(phone=phone.id, media_id=kept.media_id, picture=media.path_of(kept))


@blueprint.post("/phones/<phone_id>/place")
def show_place(phone_id: str) -> ResponseReturnValue:
    body = call.body(latitude=float, longitude=float, label=str)
    # Out of range where one is missing, and refused so.
    where = {key: body.get(key, 1_000.0) for key in ("latitude", "longitude")}
    return _act(phone_id, saying.show_place, **where, label=body.get("label", ""))


@blueprint.post("/phones/<phone_id>/click")
def click(phone_id: str) -> ResponseReturnValue:
    body = call.body(
        name=str, key=str, content=str, latitude=float, longitude=float, label=str, count=int
    )
    said = body.pop("name", "") or body.get("key", "")
    body.pop("key", None)
    return _act(phone_id, acts.click, said=said, found=Found(**body))


@blueprint.post("/phones/<phone_id>/report")
def report(phone_id: str) -> ResponseReturnValue:
    found = Found(**call.body(latitude=float, longitude=float))
    return _act(phone_id, acts.report_place, found=found)


@blueprint.post("/phones/<phone_id>/open")
def open_page(phone_id: str) -> ResponseReturnValue:
    return _act(phone_id, acts.open_page, url=call.body(url=str).get("url", ""))


@blueprint.post("/phones/<phone_id>/subscribe")
def subscribe(phone_id: str) -> ResponseReturnValue:
    """Answer the page that asked for subscription notices, or take back what was granted of one."""
    body = call.body(answers=dict, takes_back=str)
    answers = body.get("answers", {})
    if not all(isinstance(accepts, bool) for accepts in answers.values()):
        raise call.BadBody(field="answers")
    here = stage()
    here.clock.refresh()
    asked: dict[str, Any] = {"account": here.account, "moment": here.moment()}
    with here.memory.transaction() as db:
        phone = _phone(db, phone_id)
        if template_id := body.get("takes_back", ""):
            subscriptions.take_back(db, phone=phone, template_id=template_id, **asked)
        else:
            subscriptions.answer(db, phone=phone, answers=answers, **asked)
    here.pusher.ring()
    return jsonify(screen="page", follows=phone.follows)


@blueprint.get("/phones/<phone_id>/subscriptions")
def granted(phone_id: str) -> ResponseReturnValue:
    """Answer how often each notice may still be sent to the phone."""
    with stage().memory.reading() as db:
        phone = _phone(db, phone_id)
        return jsonify(granted=subscriptions.granted(db).get(phone.id, {}))


@blueprint.get("/phones/<phone_id>/opened")
def opened(phone_id: str) -> ResponseReturnValue:
    with stage().memory.reading() as db:
        phone = phones.get(db, phone_id=phone_id)
        return jsonify(pages=acts.opened_pages(db, phone_id=phone.id))


@blueprint.get("/phones/<phone_id>/inbox")
def inbox(phone_id: str) -> ResponseReturnValue:
    after_id = call.number("after")
    with stage().memory.reading() as db:
        phone = phones.get(db, phone_id=phone_id)
        messages = chat.of_phone(db, phone_id=phone.id, after_id=after_id)
    return jsonify(messages=[told_message(one) for one in messages])


def told(phone: Phone) -> dict[str, Any]:
    """Return the phone as the interface documents it."""
    return {
        "phone": phone.id,
        "name": phone.name,
        "openid": phone.openid,
        "follows": phone.follows,
        "shown": phone.shown,
        "scene": phone.qr_scene,
    }


def told_message(message: Message) -> dict[str, Any]:
    """Return the message as the interface documents it."""
    return {
        "id": message.id,
        "phone": message.phone,
        "at_s": message.at_s,
        "from": message.sender,
        "kind": message.kind,
        **message.content,
    }


def _act(phone_id: str, act: Callable[..., Outcome], **said: object) -> ResponseReturnValue:
    """Let the phone's person act, push what WeChat tells of it, and answer the next screen."""
    here = stage()
    here.clock.refresh()
    with here.memory.transaction() as db:
        phone = _phone(db, phone_id)
        outcome = act(db, phone=phone, account=here.account, moment=here.moment(), **said)
        phone = _phone(db, phone_id)
    here.pusher.ring()
    answer = {"screen": outcome.screen, "follows": phone.follows}
    facts = {
        "url": outcome.url,
        "text": outcome.text,
        "scene": outcome.scene,
        "payment": outcome.payment,
    }
    return jsonify(answer | {key: value for key, value in facts.items() if value})


def _phone(db: sqlite3.Connection, phone_id: str) -> Phone:
    return phones.get(db, phone_id=phone_id)
