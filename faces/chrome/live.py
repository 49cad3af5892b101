"""Live pages: server-sent events that say "look again", never what changed.

One thread a process reads the outbox and fans out to its listeners. The database is the source, so
nothing is missed when Redis is silent. A page says up to which event it knows the world, and hears at
once of what came between its reading and its listening, but nothing that it knows already.
"""

import json
import logging
import queue
import threading
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, g, request, stream_with_context
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from conversations import queries as chats
from dispatch import queries as visits
from dispatch import scope
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from kernel import outbox
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.clock import SHANGHAI
from kernel.db import Session, transaction
from kernel.errors import Missing, Unavailable
from kernel.words import msg

log = logging.getLogger(__name__)
blueprint = Blueprint("live", __name__)

LISTENERS_MAX = 40
HEARTBEAT_S = 10.0
LOOK_EVERY_S = 0.5
# A browser reconnects by itself; this frees a thread that nobody reads any more.
LISTEN_MAX_S = 600.0
BACKLOG_MAX = 100
# Ids are given before the commit: this many below the newest may still turn up.
TAIL = 50


class TooManyListeners(Unavailable):
    """Every place for live pages is taken; the page polls instead."""

    code = "too_many_listeners"
    says = msg("实时连接已满，页面会自动定时刷新。")


