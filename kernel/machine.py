"""State machines: one table is the whole truth about states."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from kernel.errors import Conflict
from kernel.words import msg

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


class IllegalMove(Conflict):
    """The present state does not allow the action."""

    code = "bad_state"
    says = msg("现在的状态不能做这个操作，请刷新后再看。")


@dataclass(frozen=True, slots=True)
class Machine(Generic[S, A]):
    """From each state, the actions it allows and the state each leads to."""

    name: str
    table: Mapping[S, Mapping[A, S]]

    def after(self, state: S, action: A) -> S:
        """Return the state that `action` leads to. Raises IllegalMove."""
        try:
            return self.table[state][action]
        except KeyError:
            raise IllegalMove(machine=self.name, state=state.value, action=action.value) from None

    def allows(self, state: S, action: A) -> bool:
        """Tell whether `action` is open in `state`."""
        return action in self.table[state]
