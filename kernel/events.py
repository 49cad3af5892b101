"""Facts that packages tell each other: frozen dataclasses, named in the past tense."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar, Self, get_type_hints

from kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. Subclasses hold plain values only: ids, numbers, text, Money, dates and instants.

    An event is a doorbell, not a letter: whoever reacts looks at the rows as they are now.
    """

    at: datetime
    registry: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        # No super() here: dataclass(slots=True) makes a new class, which the cell would not know. It
        # also makes a second class of the same name: the last one stands.
        Event.registry[cls.__name__] = cls

    def topics(self) -> tuple[str, ...]:
        """Name the live pages that should look again, such as `booking:B123` or `day:1:2026-11-23`."""
        return ()

    def facts(self) -> dict[str, Any]:
        """Return the fields as JSON values; Money as {"fen": n}, instants and dates as ISO text."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def of(cls, name: str, facts: dict[str, Any]) -> "Event":
        """Rebuild the event called `name` from its facts. Raises KeyError for an unknown name."""
        return cls.registry[name].rebuilt(facts)

    @classmethod
    def rebuilt(cls, facts: dict[str, Any]) -> Self:
        """Rebuild an event of this class from its facts."""
        hints = get_type_hints(cls)
        return cls(**{name: _rich(value, hints[name]) for name, value in facts.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"fen": value.fen}
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _rich(value: Any, hint: Any) -> Any:
    if hint is Money:
        return Money(value["fen"])
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is date:
        return date.fromisoformat(value)
    return value
