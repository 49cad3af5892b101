"""Both machines, driven by members, technicians, dispatchers and the clock in any order at all.

After every act the whole house is held against its invariants (scripts/truths.py). Whoever is refused has
changed nothing; an exception that is no refusal fails the test. LIFE_EXAMPLES is how many lives are
lived, of LIFE_STEPS acts each; with LIFE_SEARCH a failing one is shown as it was found.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from booking.models import Booking
from booking.operations import cancelling, closing, visits
from dispatch.models import Visit
from dispatch.operations import publishing, withdrawals
from dispatch.states import VisitState
from kernel.clock import local_date
from members.strike_models import Appeal
from tests.house import an_app, close_connections
from tests.properties.life.house import DISPATCHERS, House, pick, what_was_seen
from tests.properties.life.people import WORDS, Members, Technicians
from tests.properties.life.shelves import Line, StandBys, Warehouse

EXAMPLES, STEPS = (
    int(os.environ.get("LIFE_EXAMPLES", "6")),
    int(os.environ.get("LIFE_STEPS", "40")),
)
# So many lives come everywhere.
LONG = 100
PHASES = [Phase.generate] if "LIFE_SEARCH" in os.environ else list(Phase)


class Dispatchers(House):
    """They publish, hand over, send home, withdraw and decide."""

    @rule(days=st.integers(0, 2))
    def a_day_is_published(self, days: int) -> None:
        day = local_date(self.now) + timedelta(days=days)
        self.tried(publishing.publish_day, branch_id=1, day=day, by=DISPATCHERS[0])

    @rule(chosen=pick, to=pick, is_stale=st.booleans())
    def a_visit_is_handed_over(self, chosen: int, to: int, *, is_stale: bool) -> None:
        found = self.visit(chosen)
        if found is None:
            return
        answer = self.tried(
            withdrawals.hand_over,
            number=found[0].number,
            technician_id=self.technicians[to % 2].id,
            version=found[0].version - is_stale,
            by=DISPATCHERS[1],
        )
        assert not (is_stale and answer)

    @rule(who=pick, days=st.integers(0, 2), returns=st.booleans())
    def a_technician_is_away(self, who: int, days: int, *, returns: bool) -> None:
        technician, day = self.technicians[who % 2], local_date(self.now) + timedelta(days=days)
        facts: dict[str, Any] = {"technician_id": technician.id, "day": day}
        self.tried(withdrawals.send_home, may_break=True, reason="病了", by=DISPATCHERS[0], **facts)
        if returns:
            self.tried(withdrawals.call_back, **facts)

    @rule(chosen=pick)
    def somebody_is_found(self, chosen: int) -> None:
        visit = self.one(Visit, chosen, Visit.route_id.is_(None))
        if visit is not None:
            self.tried(withdrawals.serve_unserved, visit_id=visit.id, by=DISPATCHERS[0])

    @rule(chosen=pick, how=st.sampled_from(["veto", "release_code", "missed", "withdraw"]))
    def a_dispatcher_acts(self, chosen: int, how: str) -> None:
        by = DISPATCHERS[chosen % 2]
        if how in ("veto", "release_code"):
            wanted = VisitState.NO_SHOW if how == "veto" else VisitState.ARRIVED
            found = self.visit(chosen, wanted)
            if found is not None:
                facts = {"number": found[0].number, "reason": "业主有证据"}
                self.tried(getattr(visits, how), may_break=True, by=by, **facts)
            return
        booking = self.one(Booking, chosen)
        if booking is None:
            return
        if how == "withdraw":
            self.tried(cancelling.ask_withdrawal, number=booking.number, by=by)
            self.tried(cancelling.withdraw, number=booking.number, by=by)
        else:
            self.tried(visits.missed, number=booking.number, by=by)

    @rule(chosen=pick, upheld=st.booleans())
    def an_appeal_is_decided(self, chosen: int, *, upheld: bool) -> None:
        appeal = self.one(Appeal, chosen)
        if appeal is not None:
            self.tried(
                closing.decide,
                appeal_number=appeal.number,
                upheld=upheld,
                words=WORDS,
                by=DISPATCHERS[chosen % 2],
            )


class Life(Members, Technicians, Dispatchers, Warehouse, Line, StandBys):
    """Everybody in one house."""


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Flask:
    return an_app(sqlite_url, data_dir=tmp_path)


@pytest.mark.timeout(max(600, 20 * EXAMPLES))
def test_no_order_of_events_breaks_the_house(house: Flask) -> None:
    with house.app_context():
        try:
            run_state_machine_as_test(
                Life,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    phases=PHASES,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            close_connections()
    # A run that never came so far would prove nothing; a long one comes everywhere.
    wanted = ["commit", "assign"]
    if EXAMPLES >= LONG:
        wanted += ["reschedule", "cancel", "return", "accept", "depart", "arrive", "start"]
        wanted += ["join", "add_items", "heed_notice", "standby taken", "standby ended"]
    assert all(what_was_seen[act] for act in wanted), what_was_seen
