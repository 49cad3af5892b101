"""What stands behind the phones: codes, menu, log, clock, faults."""

import time
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kernel.clock import SHANGHAI
from kernel.errors import Invalid
from kernel.words import msg
from sandbox import (
    callbacks,
    chat,
    codes,
    faults,
    journal,
    jssdk,
    menus,
    phones,
    quotas,
    sending,
    sentences,
    store,
    subscriptions,
)
from sandbox.control import call, payments
from sandbox.control.phones import told, told_message
from sandbox.journal import Direction
from sandbox.pay import notices, orders
from sandbox.stage import Stage, stage

SETTLE_DEFAULT_S = 20
SETTLE_MAX_S = 60
SHOWN_PAYMENTS_MAX = 12

blueprint = call.blueprint("control_workings")


class NotACallback(Invalid):
    code = "not_a_callback"
    says = msg("只能重放还留着的回调。")


@blueprint.get("/codes")
def every_code() -> ResponseReturnValue:
    here = stage()
    with here.memory.reading() as db:
        return jsonify(codes=_codes(here, codes.alive(db, wall_s=here.wall())))


@blueprint.get("/menu")
def menu() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        return jsonify(menu=menus.get(db))


@blueprint.get("/log")
def log() -> ResponseReturnValue:
    direction = request.args.get("direction", "")
    if direction and direction not in list(Direction):
        raise call.BadBody(field="direction")
    with stage().memory.reading() as db:
        return jsonify(
            log=[
                sentences.told(line)
                for line in journal.lines(
                    db,
                    after_id=call.number("after"),
                    direction=direction,
                    failed=request.args.get("failed") == "1",
                )
            ]
        )


@blueprint.get("/log/<int:entry_id>")
def log_entry(entry_id: int) -> ResponseReturnValue:
    with stage().memory.reading() as db:
        return jsonify(sentences.told(journal.entry(db, entry_id=entry_id)))


@blueprint.post("/log/<int:entry_id>/replay")
def replay(entry_id: int) -> ResponseReturnValue:
    """Push the very same callback, or send the same pay notice, once more."""
    call.body()
    here = stage()
    with here.memory.transaction() as db:
        entry = journal.entry(db, entry_id=entry_id)
        is_kept = callbacks.queue_again(
            db, callback_id=entry["callback_id"], wall_s=here.wall()
        ) is not None or notices.send_again(db, notice_row=entry["notice_row"], wall_s=here.wall())
        if not is_kept:
            raise NotACallback
    here.ring()
    return jsonify(replayed=True)


@blueprint.get("/clock")
def clock() -> ResponseReturnValue:
    here = stage()
    here.clock.refresh()
    return jsonify(_clock(here))


@blueprint.post("/clock")
def move_clock() -> ResponseReturnValue:
    here = stage()
    here.clock.move(call.body(advance_s=int, to=str))
    return jsonify(_clock(here))


@blueprint.get("/faults")
def every_fault() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        return jsonify(faults=_faults(faults.pending(db)))


@blueprint.post("/faults")
def inject() -> ResponseReturnValue:
    body = call.body(fault=str, count=int)
    here = stage()
    with here.memory.transaction() as db:
        faults.inject(db, name=body.get("fault", ""), count=body.get("count"), wall_s=here.wall())
        pending = faults.pending(db)
    here.ring()
    return jsonify(faults=_faults(pending))


@blueprint.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    with stage().memory.transaction() as db:
        faults.clear(db)
    return jsonify(faults=_faults({}))


@blueprint.post("/knobs")
def knobs() -> ResponseReturnValue:
    body = call.body(duplicate_answer=str, exhaust=str)
    here = stage()
    with here.memory.transaction() as db:
        if "exhaust" in body:
            quotas.exhaust(db, path=body["exhaust"], at_s=here.clock.now_s())
        if "duplicate_answer" in body or not body:
            sending.set_duplicate_answer(db, answer=body.get("duplicate_answer", ""))
    return jsonify(body)


@blueprint.post("/settle")
def settle() -> ResponseReturnValue:
    """Wait until every callback was delivered, dropped or given up, and every pay notice tried.

    A notice that waits for its next try on WeChat's schedule counts as settled.
    """
    timeout_s = call.body(timeout_s=int).get("timeout_s", SETTLE_DEFAULT_S)
    if not 0 <= timeout_s <= SETTLE_MAX_S:
        raise call.BadBody(field="timeout_s")
    until_s = time.monotonic() + timeout_s
    return jsonify(
        settled=all(
            carrier.wait_until_settled(timeout_s=max(0.0, until_s - time.monotonic()))
            for carrier in stage().carriers
        )
    )


@blueprint.post("/handshake")
def handshake() -> ResponseReturnValue:
    call.body()
    done = stage().pusher.shake_hands()
    return jsonify(ok=done.ok, result=done.result, rule=done.rule)


@blueprint.get("/jssdk")
def check_jssdk() -> ResponseReturnValue:
    """Say whether the page at `url` signed its wx.config with the account's ticket."""
    here = stage()
    told_by_page = {key: request.args.get(key, "") for key in ("url", "nonce", "timestamp")}
    with here.memory.reading() as db:
        signed = jssdk.is_signed(
            db, **told_by_page, signature=request.args.get("signature", ""), wall_s=here.wall()
        )
    return jsonify(signed=signed and request.args.get("appid") == here.account.appid)


@blueprint.get("/changes")
def changes() -> ResponseReturnValue:
    """Return what the page does not have yet; with the present `revision`, the time only."""
    here = stage()
    here.clock.refresh()
    with here.memory.reading() as db:
        revision = store.revision(db)
        if request.args.get("revision") == str(revision):
            return jsonify(revision=revision, clock=_clock(here))
        return jsonify(
            revision=revision,
            clock=_clock(here),
            phones=[told(phone) for phone in phones.shown(db)],
            messages=[
                told_message(one)
                for one in chat.of_shown_phones(db, after_id=call.number("message"))
            ],
            log=[sentences.told(line) for line in journal.lines(db, after_id=call.number("log"))],
            log_count=journal.count(db),
            codes=_codes(here, codes.alive(db, wall_s=here.wall())),
            payments=[
                payments.told(db, here, order)
                for order in orders.listed(db, most=SHOWN_PAYMENTS_MAX)
            ],
            menu=menus.get(db),
            granted=subscriptions.granted(db),
            faults=_faults(faults.pending(db)),
        )


def _codes(here: Stage, alive: list[codes.Code]) -> list[dict[str, Any]]:
    return [
        {
            "scene": code.scene,
            "name": here.account.scene_names.get(code.scene, ""),
            "ticket": code.ticket,
            "permanent": code.is_permanent,
            "picture": f"/cgi-bin/showqrcode?ticket={code.ticket}",
        }
        for code in alive
    ]


def _clock(here: Stage) -> dict[str, str]:
    return {"now": here.clock.now().astimezone(SHANGHAI).isoformat(timespec="seconds")}


def _faults(pending: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "fault": name,
            "title": gettext(fault.title),
            "explained": gettext(fault.explained),
            "pending": pending.get(name, 0),
        }
        for name, fault in faults.FAULTS.items()
    ]
