"""The access matrix, called cell by cell: route × role × own or another's."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from faces.chrome.sign_in import API, COOKIE
from kernel.actor import Role
from kernel.audit import AuditRow
from kernel.db import transaction
from kernel.idempotency import UsedKey
from kernel.outbox import OutboxRow
from scripts import access, papers
from scripts.access import BY_BRANCH, BY_TOPIC, PHONES, SAFE, Cell, Line
from tests.house import an_app, empty_tables, tomorrow
from tests.journeys.access.programs import a_token
from tests.journeys.access.things import PASSWORD
from tests.journeys.access.world import STAFF, WORDS, World, build
from tests.journeys.consumer.pages import HOST

# What no thing of any kind is called; the technician's is a number.
NOTHING = "Q0000000000"
NOTHINGS = {"technicians": "999999", "branch": "999999"}
# Fields that cannot be guessed, by endpoint: what else a good form holds.
FORMS: Mapping[str, Mapping[str, Any]] = {
    "api.expect_item": {"expected_at": None},
    "api.heed_notice": {"state": "in_warehouse"},
    "api.move": {
        "starts_at": "2026-11-25T10:00:00+08:00",
        "ends_at": "2026-11-25T12:00:00+08:00",
    },
    "api.rate": {"stars": 5},
    "console.note_call": {"outcome": "reached"},
    "console.review_blacklisting": {"words": "看过了，三次都有记录，维持"},
    "console.undo_exchange": {"why": "不要了"},
    "console.add_article": {"by_post": "1"},
    "consumer.take_article": {"way": "post", "name": "林女士", "address": "浮山后三小区"},
    "console.make_coupon": {"form": "fixed", "amount": "20"},
    "consumer.offer_points": {"points": "20"},
    "console.add_canned": {"text": "马上就到"},
    "console.change_canned": {"before": "马上就到", "text": "还有十分钟"},
    "console.move_canned": {"before": "马上就到", "to": "up"},
    "console.remove_canned": {"before": "马上就到"},
    "console.drop_tie": {"kind": "tool", "row": "1"},
    "console.set_estate": {"name": "浮山后三小区"},
    "console.take_leave": {"reason": "ill"},
    "console.repair_absence": {"way": "move"},
    "console.repair_visit": {"way": "move"},
    "console.waive_strike": {"reason": "核实是我们的门铃坏了，不算违约"},
    "console_sign_in.prove_again": {"password": PASSWORD},
    "technician.go": {"reason": "停水停电"},
    "consumer.answer_late": {"answer": "wait"},
    "consumer.decide_addition": {"answer": "yes"},
    "consumer.join_line": {"window": f"{tomorrow().isoformat()}/36000-43200"},
}
# Let in, they ask WeChat, which this world has not.
ASK_WECHAT = frozenset({"consumer.sheet"})
# Forms that name a branch's day.
BY_DAY = frozenset({"console.ask", "console.publish"})
# What is tried for a field that is said to be wrong, in this order.
GUESSES = ("1", tomorrow().isoformat(), "5551", "10:00", "ten characters or more", "13800002046")
GUESSES_MAX = 60
_NOISE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{8}\b|[\w-]{43}")

# The routes are the same whatever database is beneath.
LINES = {
    f"{line.method} {line.rule}": line
    for line in access.lines(papers.an_app())
    if not line.endpoint.startswith("demo_clock")
}
GUARDED = {name: line for name, line in LINES.items() if not line.is_public}
OWNED = {name: line for name, line in GUARDED.items() if Cell.OWN in line.cells.values()}


@dataclass(frozen=True)
class Caller:
    """Somebody with his session or token, or nobody."""

    world: World
    role: Role | None = None
    token: str = ""

    def call(
        self,
        line: Line,
        side: str,
        body: Mapping[str, Any] | None = None,
        *,
        accept: str = "text/html",
    ) -> TestResponse:
        """Call the route upon the things of that side: own, other or nothing."""
        path, query, form = self._named(line, side)
        headers = {"Accept": accept}
        client = self.world.app.test_client()
        session = self.world.sessions.get(self.role) if self.role and not self.token else None
        if session is not None:
            client.set_cookie(COOKIE, session.token, domain=HOST, secure=True)
            headers["X-CSRF-Token"] = session.csrf_token
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        sent: dict[str, Any] = {}
        if line.method != SAFE:
            fields = {**form, **FORMS.get(line.endpoint, {}), **(body or {})}
            is_json = line.scope and (fields or line.endpoint == "api.cancel")
            sent = {"json": fields} if is_json else {"data": fields}
        with self.world.app.app_context():
            answer = client.open(
                path,
                method=line.method,
                query_string=query,
                headers=headers,
                base_url=f"https://{HOST}",
                **sent,
            )
            if answer.mimetype != "text/event-stream":
                answer.get_data()
            answer.close()
        return answer

    def _named(self, line: Line, side: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """Return the address, its parameters and the form that name the things of that side."""
        things = {"own": self.world.own.things, "other": self.world.other.things}.get(side)

        def thing(kind: str) -> str:
            if things is not None:
                return things[kind]
            # What is nobody's is there for everybody; the owned thing within it is not.
            is_shared = kind in access.SHARED
            return self.world.other.things[kind] if is_shared else NOTHINGS.get(kind, NOTHING)

        known = {}
        parent = ""
        for kind, name in access.named(line.rule):
            # A thing within another is looked for as "appeals/photos" first.
            known[name] = (
                f"{parent}/{kind}" if f"{parent}/{kind}" in self.world.own.things else kind
            )
            parent = kind

        def value(found: re.Match[str]) -> str:
            name = found[1]
            is_thing = known.get(name) in self.world.own.things
            return thing(known[name]) if is_thing else WORDS[name]

        path = re.sub(r"<(?:\w+:)?(\w+)>", value, line.rule)
        if line.endpoint in BY_TOPIC:
            kind = "visits" if self.role is Role.TECHNICIAN else "bookings"
            kind = "chats" if self.role is Role.STORE else kind
            return path, {"topic": f"{kind[:-1]}:{thing(kind)}"}, {}
        if line.endpoint not in BY_BRANCH:
            return path, {}, {}
        branch = {"branch": thing("branch")}
        form = branch
        if line.endpoint in BY_DAY:
            form = branch | {"day": tomorrow().isoformat()}
        return (path, branch, {}) if line.method == SAFE else (path, {}, form)

    def well_formed(self, line: Line, side: str) -> TestResponse:
        """Call it with a form whose fields are guessed one after the other, as they are named."""
        body: dict[str, str] = {}
        tried: dict[str, int] = {}
        for _ in range(GUESSES_MAX):
            answer = self.call(line, side, body, accept="application/json")
            named = _field_at_fault(answer)
            if named is None or tried.get(named, 0) == len(GUESSES):
                return answer
            body[named] = GUESSES[tried.get(named, 0)]
            tried[named] = tried.get(named, 0) + 1
        return answer


def _field_at_fault(answer: TestResponse) -> str | None:
    told = answer.get_json(silent=True) or {}
    return told.get("field") if answer.status_code == 400 else None


@pytest.fixture(scope="module")
def world(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    # Nobody answers there: pages that ask WeChat say so.
    app: Flask = an_app(
        sqlite_url, data_dir=tmp_path_factory.mktemp("data"), WECHAT_API_BASE="http://127.0.0.1:9"
    )
    with app.app_context():
        empty_tables()
        built = build(app, Path(sqlite_url.removeprefix("sqlite:///")))
        yield built
        built.restore()


@pytest.fixture(autouse=True)
def _as_built(world: World) -> Iterator[None]:
    yield
    world.restore()


def caller(world: World, line: Line, role: Role) -> Caller:
    """Return somebody of that role: by session, or by token where programs call."""
    if not line.scope or role in PHONES:
        return Caller(world, role)
    token = a_token(role=role, branch_ids=[world.own.branch_id], name=role.value)
    return Caller(world, role, token)


def traces() -> tuple[int, ...]:
    """Return how much was told, written down and done so far."""
    with transaction(reads_only=True) as db:
        return tuple(
            db.scalar(select(func.count()).select_from(table)) or 0
            for table in (OutboxRow, AuditRow, UsedKey)
        )


def plain(answer: TestResponse) -> str:
    """Return the answer without what differs between any two: its own address, numbers and keys."""
    return _NOISE.sub("", answer.get_data(as_text=True).replace(answer.request.path, ""))


@pytest.mark.parametrize("line", GUARDED.values(), ids=GUARDED)
def test_nobody_is_let_in(world: World, line: Line) -> None:
    answer = Caller(world).call(line, "own")

    assert str(answer.status_code) == line.nobody
    if line.nobody is Cell.SIGN_IN:
        assert "/sign-in" in answer.location


@pytest.mark.parametrize("line", GUARDED.values(), ids=GUARDED)
def test_another_role_is_kept_out(world: World, line: Line) -> None:
    before = traces()
    told = {
        role: str(caller(world, line, role).call(line, "own").status_code)
        for role, cell in line.cells.items()
        if cell not in (Cell.IN, Cell.OWN)
    }

    assert told == {role: line.cells[role].value for role in told}
    assert traces()[::2] == before[::2]


@pytest.mark.parametrize("line", GUARDED.values(), ids=GUARDED)
def test_the_roles_that_may_are_let_in_to_their_own(world: World, line: Line) -> None:
    for role, cell in line.cells.items():
        if cell not in (Cell.IN, Cell.OWN):
            continue
        answer = caller(world, line, role).call(line, "own")
        world.restore()

        assert answer.status_code not in (401, 403, 404), role
        assert answer.status_code < 500 or line.endpoint in ASK_WECHAT, role
        assert "/sign-in?" not in (answer.location or ""), role


@pytest.mark.parametrize("line", OWNED.values(), ids=OWNED)
def test_anothers_is_like_nothing(world: World, line: Line) -> None:
    for role, cell in line.cells.items():
        if cell is not Cell.OWN:
            continue
        somebody = caller(world, line, role)
        before = traces()

        told = [somebody.well_formed(line, side) for side in ("other", "nothing")]
        pages = [somebody.call(line, side) for side in ("other", "nothing")]

        assert [answer.status_code for answer in told] == [404, 404], (role, told[0].get_json())
        assert plain(told[0]) == plain(told[1]), role
        assert pages[0].status_code == pages[1].status_code, role
        assert plain(pages[0]) == plain(pages[1]), role
        assert traces() == before, role


@pytest.mark.parametrize("line", [v for v in GUARDED.values() if v.scope], ids=lambda v: v.rule)
def test_a_token_without_the_scope_is_kept_out(world: World, line: Line) -> None:
    scopes = ["services:read"] if line.scope != "services:read" else ["bookings:read"]
    token = a_token(role=Role.MANAGER, scopes=scopes)

    answer = Caller(world, Role.MANAGER, token).call(line, "own")

    assert (answer.status_code, answer.get_json()["error"]) == (403, "out_of_scope")


def test_the_matrix_is_not_empty() -> None:
    assert len(GUARDED) > 80
    assert len(OWNED) > 40
    assert {role for line in GUARDED.values() for role in line.cells} == {*PHONES, *STAFF}
    assert any(line.rule.startswith(API) for line in OWNED.values())
