"""What is known of a trial is counted week by week, from when it began in both directions."""

from datetime import timedelta

from flask import Flask

from booking import trial_queries
from booking.operations import cancelling
from kernel.actor import SYSTEM
from kernel.db import transaction
from members.rule_models import Place
from tests.house import MONDAY_NINE, tomorrow
from tests.integration.booking.living import OPENS, done
from tests.integration.booking.promised import a_city, a_promise

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def test_a_promise_counts_in_the_week_in_which_its_window_opens(app: Flask) -> None:
    number = a_promise(a_city(), day=tomorrow())
    began, place = OPENS - WEEK, Place(branch_id=1)
    with transaction(reads_only=True) as db:
        early = trial_queries.report(db, place=place, began_at=began, until=OPENS)
        report = trial_queries.report(db, place=place, began_at=began, until=OPENS + 2 * DAY)
    done(cancelling.cancel, number=number, by=SYSTEM, now=MONDAY_NINE)
    with transaction(reads_only=True) as db:
        ahead = trial_queries.report(db, place=place, began_at=OPENS + DAY, until=OPENS + 3 * DAY)

    assert [(week.nth, week.length) for week in report.weeks] == [
        (-2, 2 * DAY),
        (-1, WEEK),
        (0, WEEK),
        (1, 2 * DAY),
    ]
    assert [week.here["due"] for week in report.weeks] == [0, 0, 0, 1]
    assert (report.since["due"], early.since["due"], report.others_since["due"]) == (1, 0, 0)
    assert (ahead.before["due"], ahead.before["cancelled"], ahead.since["due"]) == (1, 1, 0)
