"""Draws docs/states.md, docs/events.md and docs/access.md from the code: python -m scripts.papers.

The house's checks compare them with what stands in docs.
"""

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import Flask

from booking.states import (
    ADDITION_MACHINE,
    BOOKING_MACHINE,
    COMPLAINT_MACHINE,
    GOODS_MACHINE,
    OLD_MACHINE,
    PAYMENT_MACHINE,
    STANDBY_MACHINE,
    TRYOUT_MACHINE,
    WAITING_MACHINE,
)
from conversations.states import CHAT_MACHINE
from dispatch.states import PROPOSAL_MACHINE, VISIT_MACHINE
from kernel.delivery import Reactions
from kernel.events import Event
from kernel.machine import Machine
from kernel.settings import Mode, Settings
from members.states import (
    APPEAL_MACHINE,
    BLACKLISTING_MACHINE,
    COLLECTION_MACHINE,
    OVERRIDE_MACHINE,
    STRIKE_MACHINE,
)
from scripts import access

DOCS = Path(__file__).resolve().parent.parent / "docs"
MACHINES: Sequence[Machine[Any, Any]] = (
    BOOKING_MACHINE,
    ADDITION_MACHINE,
    PAYMENT_MACHINE,
    TRYOUT_MACHINE,
    VISIT_MACHINE,
    PROPOSAL_MACHINE,
    GOODS_MACHINE,
    OLD_MACHINE,
    COMPLAINT_MACHINE,
    STANDBY_MACHINE,
    WAITING_MACHINE,
    STRIKE_MACHINE,
    APPEAL_MACHINE,
    BLACKLISTING_MACHINE,
    OVERRIDE_MACHINE,
    COLLECTION_MACHINE,
    CHAT_MACHINE,
)

_STATES = """# States

Drawn from the machines' tables by `python -m scripts.papers`; a test compares them. What moves a
row is its `advance`, and nothing else.
"""
_EVENTS = """# Events

Drawn from the event classes by `python -m scripts.papers`; a test compares them. An event is
recorded in the transaction of the change it tells. Topics name the live pages that look again;
reactions hear it from the outbox, at least once.

| event | what has happened | facts | topics | reactions |
|---|---|---|---|---|
"""


def states(machines: Iterable[Machine[StrEnum, StrEnum]] = MACHINES) -> str:
    """Return docs/states.md: one diagram per machine."""
    return "\n".join([_STATES, *(_diagram(machine) for machine in machines)])


def events(reactions: Reactions) -> str:
    """Return docs/events.md: one line per event that the loaded packages tell."""
    told = [kind for name, kind in sorted(Event.registry.items()) if not name.startswith("_")]
    return _EVENTS + "".join(_line(kind, reactions) for kind in told)


def _diagram(machine: Machine[StrEnum, StrEnum]) -> str:
    lines = [f"## {machine.name}", "", "```mermaid", "stateDiagram-v2"]
    first = next(iter(machine.table))
    lines.append(f"    [*] --> {first.value}")
    for state, edges in machine.table.items():
        lines += [f"    {state.value} --> {after.value}: {act}" for act, after in edges.items()]
        if not edges:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join([*lines, "```", ""])


class _Word(str):
    """A field's name in the stead of its value, so that topics read as their pattern."""

    __slots__ = ()

    def isoformat(self) -> str:
        return str(self)


def _line(kind: type[Event], reactions: Reactions) -> str:
    names = [field.name for field in fields(kind)]
    words: Mapping[str, Any] = {name: _Word(f"{{{name}}}") for name in names}
    said = " ".join((kind.__doc__ or "").split())
    cells = (
        kind.__name__,
        said,
        ", ".join(name for name in names if name != "at"),
        ", ".join(f"`{topic}`" for topic in kind(**words).topics()),
        ", ".join(f"`{_name(reaction)}`" for reaction in reactions.get(kind, ())),
    )
    return "| " + " | ".join(cells) + " |\n"


def _name(reaction: Any) -> str:
    return f"{reaction.__module__}.{reaction.__name__}"


def an_app() -> Flask:
    """Return the app with every route it can have, on no database."""
    settings = Settings(
        mode=Mode.DEMO,
        data_dir=Path(),
        database_url="sqlite://",
        secret_key="drawn from the routes, never served",
        public_base="http://doorbell.localhost:8000",
        wechat_appid="wx0",
        wechat_secret="none",
        wechat_token="none",
        sandbox_base="http://sandbox.doorbell.localhost:8001",
    )
    made: Flask = pkgutil.resolve_name("app:create_app")(settings)
    return made


def main() -> None:
    """Write the papers."""
    reactions: Reactions = pkgutil.resolve_name("app:REACTIONS")
    (DOCS / "states.md").write_text(states(), encoding="utf-8")
    (DOCS / "events.md").write_text(events(reactions), encoding="utf-8")
    (DOCS / "access.md").write_text(access.paper(an_app()), encoding="utf-8")


if __name__ == "__main__":
    main()
