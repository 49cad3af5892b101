"""Refusals: every one can be said aloud, and says what kind it is."""

from collections.abc import Iterator

import pytest

import app  # noqa: F401  # loads every package, and so every refusal
from kernel.errors import Conflict, Forbidden, Invalid, Missing, Refusal, Unavailable

KINDS = (Invalid, Forbidden, Missing, Conflict, Unavailable)


class _Anything(dict[str, object]):
    """Facts for any sentence; one that is only a frame quotes its `message` whole."""

    def __missing__(self, key: str) -> object:
        return "请写清楚。" if key == "message" else 3


def below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


REFUSALS = sorted(set(below(Refusal)), key=lambda kind: kind.__name__)


class TestRefusal:
    def test_quotes_its_facts(self) -> None:
        class FarAway(Invalid):
            says = "还有 %(km)s 公里。"

        refusal = FarAway(field="address", km=12)

        assert (str(refusal), refusal.field, refusal.facts) == (
            "还有 12 公里。",
            "address",
            {"km": 12},
        )

    @pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
    def test_is_one_of_five_kinds(self, kind: type[Refusal]) -> None:
        assert sum(issubclass(kind, one) for one in KINDS) == 1

    @pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
    def test_says_a_sentence_in_chinese(self, kind: type[Refusal]) -> None:
        sentence = kind.says % _Anything()

        assert sentence.endswith("。")
        assert any("\u4e00" <= char <= "\u9fff" for char in sentence)
        assert "%" not in sentence
        assert kind.code == kind.code.lower().strip()
