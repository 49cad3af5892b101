"""Members with strikes, and the people of ours who decide about them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from kernel.actor import Actor, Role
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from members import jobs, strike_queries
from members.operations import appeals, blacklist, strikes
from members.risk import StrikeKind
from members.strike_models import Appeal, Blacklisting, Override, Strike
from tests.house import MONDAY_NINE

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
BRANCH = 1
# Named in the evidence of the strikes below.
VETOER = Actor(10, Role.DISPATCHER, frozenset({BRANCH}))
ZOU = Actor(11, Role.DISPATCHER, frozenset({BRANCH}))
SUN = Actor(12, Role.MANAGER)
LI = Actor(13, Role.ADMINISTRATOR)
STRANGER = Actor(14, Role.DISPATCHER, frozenset({2}))
AUDITOR = Actor(15, Role.AUDITOR)
MEMBER = Actor(1, Role.MEMBER)
NEIGHBOUR = Actor(2, Role.MEMBER)
TECHNICIAN = Actor(3, Role.TECHNICIAN)

STORY = "我一直在家，门铃坏了没听见，手机在充电。"
WORDS = "门铃故障照片属实，撤回这次违约。"
PHOTO = "ab" * 32
EVIDENCE = {"arrived_at": "10:31", "calls": 2, "dispatcher_id": VETOER.id}


def a_strike(
    booking_number: str = "B1",
    *,
    kind: StrikeKind = StrikeKind.NO_SHOW,
    member_id: int | None = MEMBER.id,
    technician_id: int | None = None,
    at: datetime = MONDAY_NINE,
) -> Strike:
    """Record a strike."""
    with transaction() as db:
        return strikes.open_strike(
            db,
            kind=kind,
            booking_number=booking_number,
            evidence=EVIDENCE,
            member_id=member_id,
            technician_id=technician_id,
            branch_id=BRANCH,
            now=at,
        )


def post_due(at: datetime) -> int:
    """Let the job run at that time."""
    return jobs.post_due_strikes(FixedClock(at))


def a_posted_strike(
    booking_number: str = "B1", *, member_id: int = MEMBER.id, at: datetime = MONDAY_NINE
) -> Strike:
    """Record a strike and let its time come."""
    strike = a_strike(booking_number, member_id=member_id, at=at)
    post_due(at + DAY)
    return the_strike(strike.number)


def three_strikes(*, first: datetime = MONDAY_NINE) -> list[Strike]:
    """Record three strikes on three days and let their time come: the member is blacklisted."""
    return [a_posted_strike(f"B{n}", at=first + n * DAY) for n in (1, 2, 3)]


def the_strike(number: str) -> Strike:
    """Return the strike as it is now."""
    with transaction(reads_only=True) as db:
        return db.scalars(select(Strike).where(Strike.number == number)).one()


def an_appeal(
    strike: Strike,
    *,
    by: Actor = MEMBER,
    at: datetime = MONDAY_NINE + HOUR,
    reason: str = "not_heard",
    text: str = STORY,
    photos: Sequence[str] = (PHOTO,),
) -> Appeal:
    """Contest the strike."""
    with transaction() as db:
        return appeals.open_appeal(
            db,
            strike_number=strike.number,
            reason=reason,
            text=text,
            photos=photos,
            by=by,
            now=at,
        )


def decided(
    appeal: Appeal,
    *,
    upheld: bool,
    by: Actor = ZOU,
    at: datetime = MONDAY_NINE + 2 * HOUR,
    words: str = WORDS,
) -> Appeal:
    """Decide the appeal."""
    with transaction() as db:
        return appeals.decide_appeal(
            db, number=appeal.number, upheld=upheld, words=words, by=by, now=at
        )


def the_blacklistings(member_id: int = MEMBER.id) -> list[Blacklisting]:
    """Return the member's blacklistings, newest first."""
    with transaction(reads_only=True) as db:
        return list(strike_queries.blacklistings_of(db, member_id=member_id))


def a_release_asked(*, by: Actor = ZOU, at: datetime) -> Override:
    """Ask that the member's blacklisting be lifted."""
    with transaction() as db:
        return blacklist.ask_release(db, member_id=MEMBER.id, by=by, reason=WORDS, now=at)


def told() -> list[str]:
    """Return the names of what was told, but for the member's arrival and the entries."""
    with transaction(reads_only=True) as db:
        names = db.scalars(select(OutboxRow.name).order_by(OutboxRow.id)).all()
    return [name for name in names if name not in ("MemberFollowed", "PointsPosted")]
