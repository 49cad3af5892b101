"""Booking, third step: the held window is confirmed, given up, or has run out."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import discount_queries, offering, payment_queries, queries
from booking.operations import bookings, discounts
from booking.payment_queries import DEPOSIT
from booking.states import KNOWN, BookingState
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from faces.chrome import call
from faces.chrome.limits import BOOKING, rated
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer import forms, life, progress
from faces.consumer.progress import Progress
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.clock import second_of_day
from kernel.db import transaction
from kernel.machine import IllegalMove
from kernel.money import ZERO
from members import queries as members


class NothingForm(Form):
    """A button alone."""


@blueprint.get("/bookings/<number>/confirm")
@signed_in(Role.MEMBER)
def confirm(number: str) -> ResponseReturnValue:
    """Show the hold with its countdown, or that it has run out."""
    hold = _read(number)
    waits = hold.booking_state is BookingState.AWAITING_DEPOSIT and hold.held_until > call.now()
    if hold.booking_state in KNOWN or waits:
        return redirect(url_for("consumer.booking", number=number), 303)
    return _page(hold)


@blueprint.post("/bookings/<number>/confirm")
@signed_in(Role.MEMBER)
@rated(BOOKING)
def commit(number: str) -> ResponseReturnValue:
    """Make the promise; a second press finds it made."""
    call.form(NothingForm())
    offering.foresee_commit(number=number, by=call.actor(), now=call.now())
    try:
        with call.once() as db:
            takes_payments = call.settings().takes_payments
            done = bookings.commit(
                db, number=number, by=call.actor(), now=call.now(), takes_payments=takes_payments
            )
            deposit = payment_queries.latest(db, done.id, purpose=DEPOSIT)
            if done.state is BookingState.AWAITING_DEPOSIT and deposit is not None:
                return call.leads_to("consumer.payment", number=deposit.number)
            return call.leads_to("consumer.booking", number=number)
    except PlaceGone:
        return _page(_read(number), is_gone=True), 410


@blueprint.post("/bookings/<number>/release")
@signed_in(Role.MEMBER)
def release(number: str) -> ResponseReturnValue:
    """Give the hold up and go back to the windows, where everything is as it was."""
    call.form(NothingForm())
    try:
        with call.once() as db:
            bookings.release(db, number=number, by=call.actor(), now=call.now())
            hold = progress.read(db, number=number, by=call.actor(), now=call.now())
            day = hold.day.isoformat()
            return call.leads_to("consumer.windows_page", number=hold.draft, day=day)
    except IllegalMove:
        # Confirmed or run out meanwhile: that page says which.
        return redirect(url_for("consumer.confirm", number=number), 303)


class DiscountForm(Form):
    """What is to pay for the booking beside money."""

    points = fields.Boolean(required=True)
    vouchers = fields.Boolean(required=True)
    coupon = fields.String(load_default="", validate=validate.Length(max=40))


@blueprint.post("/bookings/<number>/discount")
@signed_in(Role.MEMBER)
def choose_discount(number: str) -> ResponseReturnValue:
    """Let a coupon, vouchers and points pay for the held window, or not."""
    given = call.form(DiscountForm())
    with call.once() as db:
        discounts.choose(db, number=number, by=call.actor(), now=call.now(), **given)
        return call.leads_to("consumer.confirm", number=number)


def _read(number: str) -> Progress:
    with transaction(reads_only=True) as db:
        return progress.read(db, number=number, by=call.actor(), now=call.now())


def _page(hold: Progress, *, is_gone: bool = False) -> str:
    is_over = hold.booking_state is BookingState.EXPIRED or hold.held_until <= call.now()
    opens_s = second_of_day(hold.starts_at, hold.day)
    shuts_s = second_of_day(hold.ends_at, hold.day)
    with transaction(reads_only=True) as db:
        standing = members.standing_of(
            db,
            call.actor().id,
            branch_id=queries.branch_of_member(db, call.actor().id),
            now=call.now(),
        )
        legs, deposit_state = life.held(db, number=hold.number, by=call.actor())
        choices = discount_queries.choices(db, number=hold.number, by=call.actor(), now=call.now())
    return render_template(
        "consumer/confirm.html",
        hold=hold,
        is_over=is_over or is_gone,
        is_given_up=hold.held_until > call.now(),
        hold_life_s=int((hold.held_until - hold.made_at).total_seconds()),
        standing=standing,
        deposit=standing.deposit if call.settings().takes_payments else ZERO,
        deposit_state=deposit_state,
        legs=legs,
        choices=choices,
        window_value=forms.window_value(hold.day, Window(opens_s, shuts_s)),
        # A window of the past cannot be locked again.
        may_hold_again=hold.starts_at > call.now(),
    )
