"""People of the console, for the journeys about access."""

from kernel.actor import Role
from kernel.db import transaction
from members.operations import sign_ins

PASSWORD = "a good long password"


def a_manager(login: str = "meng") -> tuple[int, Role]:
    """Hire a manager of every branch and return his id and role."""
    with transaction() as db:
        staff = sign_ins.add_staff(
            db, login=login, name="孟宪芝", role=Role.MANAGER, password=PASSWORD, branch_ids=[]
        )
    return staff.id, Role.MANAGER
