"""A sample to try at home, with the services that bring and fetch it."""

from booking.operations import catalogue, tryouts
from booking.tryouts import TRYOUT
from kernel.db import Session
from kernel.money import Money
from tests.house import MONDAY_NINE

PRICE = Money(3999_00)


def a_sample(db: Session, *, branch_id: int, stock: int = 5) -> str:
    """Offer a projector at a branch, brought by `bring_N` and fetched by `fetch_N`; return its number."""
    for leg in ("bring", "fetch"):
        catalogue.add_service(
            db,
            code=f"{leg}_{branch_id}",
            category=TRYOUT,
            name="试用品送到家" if leg == "bring" else "试用品取回",
            short_name="试用",
            about="",
            icon="package",
            work_s=1200,
            skill="air",
            price=Money(0),
            options=[],
        )
    return tryouts.add_sample(
        db,
        branch_id=branch_id,
        name="投影仪",
        about="1080P，带幕布",
        price=PRICE,
        hours=72,
        stock=stock,
        delivery=f"bring_{branch_id}",
        pickup=f"fetch_{branch_id}",
        now=MONDAY_NINE,
    ).number