class Feed:
    """Fans the outbox's topics out to the listeners of this process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._listeners: dict[queue.SimpleQueue[str], frozenset[str]] = {}
        self._thread: threading.Thread | None = None
        # The newest events that were told, by id.
        self._told: set[int] = set()

    def join(
        self, topics: frozenset[str], *, seen_id: int | None = None
    ) -> "queue.SimpleQueue[str]":
        """Add a listener whose page knows all up to event `seen_id`. Raises TooManyListeners."""
        mailbox: queue.SimpleQueue[str] = queue.SimpleQueue()
        with self._lock:
            if len(self._listeners) >= LISTENERS_MAX:
                raise TooManyListeners
            is_awake = self._thread is not None and self._thread.is_alive()
            # What is there by now is no news to the newcomer, unless his page is older.
            self._look(is_first=not is_awake)
            if seen_id is not None:
                _tell(mailbox, topics, _events_since(seen_id))
            self._listeners[mailbox] = topics
            if not is_awake:
                self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)
                self._thread.start()
        return mailbox

    def leave(self, mailbox: "queue.SimpleQueue[str]") -> None:
        """Remove a listener."""
        with self._lock:
            self._listeners.pop(mailbox, None)

    def _run(self) -> None:
        pause = threading.Event()
        with self._app.app_context():
            while not pause.wait(LOOK_EVERY_S):
                with self._lock:
                    if not self._listeners:
                        # Under the lock, so that a newcomer sees a dead thread and starts another.
                        self._thread = None
                        return
                    try:
                        self._look()
                    except Exception:
                        # The feed's outermost loop: it must outlive a database that is away.
                        log.exception("the live feed could not look")

    def _look(self, *, is_first: bool = False) -> None:
        """Tell all listeners what was not told yet; the first look only learns what there is."""
        if is_first:
            with transaction(reads_only=True) as db:
                newest = outbox.latest_id(db)
        else:
            newest = max(self._told, default=0)
        events = _events_since(max(0, newest - TAIL))
        news = [] if is_first else [event for event in events if event[0] not in self._told]
        self._told = {event_id for event_id, _ in events}
        for mailbox, topics in self._listeners.items():
            _tell(mailbox, topics, news)


def _events_since(event_id: int) -> list[tuple[int, set[str]]]:
    with transaction(reads_only=True) as db:
        return outbox.topics_since(db, after_id=event_id)


def _tell(
    mailbox: "queue.SimpleQueue[str]",
    topics: frozenset[str],
    events: list[tuple[int, set[str]]],
) -> None:
    for event_id, told in events:
        if (heard := topics & told) and mailbox.qsize() < BACKLOG_MAX:
            mailbox.put(json.dumps({"id": event_id, "topics": sorted(heard)}))


@blueprint.get("/live")
@signed_in(
    Role.MEMBER,
    Role.TECHNICIAN,
    Role.STORE,
    Role.DISPATCHER,
    Role.MANAGER,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)
def listen() -> ResponseReturnValue:
    """Stream the news of ?topic=booking:B…, day:1:2026-11-23, chat:T… or technician (oneself)."""
    topics = _checked(request.args.get("topic", ""))
    feed: Feed = current_app.extensions["doorbell.feed"]
    seen = request.args.get("seen", "")
    mailbox = feed.join(topics, seen_id=int(seen) if seen.isdecimal() else None)
    stream = stream_with_context(_stream(feed, mailbox))
    answer = Response(stream, mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _stream(feed: Feed, mailbox: "queue.SimpleQueue[str]") -> Iterator[str]:
    try:
        yield "retry: 2000\nevent: hello\ndata: {}\n\n"
        for _ in range(int(LISTEN_MAX_S / HEARTBEAT_S)):
            try:
                yield f"event: changed\ndata: {mailbox.get(timeout=HEARTBEAT_S)}\n\n"
            except queue.Empty:
                # With the business time, which in the demo may have been moved meanwhile.
                now = call.clock().now().astimezone(SHANGHAI).isoformat()
                yield f"event: heartbeat\ndata: {json.dumps({'now': now})}\n\n"
    finally:
        feed.leave(mailbox)


def _checked(topic: str) -> frozenset[str]:
    """Return what the topic stands for when the actor may hear it. Raises Missing."""
    kind, _, rest = topic.partition(":")
    actor = call.actor()
    with transaction(reads_only=True) as db:
        match kind:
            case "booking":
                found = bookings.booking(db, number=rest, by=actor)
                return frozenset({topic, *_topics_of_visit(db, found.visit_id)})
            case "visit" if actor.role is Role.TECHNICIAN:
                own = scope.visit(db, number=rest, by=actor)
                served = bookings.booking_of_visit(db, own.id)
                return frozenset({topic, f"technician:{actor.id}", f"booking:{served.number}"})
            case "technician" if actor.role is Role.TECHNICIAN:
                return frozenset({f"technician:{actor.id}"})
            case "member" if actor.role is Role.MEMBER:
                return frozenset({f"member:{actor.id}"})
            case "chats" | "chat":
                _check_desk(db, rest, actor)
            case "day":
                branch, _, _ = rest.partition(":")
                if not branch.isdigit() or not actor.sees_branch(int(branch)):
                    raise Missing
            case _:
                raise Missing
    return frozenset({topic})


def _check_desk(db: Session, number: str, actor: Actor) -> None:
    """Let the console hear of every conversation, or of the one with that number in its scope."""
    if actor.role not in CONSOLE_ROLES:
        raise Missing
    if number:
        chats.chat(db, number=number, by=actor)


def _topics_of_visit(db: Session, visit_id: int) -> set[str]:
    """Return what moves a booking's page: its visit, and whatever retimes its technician's day."""
    visit = visits.visit(db, visit_id)
    topics = {f"visit:{visit.number}"}
    return topics if visit.technician_id is None else topics | {f"technician:{visit.technician_id}"}


def register(app: Flask) -> None:
    """Give the app its feed, and each page the event up to which it knows the world."""
    app.extensions["doorbell.feed"] = Feed(app)
    app.before_request(_look_first)
    app.context_processor(lambda: {"seen_event": g.get("seen_event", "")})


def _look_first() -> None:
    """Note the newest event before the view reads anything: a page may know more, never less."""
    is_page = request.method == "GET" and "HX-Request" not in request.headers
    if g.get("actor") is not None and is_page and request.accept_mimetypes.accept_html:
        with transaction(reads_only=True) as db:
            g.seen_event = outbox.latest_id(db)
