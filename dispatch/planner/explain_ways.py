"""What would have to give way for a technician to take a visit: one thing, or two at once.

Each amount is the least that changes the answer: with so many seconds or units more the visit fits,
with any fewer it does not. Of two things neither can be any less while the other is as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from dispatch.planner import constraints
from dispatch.planner.constraints import N_
from dispatch.planner.explain_rows import Rows
from dispatch.planner.problem import DAY_S, Stop, Window


class Kind(StrEnum):
    """What would have to give way."""

    RULE = "rule"
    STARTS_LATER = "starts_later"
    STARTS_EARLIER = "starts_earlier"
    CLOSED = "closed"
    OVERTIME = "overtime"
    ROOM = "room"
    # What crosses routes: a quota, a tool, a crew, the gap between two visits.
    TIE = "tie"


SENTENCES = {
    Kind.STARTS_LATER: (
        N_("%(worker)s最早要比约定时段晚 %(minutes)s 分钟才能开始%(stop)s"),
        "%(worker)s could begin %(stop)s at the earliest %(minutes)s min after its window",
    ),
    Kind.STARTS_EARLIER: (
        N_("%(worker)s最晚要比约定时段早 %(minutes)s 分钟开始%(stop)s"),
        "%(worker)s would have to begin %(stop)s %(minutes)s min before its window",
    ),
    Kind.CLOSED: (
        N_("不许施工的时段再短 %(minutes)s 分钟，%(worker)s就能做%(stop)s"),
        "%(worker)s could make %(stop)s if the hours closed to work were %(minutes)s min shorter",
    ),
    Kind.OVERTIME: (
        N_("%(worker)s要加班 %(minutes)s 分钟才能完成%(stop)s"),
        "%(worker)s would need %(minutes)s min of overtime for %(stop)s",
    ),
    Kind.ROOM: (
        N_("%(worker)s的车还差 %(excess)s 件的空间，装不下%(stop)s"),
        "The van of %(worker)s lacks room for %(excess)s units of %(stop)s",
    ),
}


# Two that give way at once: their sentences, filled, in one.
BOTH = N_("%(first)s，并且%(second)s"), "%(first)s, and %(second)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """The least by which one thing must give way so that the visit fits that technician's route.

    `amount` is in seconds, levels or units; `rule` names the rule between the two that forbids it,
    whatever the time, or that crosses routes, and `tie` the quota or tool. `window` is the one that would have to be longer, or the closed hours that
    would have to be shorter; `room` the kind of room in the van.
    """

    kind: Kind
    worker_id: int
    stop_id: int
    amount: int
    rule: str = ""
    window: Window | None = None
    room: int = 0
    tie: str = ""

    @property
    def code(self) -> str:
        return self.rule or str(self.kind)

    @property
    def sentences(self) -> tuple[str, str]:
        """Return the Chinese msgid and the English sentence, yet to be filled with `words`."""
        if self.kind in SENTENCES:
            return SENTENCES[self.kind]
        [rule] = [rule for rule in constraints.RULES if rule.name == self.rule]
        return rule.sentence, rule.sentence_en

    @property
    def words(self) -> dict[str, int | str]:
        return {
            "worker": self.worker_id,
            "stop": self.stop_id,
            "excess": self.amount,
            "minutes": -(-self.amount // 60),
            "tie": self.tie,
        }


Pair = tuple[Relaxation, Relaxation]


@dataclass(frozen=True, slots=True)
class Beyond:
    """Starts that are allowed when one thing gives way: how far it has to, for the first and last."""

    kind: Kind
    window: Window
    piece: Window

    def amount(self, first_s: int, last_s: int) -> int:
        if self.kind is Kind.STARTS_LATER:
            return first_s - self.window.shut_s
        if self.kind is Kind.STARTS_EARLIER:
            return self.window.open_s - last_s
        # Closed hours may end sooner, or begin later.
        return min(self.window.shut_s + 1 - last_s, first_s - self.window.open_s + 1)


def beyond(stop: Stop) -> list[Beyond]:
    """Return the starts after each window, before it, and within the hours closed to work."""
    beside = [
        Beyond(outer.kind, outer.window, piece)
        for outer in _outside(stop)
        for piece in outer.piece.without(stop.closed)
    ]
    return beside + [
        Beyond(Kind.CLOSED, span, piece)
        for span in stop.closed
        for piece in _shared(stop.windows, span)
    ]


def _outside(stop: Stop) -> Iterator[Beyond]:
    for window in stop.windows:
        if window.shut_s < DAY_S:
            yield Beyond(Kind.STARTS_LATER, window, Window(window.shut_s + 1, DAY_S))
    for window in stop.windows:
        if window.open_s > 0:
            yield Beyond(Kind.STARTS_EARLIER, window, Window(0, window.open_s - 1))


def _shared(windows: Iterable[Window], span: Window) -> Iterator[Window]:
    for window in windows:
        opens_s, shuts_s = max(span.open_s, window.open_s), min(span.shut_s, window.shut_s)
        if opens_s <= shuts_s:
            yield Window(opens_s, shuts_s)


def sentences(*ways: Relaxation) -> tuple[str, str]:
    """Say one thing or two in Chinese and in English, by their ids."""
    spoken = [[sentence % way.words for sentence in way.sentences] for way in ways]
    if len(spoken) == 1:
        return spoken[0][0], spoken[0][1]
    chinese, english = (
        sentence % {"first": first, "second": second}
        for sentence, first, second in zip(BOTH, *spoken, strict=True)
    )
    return chinese, english


def weight(*ways: Relaxation) -> tuple[bool, int, int]:
    """Order by this, the least first: rules and loads last, then by seconds, then by units."""
    units = [way.amount for way in ways if way.kind in {Kind.RULE, Kind.ROOM, Kind.TIE}]
    return bool(units), sum(way.amount for way in ways) - sum(units), sum(units)


class Ways:
    """The search for one technician and visit."""

    def __init__(self, rows: Rows, stop: Stop) -> None:
        self.rows = rows
        self.stop = stop
        # The bench was asked for these: what is open first, what is beyond it after.
        self.open = stop.open_windows
        self.beyond = list(enumerate(beyond(stop), start=len(self.open)))
        self.short = [rows.short(row) for row in rows]

    @classmethod
    def pieces(cls, stop: Stop) -> list[Window]:
        """Return the starts that the search asks for."""
        crossed = [piece for *_, piece in _crossed(stop)]
        return [*stop.open_windows, *(one.piece for one in beyond(stop)), *crossed]

    def fits(self) -> bool:
        return any(not self.short[row] and self._in_time(row) for row in self.rows)

    def alone(self) -> list[Relaxation]:
        """Return the least of each kind that is enough alone, the least first."""
        rows = [row for row in self.rows if not self.short[row]]
        found = [way for row in rows for way in self._beside(row)]
        found += [self._overtime(over_s) for row in rows if (over_s := self._over_s(row))]
        found += [
            self._room(*next(iter(self.short[row].items())))
            for row in self.rows
            if len(self.short[row]) == 1 and self._in_time(row)
        ]
        least: dict[tuple[Kind, int], Relaxation] = {}
        for way in sorted(found, key=_order):
            least.setdefault((way.kind, way.room), way)
        return list(least.values())

    def both(self) -> Pair | None:
        """Return the least two that are enough at once, where none is alone."""
        found = [pair for row in self.rows for pair in self._both(row, self.short[row])]
        return min(found, key=lambda pair: weight(*pair), default=None)

    def _both(self, row: int, short: dict[int, int]) -> Iterator[Pair]:
        rooms = [self._room(kind, units) for kind, units in short.items()]
        if len(rooms) == 2 and self._in_time(row):
            yield rooms[0], rooms[1]
        elif len(rooms) == 1:
            over_s = self._over_s(row)
            times = [*self._beside(row), *([self._overtime(over_s)] if over_s else [])]
            yield from ((way, rooms[0]) for way in times)
        elif not rooms:
            yield from self._late(row)
            yield from self._across(row)

    def _in_time(self, row: int) -> bool:
        return any(self.rows.span(row, nth) for nth in range(len(self.open)))

    def _over_s(self, row: int) -> int | None:
        return self.rows.overtime_s(row, self.open) if self.open else None

    def _beside(self, row: int) -> Iterator[Relaxation]:
        """Yield each way in which a window or closed hours give way for a start there."""
        for nth, one in self.beyond:
            if span := self.rows.span(row, nth):
                yield self._way(one, *span)

    def _late(self, row: int) -> Iterator[Pair]:
        """Yield the same with overtime."""
        for nth, one in self.beyond:
            for first_s, over_s in self.rows.levels(row, one.piece):
                last_s = first_s
                if over_s and one.kind is not Kind.STARTS_LATER:
                    span = self.rows.span(row, nth, over_s)
                    last_s = span[1] if span else first_s
                if over_s:
                    yield self._way(one, first_s, last_s), self._overtime(over_s)

    def _across(self, row: int) -> Iterator[Pair]:
        """Yield each way in which a window and closed hours beside it give way at once."""
        first_nth = len(self.open) + len(self.beyond)
        for nth, (outer, span, _) in enumerate(_crossed(self.stop), start=first_nth):
            found = self.rows.span(row, nth)
            if found:
                at_s = found[0] if outer.kind is Kind.STARTS_LATER else found[1]
                yield self._way(outer, at_s, at_s), self._way(span, at_s, at_s)

    def _way(self, one: Beyond, first_s: int, last_s: int) -> Relaxation:
        return self._relaxed(one.kind, one.amount(first_s, last_s), window=one.window)

    def _overtime(self, over_s: int) -> Relaxation:
        return self._relaxed(Kind.OVERTIME, over_s)

    def _room(self, kind: int, units: int) -> Relaxation:
        return self._relaxed(Kind.ROOM, units, room=kind)

    def _relaxed(
        self, kind: Kind, amount: int, *, window: Window | None = None, room: int = 0
    ) -> Relaxation:
        return Relaxation(
            kind=kind,
            worker_id=self.rows.worker.id,
            stop_id=self.stop.id,
            amount=amount,
            window=window,
            room=room,
        )


def _crossed(stop: Stop) -> Iterator[tuple[Beyond, Beyond, Window]]:
    """Yield the closed hours before and after each window, with the starts they share."""
    for outer in _outside(stop):
        for span in stop.closed:
            for piece in _shared([outer.piece], span):
                yield outer, Beyond(Kind.CLOSED, span, piece), piece


def _order(way: Relaxation) -> tuple[bool, int, int, Window]:
    return *weight(way), way.window or Window(DAY_S, DAY_S)
