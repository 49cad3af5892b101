"""The evidence of a strike: on a time axis, and as sentences beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from faces.chrome.filters import clock_text, day_text, gettext

# The axis in units of its drawing; each label is given so much room.
WIDTH, EDGE, ROOM = 680, 24, 112
# Labels stand in four rows around the line: the nearest above and below first.
LANES = ((34, 48), (104, 118), (4, 18), (134, 148))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is proven, and when."""

    at: datetime
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact on the axis: where it stands, and where its two lines of text do."""

    x: int
    time_y: int
    words_y: int
    anchor: str
    time: str
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The facts by time, drawn; `wait` is the stretch between arrival and leaving, none without."""

    marks: tuple[Mark, ...]
    facts: tuple[Fact, ...]
    wait: tuple[int, int] | None
    wait_words: str
    window: tuple[int, int] | None
    day: str


def axis_of(evidence: Mapping[str, Any]) -> Axis | None:
    """Return the evidence drawn; None when it holds no time at all."""
    facts = sorted(_facts(evidence), key=lambda fact: fact.at)
    window = [at for name in ("starts_at", "ends_at") if (at := _time(evidence.get(name)))]
    instants = sorted([*(fact.at for fact in facts), *window])
    if not instants:
        return None
    first, last = instants[0], instants[-1]
    span_s = max(1.0, (last - first).total_seconds())

    def x_of(at: datetime) -> int:
        return EDGE + round((WIDTH - 2 * EDGE) * (at - first).total_seconds() / span_s)

    arrived, left = _time(evidence.get("arrived_at")), _time(evidence.get("left_at"))
    is_waited = arrived is not None and left is not None
    minutes = int((left - arrived).total_seconds() // 60) if arrived and left else 0
    return Axis(
        marks=tuple(_marks(facts, x_of)),
        facts=tuple(facts),
        wait=(x_of(arrived), x_of(left)) if arrived and left else None,
        wait_words=gettext("等候 %(minutes)s 分", minutes=minutes) if is_waited else "",
        window=(x_of(window[0]), x_of(window[1])) if len(window) == 2 else None,
        day=day_text(first),
    )


def _facts(evidence: Mapping[str, Any]) -> Iterator[Fact]:
    proofs = [proof for proof in evidence.get("proofs", []) if isinstance(proof, Mapping)]
    named = {str(proof.get("kind", "")) for proof in proofs}
    for name, words, tone in (
        ("arrived_at", gettext("到达"), "brand"),
        ("left_at", gettext("离开"), "danger"),
        ("cancelled_at", gettext("取消"), "danger"),
    ):
        at = _time(evidence.get(name))
        if at is not None and not (name == "arrived_at" and "arrival" in named):
            yield Fact(at, words, tone)
    for proof in proofs:
        at = _time(proof.get("at"))
        if at is not None:
            yield Fact(at, _proof_words(proof), "brand" if proof.get("kind") == "arrival" else "")


def _proof_words(proof: Mapping[str, Any]) -> str:
    kind = str(proof.get("kind", ""))
    if kind == "arrival":
        metres = proof.get("metres")
        if metres is not None:
            return gettext("到达，距门牌 %(metres)s 米", metres=metres)
        return gettext("到达，照片为证")
    words = {"call": gettext("电话未接"), "message": gettext("微信已发")}
    return words.get(kind, kind)


def _marks(facts: list[Fact], x_of: Any) -> Iterator[Mark]:
    ends = [-ROOM] * len(LANES)
    for fact in facts:
        x = x_of(fact.at)
        lane = next((n for n, end in enumerate(ends) if x - end >= ROOM), len(LANES) - 1)
        ends[lane] = x
        time_y, words_y = LANES[lane]
        anchor = "start" if x < EDGE * 2 else "end" if x > WIDTH - EDGE * 2 else "middle"
        yield Mark(
            x=x,
            time_y=time_y + 8,
            words_y=words_y + 8,
            anchor=anchor,
            time=clock_text(fact.at),
            words=fact.words,
            tone=fact.tone,
        )


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo is not None else None
