"""What a house looks like after the kills: is anything lost, half done, or told twice?"""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from booking import payment_queries, queries
from booking.models import Booking
from booking.payment_models import Payment
from booking.states import BookingState, PaymentState
from dispatch.models import Visit, VisitStep
from kernel.actor import SYSTEM
from kernel.clock import SystemClock
from kernel.db import Session, transaction
from kernel.leases import PENDING
from kernel.outbox import OutboxRow
from members.models import Member
from notifications.models import Message
from notifications.sending import client_msg_id
from scripts import truths
from scripts.bench.killing.wechat import WeChat

PAY = "pay"


def lost_bookings(booked: Mapping[str, str]) -> list[str]:
    """Return the members who were answered that they are booked, and are not, or more than once."""
    with transaction(reads_only=True) as db:
        found = select(Member.number, Booking.number, Booking.state).join(
            Booking, Booking.member_id == Member.id
        )
        rows = [row for row in db.execute(found) if row[0] in booked]
    promised = Counter(row[0] for row in rows if row[2] is BookingState.BOOKED)
    numbers = {row[1]: row[2] for row in rows}
    return [
        member
        for member, number in booked.items()
        if numbers.get(number) is not BookingState.BOOKED or promised[member] != 1
    ]


def lost_acts(acts: Sequence[str]) -> list[str]:
    """Return the acts that were said to be done and of which the rows know nothing."""
    with transaction(reads_only=True) as db:
        return [act for act in acts if not _is_known(db, act)]


def _is_known(db: Session, act: str) -> bool:
    name, number = act.split()
    if name == PAY:
        state = db.scalar(select(Payment.state).where(Payment.number == number))
        return state is PaymentState.PAID
    found = (
        select(func.count())
        .select_from(VisitStep)
        .join(Visit, Visit.id == VisitStep.visit_id)
        .where(Visit.number == number, VisitStep.action == name)
    )
    return db.scalar(found) == 1


def half_done() -> str:
    """Return which truth of the house is broken; empty when all hold."""
    try:
        with transaction(reads_only=True) as db:
            truths.hold_for_the_house(db, now=SystemClock().now())
            for booking in truths.all_of(db, Booking):
                _check_paid_is_signed(db, booking)
    except AssertionError as broken:
        where = broken.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        name = where.tb_frame.f_code.co_name if where else ""
        return f"{name}: {broken}"
    return ""


def _check_paid_is_signed(db: Session, booking: Booking) -> None:
    """Money at the door and the signature come together."""
    paid = payment_queries.latest(db, booking.id, purpose=payment_queries.DOOR)
    is_paid = paid is not None and paid.state is PaymentState.PAID
    known = queries.booking(db, number=booking.number, by=SYSTEM)
    assert is_paid == (known.state is BookingState.COMPLETED), booking.number


def claims() -> int:
    """Return how often a hand took an event or a message upon itself."""
    with transaction(reads_only=True) as db:
        return sum(db.scalar(select(func.sum(model.fence))) or 0 for model in (OutboxRow, Message))


def is_quiet() -> bool:
    """Tell whether no event and no message waits."""
    with transaction(reads_only=True) as db:
        waiting = [
            db.scalar(select(func.count()).select_from(model).where(model.state == PENDING))
            for model in (OutboxRow, Message)
        ]
    return waiting == [0, 0]


def wrongly_told(wechat: WeChat) -> str:
    """Return what is wrong with the messages: each row was delivered once, and nothing else was.

    The same news of the same thing may come again, as a second delay does: it is a row of its own.
    """
    with transaction(reads_only=True) as db:
        rows = db.scalars(select(Message)).all()
    unsent = [row.dedupe_key for row in rows if row.state != "sent"]
    wanted = Counter(client_msg_id(row.dedupe_key) for row in rows)
    if unsent:
        return f"not sent: {unsent[:3]}"
    if wanted != wechat.delivered:
        return f"{wanted.total()} rows, {wechat.delivered.total()} delivered"
    return ""
