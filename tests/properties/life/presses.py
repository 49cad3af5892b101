"""A press of a button, as the faces make it: an act under a key, in one transaction with its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from kernel import idempotency
from kernel.db import transaction
from kernel.idempotency import Answer, KeyReused

T = TypeVar("T")


class Killed(Exception):
    """The hand died before its transaction ended."""


@dataclass(frozen=True)
class Press(Generic[T]):
    """One act with its facts; `number` makes its key."""

    act: Callable[..., T]
    facts: Mapping[str, Any]
    number: int

    def once(self, *, dies: bool = False) -> T:
        """Do it for the first time; `dies` between the effect and its end. Raises Killed."""
        with transaction() as db:
            assert self._claimed(db, self._content) is None
            answer = self.act(db, **self.facts)
            idempotency.settle(
                db,
                scope=self.act.__name__,
                key=self._key,
                content_hash=self._content,
                answer=Answer(200, {"n": self.number}),
                now=self.facts["now"],
            )
            if dies:
                raise Killed
            return answer

    def again(self, *, differs: bool = False) -> Answer | None:
        """Press once more, with the same content or with another. Raises KeyReused."""
        with transaction() as db:
            return self._claimed(db, self._content + ("!" if differs else ""))

    def _claimed(self, db: Any, content: str) -> Answer | None:
        return idempotency.claim(
            db,
            scope=self.act.__name__,
            key=self._key,
            content_hash=content,
            now=self.facts["now"],
        )

    @property
    def _key(self) -> str:
        return str(UUID(int=self.number))

    @property
    def _content(self) -> str:
        return repr(sorted(self.facts.items()))


def check_one_effect(press: Press[Any], standing: Callable[[], Mapping[str, int]]) -> None:
    """7: pressed again it is answered as before, with other content it is refused; neither does more."""
    stood = standing()
    assert press.again() == Answer(200, {"n": press.number})
    try:
        press.again(differs=True)
    except KeyReused:
        pass
    else:
        raise AssertionError("one key took two contents")
    assert standing() == stood
