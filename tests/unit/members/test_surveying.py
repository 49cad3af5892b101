"""What a survey may ask, and what an answer may say, at its edges."""

import pytest

from kernel.errors import Refusal
from members.surveying import (
    Choice,
    Given,
    Question,
    QuestionKind,
    check_questions,
    read,
    tags_of,
    tallies,
)

TWO = (Choice("要", 7), Choice("不要"))
ONE = Question(QuestionKind.ONE, "要吗", TWO)
SEVERAL = Question(QuestionKind.SEVERAL, "要哪些", (*TWO, Choice("再说", 3)))
SCALE = Question(QuestionKind.SCALE, "几分")
TEXT = Question(QuestionKind.TEXT, "还有什么")
ALL = (ONE, SEVERAL, SCALE, TEXT)


def refused(*questions: Question) -> str:
    try:
        check_questions(questions)
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(
    ("questions", "code"),
    [
        (ALL, ""),
        ((), "no_questions"),
        ((SCALE,) * 10, ""),
        ((SCALE,) * 11, "no_questions"),
        ((Question(QuestionKind.ONE, "?", TWO[:1]),), "bad_questions"),
        ((Question(QuestionKind.SEVERAL, "?", (TWO[1], TWO[1])),), "bad_questions"),
        ((Question(QuestionKind.SCALE, "?", TWO),), "bad_questions"),
    ],
)
def test_what_may_be_asked(questions: tuple[Question, ...], code: str) -> None:
    assert refused(*questions) == code


def test_an_answer_is_read_with_its_tags() -> None:
    given = read(ALL, {0: ["0"], 1: ["2", "0"], 2: ["10"], 3: ["挺好"]})

    assert given == Given(((0,), (0, 2), (10,), ()), {3: "挺好"})
    assert tags_of(ALL, given) == [3, 7]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({1: ["0"], 2: ["0"]}, "q1"),
        ({0: ["0", "1"], 1: ["0"], 2: ["0"]}, "q1"),
        ({0: ["2"], 1: ["0"], 2: ["0"]}, "q1"),
        ({0: ["0"], 1: [""], 2: ["0"]}, "q2"),
        ({0: ["0"], 1: ["0"], 2: ["11"]}, "q3"),
    ],
)
def test_what_is_not_answered_is_named(said: dict[int, list[str]], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(ALL, said)

    assert refused.value.field == field


def test_answers_are_counted_by_step() -> None:
    one, several, scale, text = tallies(ALL, [[[0], [0, 2], [10], []], [[1], [0], [5], []]])

    assert (one.counts, several.counts) == ((1, 1), (2, 0, 1))
    assert (scale.counts[5], scale.counts[10], scale.mean, scale.answered) == (1, 1, 7.5, 2)
    assert (text.counts, text.mean) == ((), None)
