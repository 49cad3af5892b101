"""What members say of a booking: ratings, complaints, and where the technician is."""

from collections.abc import Sequence
from datetime import date, datetime

from booking import feedback, feedback_queries, queries, urging
from booking.events import BookingRated, BookingUrged, ComplaintAnswered, ComplaintOpened
from booking.feedback import AlreadyRated, NotOver, TooManyComplaints, Topic
from booking.feedback_models import Complaint, Rating, Urge
from booking.models import Booking
from booking.operations import closing
from booking.operations.steps import facts_of, locked
from booking.states import PROMISED, SERVED, BookingState, ComplaintAction
from booking.urging import Answer, Where
from dispatch import progress
from dispatch import queries as dispatch
from dispatch.states import LEFT, OUT, VisitState
from kernel import outbox
from kernel.actor import Actor
from kernel.clock import instant_at, local_date
from kernel.db import Session
from kernel.numbers import new_number
from members import rule_queries
from members.ledger import rating_draft
from members.operations import postings

_WHERE = {
    VisitState.ARRIVED: Where.AT_THE_DOOR,
    VisitState.IN_SERVICE: Where.AT_WORK,
    VisitState.PAUSED: Where.AT_WORK,
}


def rate(
    db: Session,
    *,
    booking_number: str,
    stars: int,
    tags: Sequence[str],
    text: str,
    by: Actor,
    now: datetime,
) -> Rating:
    """Keep what the member thinks, post his points and close the booking.

    However many stars, the points are the same and posted once; the same rating again is the same
    one. Raises BookingMissing, BadStars, BadTags, BadWords, NotOver, AlreadyRated.
    """
    feedback.check_rating(stars=stars, tags=tags, text=text)
    booking = locked(db, booking_number, by)
    known = feedback_queries.rating_of(db, booking.id)
    if known is not None:
        if (known.stars, known.tags, known.text) != (stars, list(tags), text):
            raise AlreadyRated
        return known
    if not may_rate(db, booking):
        raise NotOver
    technician_id = dispatch.visit(db, booking.visit_id).technician_id

    rating = Rating(
        booking_id=booking.id,
        member_id=booking.member_id,
        technician_id=technician_id,
        stars=stars,
        tags=list(tags),
        text=text,
        at=now,
    )
    db.add(rating)
    db.flush()
    if booking.state is BookingState.COMPLETED:
        closing.close(db, number=booking.number, by=by, now=now)
    rules = rule_queries.governing(db, booking)
    if rules.rating_points:
        earned = rating_draft(
            member_id=booking.member_id, booking_number=booking.number, rules=rules
        )
        postings.post(db, earned, now=now)

    told = BookingRated(at=now, stars=stars, technician_id=technician_id or 0, **facts_of(booking))
    outbox.record(db, told)
    return rating


def may_rate(db: Session, booking: Booking) -> bool:
    """Tell whether the work was done and is paid for still: a booking ends closed, too, when an appeal
    against its strike was decided, and what was paid back has earned nothing."""
    was_done = booking.state in SERVED and queries.completed_at(db, booking.id) is not None
    return was_done and booking.refunded_at is None


def complain(
    db: Session, *, booking_number: str, topic: Topic, text: str, by: Actor, now: datetime
) -> Complaint:
    """Open a complaint, which waits in the console's queue.

    Raises BookingMissing, BadWords, TooManyComplaints.
    """
    feedback.check_words(text, field="text")
    booking = locked(db, booking_number, by)
    waiting = feedback_queries.open_complaints(db, booking.id)
    if waiting >= feedback.COMPLAINTS_OPEN_MAX:
        raise TooManyComplaints

    complaint = Complaint(
        number=new_number("C"),
        booking_id=booking.id,
        member_id=booking.member_id,
        topic=topic.value,
        text=text.strip(),
        opened_at=now,
        state_since=now,
    )
    db.add(complaint)
    db.flush()

    told = ComplaintOpened(at=now, complaint_number=complaint.number, **facts_of(booking))
    outbox.record(db, told)
    return complaint


def answer_complaint(
    db: Session, *, number: str, words: str, by: Actor, now: datetime
) -> Complaint:
    """Answer a complaint, once. Raises ComplaintMissing, BadWords, IllegalMove."""
    feedback.check_words(words, field="words")
    complaint = feedback_queries.complaint(db, number=number, by=by)

    complaint.advance(ComplaintAction.ANSWER, now=now)
    complaint.answer, complaint.answered_role, complaint.answered_id = (
        words.strip(),
        by.role.value,
        by.id,
    )
    db.flush()

    booking = queries.by_id(db, complaint.booking_id)
    told = ComplaintAnswered(at=now, complaint_number=complaint.number, **facts_of(booking))
    outbox.record(db, told)
    return complaint


def urge(db: Session, *, number: str, by: Actor, now: datetime) -> Answer:
    """Say where the technician is (催单), and keep what was said.

    Raises BookingMissing, UrgedJustNow.
    """
    booking = locked(db, number, by)
    last = feedback_queries.latest_urge(db, booking.id)
    urging.check_may_urge(last_at=last.at if last else None, now=now)
    answer = answer_now(db, booking, now=now)

    db.add(
        Urge(
            booking_id=booking.id,
            visit_id=booking.visit_id,
            actor_role=by.role.value,
            actor_id=by.id,
            at=now,
            place=answer.where,
            starts_at=answer.starts_at,
            ends_at=answer.ends_at,
            stops_before=answer.stops_before,
            eta=answer.eta,
        )
    )
    db.flush()

    told = BookingUrged(
        at=now,
        visit_id=booking.visit_id,
        place=answer.where.value,
        late_s=answer.late_s,
        **facts_of(booking),
    )
    outbox.record(db, told)
    return answer


def answer_now(db: Session, booking: Booking, *, now: datetime) -> Answer:
    """Return where the booking's present visit stands at this moment, held against its promise."""
    visit = dispatch.visit(db, booking.visit_id)
    where = _where(booking, visit.state, visit.day, now)
    stops_before, eta = None, None
    if where in (Where.AHEAD, Where.ON_THE_WAY):
        times = progress.times_now(db, visit, now=now)
        if times is None:
            where = Where.UNARRANGED
        else:
            # Before the window opens nobody rings: the start is when he is at the door for them.
            at_s = times.arrive_s if where is Where.ON_THE_WAY else times.start_s
            stops_before, eta = times.stops_before, instant_at(times.day, at_s)
    return Answer(
        where=where,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        stops_before=stops_before,
        eta=eta,
    )


def _where(booking: Booking, state: VisitState, day: date, now: datetime) -> Where:
    if booking.state not in PROMISED or state in LEFT | OUT:
        return Where.OVER
    if state is VisitState.EN_ROUTE:
        return Where.ON_THE_WAY
    if state in _WHERE:
        return _WHERE[state]
    return Where.AHEAD if day == local_date(now) else Where.ANOTHER_DAY
