"""The pusher: carries callbacks to the account's server, on threads of its own.

One try lasts `callback_timeout_s` at most; anything but a 200 is a failed try; there are three.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from kernel.words import msg
from sandbox import callbacks, chat, delivery, faults, journal, media, replies, sentences
from sandbox.business_clock import BusinessClock
from sandbox.callbacks import Callback
from sandbox.carrier import Carrier
from sandbox.chat import Kind, Sender
from sandbox.delivery import Try
from sandbox.errors import ApiError
from sandbox.journal import Direction, Entry
from sandbox.settings import Settings
from sandbox.store import Store

THREADS = 4
HELD_S_MAX = 5.0
# A server that cannot take it in just now, such as a report on a message that it is still writing down.
ASKS_AGAIN = "409"
REFUSES_FORGED = ("401", "403")
OUT_OF_ORDER = "该公众号提供的服务出现故障，请稍后再试"


class Pusher(Carrier):
    """Threads that claim callbacks from the store and deliver them."""

    def __init__(
        self, settings: Settings, memory: Store, clock: BusinessClock, *, wall: Callable[[], float]
    ) -> None:
        super().__init__("pusher", memory, threads=THREADS, try_s=settings.callback_timeout_s)
        self._settings = settings
        self._clock = clock
        self._wall = wall

    def shake_hands(self) -> Try:
        """Ask the server the question that WeChat asks when its address is saved."""
        done = delivery.ask_handshake(
            account=self._settings.account,
            wall_s=self._wall(),
            timeout_s=self._settings.callback_timeout_s,
        )
        with self._memory.transaction() as db:
            journal.add(db, self._entry(done, name=sentences.HANDSHAKE))
        return done

    def _release(self, db: sqlite3.Connection) -> None:
        callbacks.release_all(db, wall_s=self._wall())

    def _is_settled(self, db: sqlite3.Connection) -> bool:
        return callbacks.waiting(db) == 0

    def _carry_one(self) -> bool:
        callback = self._claim()
        if callback is not None:
            self._deliver(callback)
        return callback is not None

    def _claim(self) -> Callback | None:
        with self._memory.reading() as db:
            if not callbacks.is_due(db, wall_s=self._wall()):
                return None
        with self._memory.transaction() as db:
            callbacks.let_go(db, wall_s=self._wall())
            return callbacks.claim(db, wall_s=self._wall(), lease_s=self.lease_s)

    def _deliver(self, callback: Callback) -> None:
        if callback.tries == 1 and (self._is_held(callback) or self._is_dropped(callback)):
            return
        if callback.tries == 1:
            self._forge_first(callback)
        done = self._post(callback)
        with self._memory.transaction() as db:
            done = self._with_file(db, done)
            self._write(db, done, callback=callback)
            if done.ok:
                self._finish(db, done, callback=callback)
            elif callback.tries < callbacks.TRIES_MAX:
                due_wall_s = self._wall() + self._settings.retry_gap_s
                callbacks.put_back(db, callback_id=callback.id, due_wall_s=due_wall_s)
            else:
                callbacks.settle(db, callback_id=callback.id, state="failed")
                self._show_failure(db, callback)
        # What stood behind this one is free now.
        self.ring()

    def _with_file(self, db: sqlite3.Connection, done: Try) -> Try:
        """Return it with the picture or voice that it replies with, or as a bad reply without one."""
        reply = done.reply
        if reply.kind not in (Kind.IMAGE, Kind.VOICE):
            return done
        try:
            kept = media.find(
                db, media_id=reply.content["media_id"], wall_s=self._wall(), kind=reply.kind
            )
        except ApiError:
            rule = msg("回复里的 MediaId 不存在，或已过三天。")
            return replace(done, reply=replies.SILENCE, rule=rule, is_bad_reply=True)
        return replace(done, reply=replace(reply, content=media.shown(kept)))

    def _finish(self, db: sqlite3.Connection, done: Try, *, callback: Callback) -> None:
        callbacks.settle(db, callback_id=callback.id, state="done")
        if faults.strikes(db, "duplicate_callback"):
            callbacks.queue_again(db, callback_id=callback.id, wall_s=self._wall())
        if done.is_bad_reply:
            self._show_failure(db, callback)
        elif done.reply.kind is not None:
            chat.add(
                db,
                phone_id=callback.phone,
                sender=Sender.ACCOUNT,
                kind=done.reply.kind,
                content=done.reply.content,
                at_s=self._clock.now_s(),
            )

    def _is_held(self, callback: Callback) -> bool:
        with self._memory.transaction() as db:
            if not faults.strikes(db, "reorder_callback"):
                return False
            until_wall_s = self._wall() + HELD_S_MAX
            callbacks.hold(db, callback_id=callback.id, until_wall_s=until_wall_s)
        self.ring()
        return True

    def _is_dropped(self, callback: Callback) -> bool:
        with self._memory.transaction() as db:
            if not faults.strikes(db, "drop_callback"):
                return False
            callbacks.settle(db, callback_id=callback.id, state="dropped")
            lost = Try(
                result=msg("丢失"),
                ok=False,
                took_ms=0,
                request=callback.xml,
                answer="",
                rule=msg("注入的故障：这条回调没有送出。"),
            )
            self._write(db, lost, callback=callback)
        self.ring()
        return True

    def _forge_first(self, callback: Callback) -> None:
        with self._memory.transaction() as db:
            if not faults.strikes(db, "forge_signature"):
                return
        done = self._post(callback, forged=True)
        if done.ok:
            done = replace(done, ok=False, rule=msg("伪造的签名，服务器却收下了。"))
        elif done.result in REFUSES_FORGED:
            done = replace(done, ok=True, rule=msg("伪造的签名，服务器没有收，做得对。"))
        with self._memory.transaction() as db:
            journal.add(
                db,
                self._entry(
                    done,
                    name=sentences.FORGED % {"name": callback.label},
                    callback=callback,
                ),
            )

    def _post(self, callback: Callback, *, forged: bool = False) -> Try:
        return delivery.post(
            callback,
            account=self._settings.account,
            wall_s=self._wall(),
            timeout_s=self._settings.callback_timeout_s,
            forged=forged,
        )

    def _show_failure(self, db: sqlite3.Connection, callback: Callback) -> None:
        if callback.shows_failure:
            chat.say_notice(
                db, phone_id=callback.phone, text=OUT_OF_ORDER, at_s=self._clock.now_s()
            )

    def _write(self, db: sqlite3.Connection, done: Try, *, callback: Callback) -> None:
        # The number in front, where a narrow row does not cut it off.
        name = callback.label
        if callback.tries > 1:
            name = sentences.AGAIN % {"tries": callback.tries, "name": name}
        if done.result == ASKS_AGAIN and callback.tries < callbacks.TRIES_MAX:
            # What came of it is told by the next try: nothing has gone wrong yet.
            done = replace(
                done,
                ok=True,
                rule=(msg("服务器应答 %(status)s，请微信过会儿再推。") % {"status": ASKS_AGAIN}),
            )
        journal.add(db, self._entry(done, name=name, callback=callback))

    def _entry(self, done: Try, *, name: str, callback: Callback | None = None) -> Entry:
        return Entry(
            direction=Direction.CALLBACK,
            name=name,
            phone=callback.phone if callback else "",
            callback_id=callback.id if callback else 0,
            result=done.result,
            ok=done.ok and not done.is_bad_reply,
            at_s=self._clock.now_s(),
            took_ms=done.took_ms,
            request=done.request,
            answer=done.answer,
            rule=done.rule,
        )
