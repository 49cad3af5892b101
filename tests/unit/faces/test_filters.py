"""Sentences with facts: dates are shown as the reader's language shows them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from faces.chrome import errors, filters
from members.policy import Blocked
from members.risk import Note
from tests.house import an_app


@pytest.fixture(autouse=True)
def _request() -> Iterator[None]:
    with an_app("sqlite://", data_dir=Path()).test_request_context():
        yield


def test_a_note_shows_its_dates_as_days() -> None:
    note = Note(
        text="到 %(date)s 自动降到第 %(rung)s 级。", facts={"date": date(2027, 3, 2), "rung": 1}
    )

    assert filters.note_text(note) == "到 3月2日 自动降到第 1 级。"


def test_a_text_without_facts_stays_as_it_is() -> None:
    assert filters.note_text(Note(text="确认手机号。")) == "确认手机号。"


def test_a_refusal_shows_an_instant_as_its_day_in_shanghai() -> None:
    refusal = Blocked(
        until=datetime(2027, 2, 22, 16, 30, tzinfo=UTC), number="L1", count=3, days=180
    )

    assert errors.sentence_of(refusal) == (
        "您在 180 天内有 3 次没能见面，预约暂停到 2月23日。可以申诉，由两位工作人员复核。"
    )
