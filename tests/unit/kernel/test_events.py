"""Events: every registered class goes through the outbox's JSON and comes back equal."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, get_type_hints

import pytest

import app as joinery
from kernel.events import Event
from kernel.money import Money

SAMPLES: dict[Any, Any] = {
    datetime: datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC),
    date: date(2026, 11, 23),
    Money: Money(180_00),
    int: 7,
    str: "浮山后三小区",
    bool: True,
}
EVENTS = {name: cls for name, cls in sorted(Event.registry.items()) if not name.startswith("_")}


def a_sample(kind: type[Event]) -> Event:
    hints = get_type_hints(kind)
    return kind(**{field.name: SAMPLES[hints[field.name]] for field in fields(kind)})


@pytest.mark.parametrize("name", EVENTS)
class TestEveryEvent:
    def test_survives_the_outbox(self, name: str) -> None:
        event = a_sample(EVENTS[name])

        stored = json.loads(json.dumps(event.facts(), ensure_ascii=False))

        assert Event.of(name, stored) == event

    def test_names_topics_without_blanks(self, name: str) -> None:
        # They are stored as words of one line.
        topics = a_sample(EVENTS[name]).topics()

        assert all(topic and not topic.split()[1:] for topic in topics)

    def test_is_said_in_the_past_tense(self, name: str) -> None:
        past = ("ed", "Held", "Done", "Taken", "Broken", "Bound", "Written", "Late")

        assert name.endswith(past)


class TestRegistry:
    def test_knows_what_the_house_reacts_to(self) -> None:
        assert set(joinery.REACTIONS) <= set(EVENTS.values())

    def test_refuses_a_name_it_does_not_know(self) -> None:
        with pytest.raises(KeyError):
            Event.of("BookingInvented", {})
