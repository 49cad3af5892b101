"""Writing together: each item once, nobody pays for another's fault."""

import itertools
import threading
from collections.abc import Sequence

import pytest

from kernel import together as together_module
from kernel.together import TOGETHER_MAX, Together
from tests.patience import WAIT_S

BAD = -1


class Book:
    """Writes slowly at first, so that others gather; refuses BAD."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.may_go = threading.Event()
        self.has_begun = threading.Event()

    def write(self, items: Sequence[int]) -> list[str]:
        self.has_begun.set()
        assert self.may_go.wait(WAIT_S)
        if BAD in items:
            raise ValueError("a bad one")
        self.written.append(list(items))
        return [f"{item} is written" for item in items]


def gathered(book: Book, items: Sequence[int]) -> dict[int, str]:
    """Let one hand write 0 while others wait with `items`; return what each was told."""
    together, told = Together(book.write), {}

    def bring(item: int) -> None:
        try:
            told[item] = together.write(item)
        except ValueError as error:
            told[item] = str(error)

    hands = [threading.Thread(target=bring, args=(item,)) for item in (0, *items)]
    hands[0].start()
    assert book.has_begun.wait(WAIT_S)
    for hand in hands[1:]:
        hand.start()
    while len(together._waiting) < len(items):
        threading.Event().wait(0.001)
    book.may_go.set()
    for hand in hands:
        hand.join(WAIT_S)
    return told


def test_who_waits_is_written_with_the_others() -> None:
    book = Book()

    told = gathered(book, range(1, 6))

    assert [sorted(group) for group in book.written] == [[0], [1, 2, 3, 4, 5]]
    assert told == {item: f"{item} is written" for item in range(6)}


def test_a_group_has_its_bounds() -> None:
    book = Book()

    gathered(book, range(1, TOGETHER_MAX + 3))

    assert [len(group) for group in book.written] == [1, TOGETHER_MAX, 2]


def test_a_bad_one_spoils_nobody_elses() -> None:
    book = Book()

    told = gathered(book, [1, BAD, 2])

    assert told == {0: "0 is written", 1: "1 is written", 2: "2 is written", BAD: "a bad one"}
    assert sorted(itertools.chain(*book.written)) == [0, 1, 2]


def test_alone_it_tells_its_fault() -> None:
    book = Book()
    book.may_go.set()

    with pytest.raises(ValueError, match="a bad one"):
        Together(book.write).write(BAD)


def test_who_writes_by_himself_does_so_in_his_turn() -> None:
    book = Book()
    together = Together(book.write)
    acts = (
        lambda: together.write(0),
        lambda: together.write(1),
        lambda: together.alone(lambda: book.written.append([])),
        lambda: together.write(2),
    )
    hands = [threading.Thread(target=act) for act in acts]
    for number, hand in enumerate(hands):
        hand.start()
        # Each stands behind the one before.
        assert book.has_begun.wait(WAIT_S)
        while len(together._waiting) < number:
            threading.Event().wait(0.001)
    book.may_go.set()
    for hand in hands:
        hand.join(WAIT_S)

    assert book.written == [[0], [1], [], [2]]


def test_who_fails_by_himself_holds_nobody_up() -> None:
    together = Together(Book().write)

    def fail() -> None:
        raise ValueError("a bad one")

    for _ in range(2):
        with pytest.raises(ValueError, match="a bad one"):
            together.alone(fail)


def test_who_leads_waits_for_as_many_as_there_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together_module, "GATHER_S_MAX", WAIT_S)
    book = Book()
    book.may_go.set()
    together = Together(book.write)
    together._expected = 3
    hands = [threading.Thread(target=together.write, args=(item,)) for item in range(3)]

    for number, hand in enumerate(hands):
        hand.start()
        while number < 2 and len(together._waiting) <= number:
            threading.Event().wait(0.001)
    for hand in hands:
        hand.join(WAIT_S)

    assert [sorted(group) for group in book.written] == [[0, 1, 2]]


def test_who_comes_alone_waits_once_for_those_that_were_there() -> None:
    book = Book()
    book.may_go.set()
    together = Together(book.write)
    together._expected = 3

    together.write(0)
    expected_after = together._expected
    together.write(1)

    assert expected_after == 1
    assert book.written == [[0], [1]]
