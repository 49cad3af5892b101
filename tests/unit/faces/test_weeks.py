"""A trial's weeks as bars: shares of what fell due, and nothing where nothing did."""

from datetime import timedelta

from booking.trial_queries import MEASURES, WEEK, Report, Week
from faces.console.weeks import charts_of

NONE = dict.fromkeys(MEASURES, 0)


def a_week(nth: int, *, length: timedelta = WEEK, **here: int) -> Week:
    return Week(nth=nth, length=length, here=NONE | here, elsewhere=NONE | {"due": 4, "kept": 3})


def test_shows_shares_of_what_was_due_and_marks_parts_of_weeks() -> None:
    day = timedelta(days=1)
    weeks = [
        a_week(-2, length=day),
        a_week(-1, due=10, kept=5),
        a_week(0, due=20, kept=20),
        a_week(1, length=day, due=2),
    ]

    due, kept = charts_of(Report(span=WEEK + day, weeks=weeks))[:2]

    assert (due.before, due.since) == (["0", "10"], ["20", "2"])
    assert all(bar.mark_y is None for bar in due.bars)
    assert (kept.before, kept.since) == (["–", "50%"], ["100%", "0%"])
    assert [bar.is_part for bar in kept.bars] == [True, False, False, True]
    half, whole = kept.bars[1], kept.bars[2]
    assert (2 * half.height, half.y + half.height) == (whole.height, whole.y + whole.height)
    assert half.mark_y is not None
    assert whole.y < half.mark_y < half.y
    assert kept.began_x == 120


def test_shows_nothing_before_there_is_a_second_week() -> None:
    assert charts_of(Report(span=WEEK, weeks=[a_week(-1), a_week(0)])) == []
