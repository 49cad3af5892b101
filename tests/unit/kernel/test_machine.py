"""Machines: one table is the whole truth."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.states import BOOKING_MACHINE, BookingAction, BookingState
from dispatch.states import (
    MOVABLE,
    OUT,
    PROPOSAL_MACHINE,
    STARTED,
    TOLD,
    VISIT_MACHINE,
    ProposalAction,
    ProposalState,
    VisitAction,
    VisitState,
)
from kernel.machine import IllegalMove, Machine


class TestMachine:
    def test_leads_where_its_table_says(self) -> None:
        after = BOOKING_MACHINE.after(BookingState.HELD, BookingAction.COMMIT)

        assert after is BookingState.BOOKED

    def test_refuses_everything_else_and_says_what_was_tried(self) -> None:
        with pytest.raises(IllegalMove) as refusal:
            BOOKING_MACHINE.after(BookingState.EXPIRED, BookingAction.COMMIT)

        assert refusal.value.facts == {"machine": "booking", "state": "expired", "action": "commit"}
        assert refusal.value.code == "bad_state"

    def test_allows_exactly_what_it_would_do(self) -> None:
        for state in VisitState:
            for action in VisitAction:
                allowed = VISIT_MACHINE.allows(state, action)
                assert allowed == (action in VISIT_MACHINE.table[state])

    @given(
        st.lists(st.sampled_from(list(VisitAction)), max_size=12),
    )
    def test_stays_within_its_states(self, actions: list[VisitAction]) -> None:
        state = VisitState.HELD
        for action in actions:
            if VISIT_MACHINE.allows(state, action):
                state = VISIT_MACHINE.after(state, action)

        assert state in VISIT_MACHINE.table


@pytest.mark.parametrize(
    ("machine", "states", "actions"),
    [
        (BOOKING_MACHINE, BookingState, BookingAction),
        (VISIT_MACHINE, VisitState, VisitAction),
        (PROPOSAL_MACHINE, ProposalState, ProposalAction),
    ],
    ids=["booking", "visit", "proposal"],
)
class TestTables:
    def test_name_every_state(
        self, machine: Machine[StrEnum, StrEnum], states: type[StrEnum], actions: type[StrEnum]
    ) -> None:
        assert set(machine.table) == set(states)

    def test_use_every_action_and_reach_every_state(
        self, machine: Machine[StrEnum, StrEnum], states: type[StrEnum], actions: type[StrEnum]
    ) -> None:
        edges = [edge for row in machine.table.values() for edge in row.items()]

        assert {action for action, _ in edges} == set(actions)
        assert {state for _, state in edges} == set(states) - {next(iter(states))}


class TestGroupsOfVisitStates:
    def test_part_the_states_that_stand_in_a_route(self) -> None:
        assert not STARTED & MOVABLE
        assert set(VisitState) - OUT == STARTED | MOVABLE

    def test_a_visit_with_a_technician_was_told(self) -> None:
        assert set(VisitState) - TOLD == {
            VisitState.HELD,
            VisitState.PLANNED,
            VisitState.READY,
            *OUT,
        }
