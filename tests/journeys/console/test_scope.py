"""Who may see and do what: branches, and the auditor who only reads."""

import pytest

from dispatch import queries
from dispatch.operations import proposals
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.house import MONDAY_NINE, tomorrow
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise, told


@pytest.fixture
def number(town: Town) -> str:
    return a_promise(town.member)


def a_proposal(branch_id: int) -> str:
    by = Actor(1, Role.DISPATCHER, frozenset({branch_id}))
    with transaction() as db:
        return proposals.ask(db, branch_id=branch_id, day=tomorrow(), by=by, now=MONDAY_NINE).number


def the_visit(branch_id: int) -> str:
    with transaction(reads_only=True) as db:
        [visit] = queries.visits_in_routes(db, branch_id=branch_id, day=tomorrow()).values()
    return visit.number


def test_another_branchs_things_are_missing(desk_of: DeskOf, town: Town, number: str) -> None:
    stranger = desk_of("elsewhere")
    visit, proposal = the_visit(town.here), a_proposal(town.here)

    for path in (
        f"/console/board?branch={town.here}",
        f"/console/board/news?branch={town.here}",
        f"/console/visits/{visit}",
        f"/console/bookings/{number}",
        f"/console/plans/{proposal}",
        f"/console/plans/{proposal}/progress",
        f"/console/plans?branch={town.here}",
        f"/console/technicians?branch={town.here}",
    ):
        assert stranger.open(path).status == 404, path


def test_another_branchs_things_cannot_be_touched(desk_of: DeskOf, town: Town, number: str) -> None:
    stranger, proposal = desk_of("elsewhere"), a_proposal(town.here)
    day = {"branch": str(town.here), "day": tomorrow().isoformat()}

    for path, fields in (
        ("/console/board/publish", day),
        ("/console/plans", day),
        (f"/console/plans/{proposal}/stop", {}),
        (f"/console/plans/{proposal}/accept", {}),
        (f"/console/plans/{proposal}/discard", {}),
        ("/console/technicians/1/bind", {}),
    ):
        assert stranger.post(path, fields).status == 404, path
    assert told(town.here) == [None]


def test_an_auditor_reads_every_branch_and_changes_nothing(
    desk_of: DeskOf, town: Town, number: str
) -> None:
    auditor, proposal = desk_of("auditor"), a_proposal(town.here)
    day = {"branch": str(town.here), "day": tomorrow().isoformat()}

    seen = [
        auditor.open(path).status
        for path in (
            f"/console/board?branch={town.here}&day={tomorrow()}",
            f"/console/plans/{proposal}",
            f"/console/bookings/{number}",
        )
    ]
    done = [
        auditor.post(path, fields).status
        for path, fields in (
            ("/console/board/publish", day),
            ("/console/plans", day),
            (f"/console/plans/{proposal}/accept", {}),
            (f"/console/plans/{proposal}/discard", {}),
            ("/console/technicians/1/bind", {}),
        )
    ]

    assert seen == [200, 200, 200]
    assert done == [403, 403, 403, 403, 403]
    assert told(town.here) == [None]


def test_an_auditor_is_offered_no_button_that_he_may_not_press(
    desk_of: DeskOf, town: Town, number: str
) -> None:
    address = f"/console/board?branch={town.here}&day={tomorrow()}"

    assert not desk_of("auditor").open(address).has_form("/publish")
    assert desk_of("manager").open(address).has_form("/publish")


def test_a_write_without_the_sessions_token_is_refused(desk: Desk, town: Town, number: str) -> None:
    fields = {"branch": str(town.here), "day": tomorrow().isoformat()}

    answer = desk.ask("POST", "/console/board/publish", data=fields)

    assert answer.status_code == 403
    assert told(town.here) == [None]


def test_a_manager_changes_branches_and_the_choice_stays(desk_of: DeskOf, town: Town) -> None:
    manager = desk_of("manager")

    manager.open(f"/console/board?branch={town.there}")
    later = manager.open("/console/technicians")

    assert "青岛网点 2" in later.text.partition("王师")[0]


def test_a_search_finds_only_what_is_in_scope(desk_of: DeskOf, town: Town, number: str) -> None:
    assert number in desk_of("manager").open("/console/bookings?q=2046").text
    assert number not in desk_of("elsewhere").open("/console/bookings?q=2046").text
