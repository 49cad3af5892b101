"""/console/members/…: what our people decide about a member, the gravest of it by two."""

from datetime import datetime, time, timedelta
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema

from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, members
from faces.console.case_forms import ReasonForm, StopForm, WordsForm
from faces.console.forms import NoForm
from faces.console.routes import WRITERS, blueprint
from kernel.clock import SHANGHAI
from kernel.db import Session
from members import queries, strike_queries
from members.operations import blacklist, strikes
from members.policy import BlacklistingMissing, OverrideMissing, StrikeMissing
from members.risk import OverrideKind


@blueprint.post("/members/<number>/strikes/<strike>/waive")
@signed_in(*WRITERS)
def waive_strike(number: str, strike: str) -> ResponseReturnValue:
    """Take a strike back before it is posted."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        row = strike_queries.strike(db, number=strike, by=call.actor())
        if row.member_id != member_id_of(db, number):
            raise StrikeMissing
        strikes.waive_strike(
            db, number=strike, reason=given["reason"], by=call.actor(), now=call.now()
        )
        return gettext("违约已撤销，不扣分。")

    return act(number, f"waive-{strike}", ReasonForm(), effect)


@blueprint.post("/members/<number>/release")
@signed_in(*WRITERS)
def ask_release(number: str) -> ResponseReturnValue:
    """Ask that the pause be lifted early; a second person confirms."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        blacklist.ask_release(
            db,
            member_id=member_id_of(db, number),
            reason=given["reason"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已提出，等另一位同事确认。")

    return act(number, "release", ReasonForm(), effect)


@blueprint.post("/members/<number>/stop")
@signed_in(*WRITERS)
def ask_stop(number: str) -> ResponseReturnValue:
    """Ask that the member's bookings be stopped; a second person confirms."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        # The whole of the last day is meant.
        end = datetime.combine(given["until"], time(), SHANGHAI) + timedelta(days=1)
        blacklist.ask_blacklisting(
            db,
            member_id=member_id_of(db, number),
            until=end,
            reason=given["reason"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已提出，等另一位同事确认。")

    return act(number, "stop", StopForm(), effect)


@blueprint.post("/members/<number>/overrides/<override>/confirm")
@signed_in(*WRITERS)
def confirm_override(number: str, override: str) -> ResponseReturnValue:
    """Agree, as the second person."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        if _asked(db, number, override) is OverrideKind.RELEASE:
            blacklist.confirm_release(db, number=override, by=call.actor(), now=call.now())
            return gettext("已解除，会员会收到微信，现在就能预约。")
        blacklist.confirm_blacklisting(db, number=override, by=call.actor(), now=call.now())
        return gettext("已暂停预约，会员会收到微信。")

    return act(number, f"confirm-{override}", NoForm(), effect)


@blueprint.post("/members/<number>/overrides/<override>/refuse")
@signed_in(*WRITERS)
def refuse_override(number: str, override: str) -> ResponseReturnValue:
    """Turn down what was asked for, or take back what oneself has asked for."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        _asked(db, number, override)
        blacklist.refuse_override(
            db, number=override, reason=given["reason"], by=call.actor(), now=call.now()
        )
        return gettext("没有通过，什么都没有改。")

    return act(number, f"refuse-{override}", ReasonForm(), effect)


@blueprint.post("/members/<number>/blacklistings/<listing>/review")
@signed_in(*WRITERS)
def review_blacklisting(number: str, listing: str) -> ResponseReturnValue:
    """Write down that a person has looked at an automatic blacklisting."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        row = strike_queries.blacklisting(db, number=listing, by=call.actor())
        if row.member_id != member_id_of(db, number):
            raise BlacklistingMissing
        blacklist.review(db, number=listing, words=given["words"], by=call.actor(), now=call.now())
        return gettext("已看过，暂停照旧。要解除请提出解除。")

    return act(number, f"review-{listing}", WordsForm(), effect)


def member_id_of(db: Session, number: str) -> int:
    """Return the id of the member of that number. Raises MemberMissing."""
    return queries.member_by_number(db, number=number, by=call.actor()).id


def _asked(db: Session, number: str, override: str) -> OverrideKind:
    """Return what was asked for about that member. Raises OverrideMissing."""
    asked = strike_queries.override_asked(db, override)
    if asked.member_id != member_id_of(db, number):
        raise OverrideMissing
    return asked.kind


def act(number: str, form: str, schema: Schema, effect: Any) -> ResponseReturnValue:
    """Let `effect` happen once and go on to the member's page; a refusal is said there."""
    return acting.perform(
        form,
        schema,
        effect,
        to="console.member",
        page=lambda failed: members.page(number, failed),
        number=number,
    )
