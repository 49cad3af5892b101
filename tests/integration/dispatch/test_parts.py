"""A part of a proposal: what is ticked together, what it does, what accepting it keeps and leaves."""

import pytest

from dispatch import live, outcomes, preview, queries
from dispatch.operations import proposals
from dispatch.operations.proposals import LeftToNobody, NotAlone
from dispatch.states import ProposalState
from kernel.db import transaction
from tests.house import MONDAY_NINE, tomorrow
from tests.integration.dispatch.test_proposals import (
    THREE,
    a_ready_proposal,
    accepted,
    check_the_day,
    promised,
    routes,
    state_of,
)
from tests.integration.dispatch.test_repairs import (
    absent,
    accepted_in_part,
    ill,
    proposed,
    published,
    technicians,
    visit,
)

__all__ = ["technicians"]


def outcome_of(number: str) -> outcomes.Outcome | None:
    with transaction(reads_only=True) as db:
        return outcomes.of_json(proposals.proposal_by_number(db, number).accepted)


def whole_of(number: str) -> preview.Preview:
    live.forget()
    with transaction(reads_only=True) as db:
        proposal = proposals.proposal_by_number(db, number)
        found = preview.of_proposal(db, proposal, now=MONDAY_NINE)
    assert found is not None
    return found


class TestPartOfAProposal:
    def test_moves_what_was_chosen_and_leaves_the_rest(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        morning, afternoon = promised(), promised(window=THREE)
        number = proposed(ill(first))

        accepted_in_part(number, {morning}, sure={afternoon})

        assert routes()[second] == [morning]
        assert visit(afternoon).route_id is None
        with transaction(reads_only=True) as db:
            assert [v.id for v in queries.unserved(db, branch_id=1, day=tomorrow())] == [afternoon]

    def test_of_an_asked_one_leaves_others_in_their_routes(
        self, technicians: tuple[int, int]
    ) -> None:
        first, second = technicians
        morning, afternoon = promised(), promised(window=THREE)
        assert routes()[first] == [morning, afternoon]
        number = a_ready_proposal({first: [], second: [morning, afternoon]})

        accepted_in_part(number, {afternoon})

        assert (routes()[first], routes()[second]) == ([morning], [afternoon])
        check_the_day()

    def test_that_breaks_a_promise_alone_is_refused(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        for _ in range(4):
            promised()
        by = routes()
        his, others = by[first], by[second]
        # The two swap all they have: alone, one of them would have too many at once.
        number = a_ready_proposal({first: others, second: his})
        more = max(his, others, key=len)

        with pytest.raises(NotAlone):
            accepted_in_part(number, set(more))

        assert routes() == by

    def test_is_not_made_while_nobody_said_yes_to_whom_it_leaves_alone(
        self, technicians: tuple[int, int]
    ) -> None:
        first, _ = technicians
        morning, afternoon = promised(), promised(window=THREE)
        number = proposed(ill(first))
        before = routes()

        for sure in (set(), {morning}):
            with pytest.raises(LeftToNobody):
                accepted_in_part(number, {morning}, sure=sure)

        assert (routes(), absent(first), state_of(number)) == (before, "", ProposalState.READY)
        assert visit(afternoon).route_id is not None

    def test_is_kept_with_what_was_not_made(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        morning, afternoon = promised(), promised(window=THREE)
        number = a_ready_proposal({first: [], second: [morning, afternoon]})
        assert outcome_of(number) is None

        accepted_in_part(number, {afternoon})

        kept = outcome_of(number)
        assert kept is not None
        assert kept.is_part
        assert [(m.visit_id, m.from_whom, m.to_whom) for m in kept.made] == [
            (afternoon, first, second)
        ]
        assert [(m.visit_id, m.from_whom, m.to_whom) for m in kept.left] == [
            (morning, first, second)
        ]

    def test_of_the_whole_leaves_nothing(self, technicians: tuple[int, int]) -> None:
        first, second = technicians
        visit_id = promised()
        number = a_ready_proposal({first: [], second: [visit_id]})

        accepted(number)

        kept = outcome_of(number)
        assert kept is not None
        assert ([m.visit_id for m in kept.made], kept.left, kept.is_part) == ([visit_id], (), False)


class TestTicks:
    """What goes together is ticked together, and loses its tick together."""

    @pytest.fixture
    def swap(self, technicians: tuple[int, int]) -> tuple[preview.Preview, set[int], set[int]]:
        """Both give all they have to each other; alone, one of them would have too many at once."""
        first, second = technicians
        for _ in range(4):
            promised()
        by = routes()
        number = a_ready_proposal({first: by[second], second: by[first]})
        more, fewer = sorted((by[first], by[second]), key=len, reverse=True)
        return whole_of(number), set(more), set(fewer)

    def test_of_the_whole_are_all(self, swap: tuple[preview.Preview, set[int], set[int]]) -> None:
        whole, more, fewer = swap

        assert whole.changed == more | fewer
        assert whole.fitting(whole.changed, turned=None).changed == whole.changed

    def test_take_along_what_they_need(
        self, swap: tuple[preview.Preview, set[int], set[int]]
    ) -> None:
        whole, more, _ = swap
        assert whole.part(more) is None

        found = whole.fitting(more, turned=min(more))

        assert more < found.changed
        assert not found.merged.verdict.broken

    def test_taken_away_take_along_what_needs_them(
        self, swap: tuple[preview.Preview, set[int], set[int]]
    ) -> None:
        whole, _, fewer = swap
        gone = min(fewer)
        assert whole.part(whole.changed - {gone}) is None

        found = whole.fitting(whole.changed - {gone}, turned=gone)

        assert gone not in found.changed
        assert found.changed < whole.changed
        assert not found.merged.verdict.broken

    def test_change_messages_and_promises_with_them(self, technicians: tuple[int, int]) -> None:
        first, _ = technicians
        morning, afternoon = promised(), promised(window=THREE)
        published()
        whole = whole_of(proposed(ill(first)))

        part = whole.fitting({morning}, turned=afternoon)

        assert (whole.diff.changed, part.diff.changed) == (2, 1)
        assert [change.visit_id for change in whole.unserved_by(part)] == [afternoon]
        assert (whole.after.unserved, part.after.unserved) == (0, 1)
