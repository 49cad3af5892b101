"""Who acts."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """The roles of the house; a member's face is called consumer."""

    MEMBER = "member"
    TECHNICIAN = "technician"
    STORE = "store"
    DISPATCHER = "dispatcher"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SYSTEM = "system"


CONSOLE_ROLES = frozenset(
    {Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR, Role.STORE}
)


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts: his id among his kind, his role and, for staff, the branches in his scope; for
    a store's people its stores as well.

    An empty `branch_ids` of a manager, administrator or auditor means every branch.
    """

    id: int
    role: Role
    branch_ids: frozenset[int] = field(default=frozenset())
    store_ids: frozenset[int] = field(default=frozenset())

    def sees_branch(self, branch_id: int) -> bool:
        """Tell whether rows of that branch are in his scope."""
        if (
            self.role in (Role.ADMINISTRATOR, Role.MANAGER, Role.AUDITOR, Role.SYSTEM)
            and not self.branch_ids
        ):
            return True
        return branch_id in self.branch_ids


SYSTEM = Actor(0, Role.SYSTEM)
