"""Days on which one who knows gas does easier work that another has time for."""

from booking.operations import bookings, catalogue
from dispatch.planner.problem import Window
from kernel.db import Session, transaction
from kernel.money import Money
from tests.house import HOUR_S, MONDAY_NINE, a_draft, a_member, tomorrow

NOON = Window(10 * HOUR_S, 12 * HOUR_S)


def a_gas_service(db: Session, *, skill: str = "gas") -> None:
    """Put gas_install on sale, or another like it, for which not everybody has the skill."""
    catalogue.add_service(
        db,
        code=f"{skill}_install",
        category="installation",
        name="燃气灶安装",
        short_name="燃气灶",
        about="",
        icon="flame",
        work_s=HOUR_S,
        skill=skill,
        price=Money(180_00),
        options=[],
    )


def a_visit_in_the_way(nth: int = 0) -> str:
    """Promise somebody the air conditioner that stands in the way; return the booking's number."""
    with transaction() as db:
        by = a_member(db, openid=f"oInTheWay{nth:019d}")
        draft = a_draft(db, by=by)
    with transaction() as db:
        held = bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=NOON, by=by, now=MONDAY_NINE
        )
    with transaction() as db:
        return bookings.commit(db, number=held.number, by=by, now=MONDAY_NINE).number
