"""Who sees which branch."""

import pytest

from kernel.actor import CONSOLE_ROLES, SYSTEM, Actor, Role


class TestSeesBranch:
    @pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR])
    def test_without_a_list_these_see_every_branch(self, role: Role) -> None:
        assert Actor(1, role).sees_branch(7)

    @pytest.mark.parametrize("role", [Role.DISPATCHER, Role.STORE, Role.MEMBER, Role.TECHNICIAN])
    def test_without_a_list_these_see_none(self, role: Role) -> None:
        assert not Actor(1, role).sees_branch(7)

    @pytest.mark.parametrize("role", sorted(CONSOLE_ROLES))
    def test_with_a_list_everybody_sees_that_and_no_more(self, role: Role) -> None:
        actor = Actor(1, role, frozenset({7}))

        assert [actor.sees_branch(7), actor.sees_branch(8), actor.sees_branch(0)] == [
            True,
            False,
            False,
        ]

    def test_the_system_sees_every_branch(self) -> None:
        assert SYSTEM.sees_branch(7)
