"""What the database itself refuses: one technician at work at two doors."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from dispatch.models import Visit
from dispatch.states import VisitState
from kernel.db import transaction
from tests.hands import in_processes
from tests.house import MONDAY, MONDAY_NINE, NORTH, a_branch, a_technician


def minute(number: int) -> datetime:
    return MONDAY_NINE + timedelta(minutes=number)


def a_visit(
    number: str, *, technician_id: int | None = 1, started: int | None, finished: int | None
) -> int:
    """Write a visit that was worked on from minute `started` to minute `finished`."""
    with transaction() as db:
        visit = Visit(
            number=number,
            branch_id=1,
            day=MONDAY,
            opens_s=0,
            shuts_s=80_000,
            work_s=3600,
            skill="air",
            lat=NORTH.lat,
            lon=NORTH.lon,
            technician_id=technician_id,
            started_at=None if started is None else minute(started),
            finished_at=None if finished is None else minute(finished),
            state=VisitState.DONE,
            state_since=MONDAY_NINE,
        )
        db.add(visit)
        db.flush()
        return visit.id


@pytest.fixture(autouse=True)
def _technicians(app: Flask) -> None:
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(2):
            a_technician(db, branch_id=branch_id)


class TestAStartedVisit:
    @pytest.mark.parametrize(
        ("started", "finished"),
        [
            pytest.param(60, 90, id="at_the_same_time"),
            pytest.param(70, 80, id="inside_it"),
            pytest.param(50, 100, id="around_it"),
            pytest.param(0, 61, id="into_its_beginning"),
            pytest.param(89, 120, id="before_its_end"),
            pytest.param(0, None, id="never_finished_before_it"),
            pytest.param(75, None, id="never_finished_within_it"),
        ],
    )
    def test_lets_no_other_overlap_it(self, started: int, finished: int | None) -> None:
        a_visit("V1", started=60, finished=90)

        with pytest.raises(IntegrityError, match="overlap"):
            a_visit("V2", started=started, finished=finished)

    @pytest.mark.parametrize(
        ("started", "finished"),
        [
            pytest.param(0, 60, id="that_ends_as_it_begins"),
            pytest.param(90, 120, id="that_begins_as_it_ends"),
            pytest.param(90, None, id="that_goes_on_after_it"),
            pytest.param(None, None, id="that_is_not_started"),
        ],
    )
    def test_lets_another_stand_beside_it(self, started: int | None, finished: int | None) -> None:
        a_visit("V1", started=60, finished=90)

        a_visit("V2", started=started, finished=finished)

    def test_that_is_not_finished_lets_none_begin_after_it(self) -> None:
        a_visit("V1", started=60, finished=None)

        with pytest.raises(IntegrityError, match="overlap"):
            a_visit("V2", started=600, finished=None)

    def test_is_no_matter_to_another_technician(self) -> None:
        a_visit("V1", started=60, finished=90)
        a_visit("V2", technician_id=2, started=60, finished=90)

        # Nor can the second be given to the first.
        with pytest.raises(IntegrityError, match="overlap"), transaction() as db:
            db.execute(update(Visit).where(Visit.number == "V2").values(technician_id=1))

    def test_cannot_be_made_to_overlap_afterwards(self) -> None:
        a_visit("V1", started=60, finished=90)
        a_visit("V2", started=90, finished=120)

        for change in ({"started_at": minute(80)}, {"started_at": minute(10)}):
            with pytest.raises(IntegrityError, match="overlap"), transaction() as db:
                db.execute(update(Visit).where(Visit.number == "V2").values(**change))

    def test_may_change_without_moving(self) -> None:
        a_visit("V1", started=60, finished=None)

        with transaction() as db:
            db.execute(update(Visit).values(finished_at=minute(90), label="done"))


def start_one(place: int, meet: Callable[[], None]) -> str:
    """Begin one's own visit for the same technician as everybody else."""
    meet()
    try:
        with transaction() as db:
            db.execute(
                update(Visit)
                .where(Visit.number == f"V{place}")
                .values(started_at=minute(place), state=VisitState.IN_SERVICE)
            )
    except IntegrityError:
        return "refused"
    return "started"


def test_of_eight_hands_one_starts(app: Flask, database_url: str, tmp_path: Path) -> None:
    for place in range(8):
        a_visit(f"V{place}", started=None, finished=None)

    told = in_processes(database_url, start_one, count=8, data_dir=tmp_path)

    assert sorted(told) == ["refused"] * 7 + ["started"]
    with transaction(reads_only=True) as db:
        assert len(db.scalars(select(Visit).where(Visit.started_at.is_not(None))).all()) == 1
