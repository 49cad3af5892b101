"""What conversations tell the house: pages of the chat desk look again."""

from dataclasses import dataclass

from kernel.events import Event

# The topic of every queue: who may see which conversation, the pages ask for themselves.
DESK = "chats"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChatEvent(Event):
    number: str

    def topics(self) -> tuple[str, ...]:
        return (f"chat:{self.number}", DESK)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMoved(_ChatEvent):
    """A conversation was opened, taken, passed on or ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatWritten(_ChatEvent):
    """The member or one of us has said something in it."""
