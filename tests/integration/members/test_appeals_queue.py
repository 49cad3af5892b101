"""The queue of appeals: what waits, for whom it is, the most urgent first."""

from collections.abc import Sequence

import pytest
from flask import Flask

from kernel.actor import Actor
from kernel.db import transaction
from members import strike_queries
from members.policy import (
    AppealMissing,
    AppealSubject,
)
from members.strike_models import Appeal
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import (
    AUDITOR,
    BRANCH,
    HOUR,
    LI,
    MEMBER,
    NEIGHBOUR,
    STRANGER,
    SUN,
    TECHNICIAN,
    ZOU,
    a_strike,
    an_appeal,
    decided,
)


@pytest.fixture(autouse=True)
def _members(app: Flask) -> None:
    with transaction() as db:
        for place in (1, 2):
            a_member(db, openid=f"oTest{place:023d}")


class TestTheQueue:
    def numbers(self, by: Actor = ZOU, **changes: object) -> list[str]:
        with transaction(reads_only=True) as db:
            rows, total = strike_queries.appeals(db, by=by, **changes)  # type: ignore[arg-type]  # each case changes one thing
        assert "limit" in changes or total == len(rows)
        return [row.number for row in rows]

    @pytest.fixture
    def three(self) -> Sequence[Appeal]:
        """Three appeals: the second decided, the third opened first."""
        late, gone, early = (
            an_appeal(a_strike(f"B{n}"), at=MONDAY_NINE + n * HOUR) for n in (3, 2, 1)
        )
        decided(gone, upheld=True)
        return [early, late, gone]

    def test_shows_what_waits_the_most_urgent_first(self, three: Sequence[Appeal]) -> None:
        assert set(self.numbers()) == {three[0].number, three[1].number}
        assert self.numbers(is_waiting=False) == [three[2].number]
        assert self.numbers(is_waiting=None)[-1] == three[2].number

    def test_is_paged(self, three: Sequence[Appeal]) -> None:
        pages = [self.numbers(limit=1, offset=place) for place in range(3)]

        assert [len(page) for page in pages] == [1, 1, 0]

    def test_is_filtered(self, three: Sequence[Appeal]) -> None:
        assert self.numbers(subject_kind=AppealSubject.EARNINGS) == []
        assert self.numbers(branch_id=2) == []
        assert len(self.numbers(branch_id=BRANCH, subject_kind=AppealSubject.STRIKE)) == 2

    @pytest.mark.parametrize(
        ("by", "count"),
        [
            pytest.param(STRANGER, 0, id="another_branch"),
            pytest.param(SUN, 2, id="a_manager"),
            pytest.param(LI, 2, id="an_administrator"),
            pytest.param(AUDITOR, 2, id="an_auditor"),
            pytest.param(MEMBER, 2, id="himself"),
            pytest.param(NEIGHBOUR, 0, id="another_member"),
            pytest.param(TECHNICIAN, 0, id="a_technician"),
        ],
    )
    def test_shows_what_the_actor_may_see(
        self, three: Sequence[Appeal], by: Actor, count: int
    ) -> None:
        assert len(self.numbers(by)) == count

    def test_tells_one_appeal_to_those_who_may_see_it(self, three: Sequence[Appeal]) -> None:
        with transaction(reads_only=True) as db:
            found = strike_queries.appeal(db, number=three[0].number, by=MEMBER)
            with pytest.raises(AppealMissing):
                strike_queries.appeal(db, number=three[0].number, by=NEIGHBOUR)
        assert found.number == three[0].number
