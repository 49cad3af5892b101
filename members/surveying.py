"""Surveys (问卷): what is asked, what an answer may say, and what came of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg
from members.ledger import HOUSE_POINTS, POINTS, SURVEY, Draft, member_owner
from members.rules import Rules

TITLE_MAX, ABOUT_MAX, ASKED_MAX, CHOICE_MAX, WORDS_MAX = 20, 120, 60, 30, 300
QUESTIONS_MAX, CHOICES_MIN, CHOICES_MAX = 10, 2, 12
SCALE_MAX = 10
# A store's people make no more than one survey in this time.
STORE_EVERY = timedelta(days=7)


class QuestionKind(StrEnum):
    """How a question is answered."""

    ONE = "one"
    SEVERAL = "several"
    SCALE = "scale"
    TEXT = "text"


KIND_WORDS: Mapping[QuestionKind, str] = {
    QuestionKind.ONE: msg("单选"),
    QuestionKind.SEVERAL: msg("多选"),
    QuestionKind.SCALE: msg("打分 0–10"),
    QuestionKind.TEXT: msg("填空"),
}


class SurveyMissing(Missing):
    """No such survey."""

    says = msg("没有找到这份问卷。")


class SurveyClosed(Conflict):
    """Its last day is over, or it was closed by hand."""

    code = "survey_closed"
    says = msg("这份问卷已经结束，谢谢您来看。")


class SurveyForOthers(Conflict):
    """It asks a segment, or those whom we have served, and he is not among them."""

    code = "survey_for_others"
    says = msg("这份问卷问的是另一些会员，您不用答。")


class SurveyTooSoon(Conflict):
    """A store asks its followers once in STORE_EVERY, as every answer earns points."""

    code = "survey_too_soon"
    says = msg("门店每 %(days)s 天最多开一份问卷，上一份还不到时候。")


class BadQuestions(Invalid):
    """Questions that nobody can answer: none, or choices where they do not belong."""

    code = "bad_questions"
    says = msg("第 %(n)s 题：选择题要写 2–12 个不同的选项，每行一个；打分和填空不写选项。")


class NoQuestions(Invalid):
    """A survey that asks nothing."""

    code = "no_questions"
    says = msg("至少写一道题。")


class Unanswered(Invalid):
    """A question that wants an answer has none, or one that it does not offer."""

    code = "unanswered"
    says = msg("这一题还没有选好。")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a question's choices, and the tag that it writes on whoever takes it; None for none."""

    text: str
    tag_id: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `choices` is empty but for ONE and SEVERAL."""

    kind: QuestionKind
    text: str
    choices: tuple[Choice, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """What can be picked: the choices' texts, or the steps of the scale."""
        if self.kind is QuestionKind.SCALE:
            return tuple(str(step) for step in range(SCALE_MAX + 1))
        return tuple(choice.text for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: by question the places of what was picked, from 0; and by question's place what was
    written, which is kept apart."""

    picked: tuple[tuple[int, ...], ...]
    words: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each step of a question was picked, by how many people it was answered, and the mean
    of a scale."""

    counts: tuple[int, ...]
    answered: int
    mean: float | None


def check_questions(questions: Sequence[Question]) -> None:
    """Raises NoQuestions, BadQuestions."""
    if not 1 <= len(questions) <= QUESTIONS_MAX:
        raise NoQuestions(field="questions")
    for place, question in enumerate(questions, start=1):
        texts = [choice.text for choice in question.choices]
        wanted = question.kind in (QuestionKind.ONE, QuestionKind.SEVERAL)
        fits = CHOICES_MIN <= len(texts) <= CHOICES_MAX if wanted else not texts
        if not fits or len(set(texts)) < len(texts) or not all(texts):
            raise BadQuestions(field="questions", n=place)


def read(questions: Sequence[Question], said: Mapping[int, Sequence[str]]) -> Given:
    """Return what was said, by question's place; a text may be left out. Raises Unanswered."""
    picked, words = [], {}
    for place, question in enumerate(questions):
        texts = [text for text in said.get(place, ()) if text]
        if question.kind is not QuestionKind.TEXT:
            picked.append(_picked(question, texts, field=f"q{place + 1}"))
            continue
        picked.append(())
        if texts:
            words[place] = texts[0][:WORDS_MAX]
    return Given(tuple(picked), words)


def _picked(question: Question, texts: Sequence[str], *, field: str) -> tuple[int, ...]:
    known = {str(place) for place in range(len(question.steps))}
    most = len(question.steps) if question.kind is QuestionKind.SEVERAL else 1
    if not 1 <= len(texts) <= most or not set(texts) <= known:
        raise Unanswered(field=field)
    return tuple(sorted({int(text) for text in texts}))


def tags_of(questions: Sequence[Question], given: Given) -> list[int]:
    """Return the tags that the answer writes, each once, in their order."""
    return sorted(
        {
            tag_id
            for question, places in zip(questions, given.picked, strict=True)
            for tag_id in (question.choices[place].tag_id for place in places if question.choices)
            if tag_id is not None
        }
    )


def tallies(
    questions: Sequence[Question], answers: Sequence[Sequence[Sequence[int]]]
) -> list[Tally]:
    """Return by question what all answers picked."""
    found = []
    for place, question in enumerate(questions):
        each = [answer[place] for answer in answers]
        flat = [picked for answer in each for picked in answer]
        is_scale = question.kind is QuestionKind.SCALE and flat
        found.append(
            Tally(
                counts=tuple(flat.count(step) for step in range(len(question.steps))),
                answered=sum(1 for answer in each if answer),
                mean=sum(flat) / len(flat) if is_scale else None,
            )
        )
    return found


def points_for(*, surveys: int, rules: Rules) -> int:
    """Return what answering so many surveys earns."""
    return surveys * rules.survey_points


def key_of(number: str, member_id: int) -> str:
    """Return the key under which an answer's points are posted."""
    return f"{SURVEY}:{number}:{member_id}"


def points_draft(*, number: str, member_id: int, points: int, rules: Rules) -> Draft:
    """Return the posting of an answer's points: once a member and survey."""
    return Draft(
        key=key_of(number, member_id),
        kind=SURVEY,
        unit=POINTS,
        legs={HOUSE_POINTS: -points, member_owner(member_id): points},
        evidence=f"survey:{number}",
        rules=rules,
    )
