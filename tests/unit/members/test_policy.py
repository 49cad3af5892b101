"""Who may appeal and decide, with how many words, and until when."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kernel.actor import SYSTEM, Actor, Role
from kernel.errors import Forbidden
from members import policy
from members.policy import REASON_NAMES, AppealReason, BadTerm, TooLong, TooShort

# A Friday noon in Shanghai.
FRIDAY = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class TestCheckLength:
    @pytest.mark.parametrize("length", [10, 300])
    def test_takes_both_ends(self, length: int) -> None:
        policy.check_length("长" * length, field="text", least=10, most=300)

    def test_counts_what_is_missing_without_the_blanks_around(self) -> None:
        with pytest.raises(TooShort) as refused:
            policy.check_length("  长长长 \n", field="text", least=10, most=300)

        assert (refused.value.field, refused.value.facts) == ("text", {"missing": 7})

    def test_counts_what_is_too_much(self) -> None:
        with pytest.raises(TooLong) as refused:
            policy.check_length("长" * 301, field="text", least=10, most=300)

        assert refused.value.facts == {"extra": 1, "most": 300}


class TestNamedStaff:
    def test_is_found_at_whatever_depth(self) -> None:
        evidence = {
            "dispatcher_id": 7,
            "calls": [{"at": "10:33", "staff_id": 8}, {"at": "10:41"}],
            "veto": {"staff_ids": [9, 10]},
            "technician_id": 3,
            "note": "staff_id 99",
        }

        assert policy.named_staff(evidence) == {7, 8, 9, 10}

    def test_is_nobody_in_evidence_that_names_nobody(self) -> None:
        assert policy.named_staff({"photo": "ab", "metres": 38}) == frozenset()


class TestSees:
    @pytest.mark.parametrize(
        ("by", "branch_id", "sees"),
        [
            pytest.param(Actor(1, Role.DISPATCHER, frozenset({1})), 1, True, id="his_branch"),
            pytest.param(Actor(1, Role.DISPATCHER, frozenset({1})), 2, False, id="another_branch"),
            pytest.param(Actor(1, Role.DISPATCHER, frozenset({1})), None, True, id="no_branch"),
            pytest.param(Actor(1, Role.MANAGER), 2, True, id="a_manager_of_all"),
            pytest.param(Actor(1, Role.MANAGER, frozenset({1})), 2, False, id="a_manager_of_one"),
            pytest.param(Actor(1, Role.MEMBER), None, False, id="a_member"),
            pytest.param(Actor(1, Role.STORE, frozenset({1})), 1, False, id="a_store"),
            pytest.param(SYSTEM, 2, True, id="the_house_itself"),
        ],
    )
    def test_is_by_branch(self, by: Actor, branch_id: int | None, *, sees: bool) -> None:
        assert policy.sees(by, branch_id) is sees


class TestCheckDecider:
    @pytest.mark.parametrize("role", [Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR])
    def test_takes_those_who_decide(self, role: Role) -> None:
        policy.check_decider(Actor(1, role))

    @pytest.mark.parametrize(
        "role", [Role.AUDITOR, Role.STORE, Role.TECHNICIAN, Role.MEMBER, Role.SYSTEM]
    )
    def test_refuses_others(self, role: Role) -> None:
        with pytest.raises(Forbidden):
            policy.check_decider(Actor(1, role))


class TestCheckTerm:
    @pytest.mark.parametrize("until", [SECOND, 365 * DAY])
    def test_takes_what_ends_within_a_year(self, until: timedelta) -> None:
        policy.check_term(until=FRIDAY + until, now=FRIDAY)

    @pytest.mark.parametrize("until", [timedelta(0), -DAY, 365 * DAY + SECOND])
    def test_refuses_others(self, until: timedelta) -> None:
        with pytest.raises(BadTerm):
            policy.check_term(until=FRIDAY + until, now=FRIDAY)


class TestWorkingDaysLater:
    @pytest.mark.parametrize(
        ("days", "last"),
        [
            pytest.param(1, date(2026, 11, 30), id="over_the_weekend"),
            pytest.param(3, date(2026, 12, 2), id="three"),
            pytest.param(6, date(2026, 12, 7), id="over_two_weekends"),
        ],
    )
    def test_ends_with_that_day_in_shanghai(self, days: int, last: date) -> None:
        ends = policy.working_days_later(FRIDAY, days)

        assert ends == datetime(last.year, last.month, last.day, 16, tzinfo=UTC)

    def test_counts_from_the_day_in_shanghai(self) -> None:
        # Friday evening in UTC is Saturday there.
        evening = FRIDAY.replace(hour=20)

        assert policy.working_days_later(evening, 1) == policy.working_days_later(FRIDAY, 1)

    def test_may_know_of_holidays(self) -> None:
        ends = policy.working_days_later(FRIDAY, 1, is_worked=lambda day: day == date(2026, 12, 5))

        assert ends == datetime(2026, 12, 5, 16, tzinfo=UTC)


def test_every_reason_can_be_read() -> None:
    assert set(REASON_NAMES) == set(AppealReason)
