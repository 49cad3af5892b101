"""/console/bookings/…: what a dispatcher does about a booking, each said before with its cost."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema

from booking import goods_queries, queries
from booking.operations import cancelling, goods, presence, refunding
from booking.operations import visits as doors
from booking.policy import Cause, Tariff, TariffChanged
from dispatch import scope
from dispatch.operations import withdrawals
from dispatch.queries import VisitMissing
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, bookings, life, life_words
from faces.console.case_forms import (
    ExpectForm,
    GoodsForm,
    ReasonForm,
    ToldForm,
    VisitForm,
    WordsForm,
)
from faces.console.forms import NoForm
from faces.console.routes import LEADERS, WRITERS, blueprint
from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg


class NobodyFound(Conflict):
    """Nobody can take the visit."""

    code = "nobody_found"
    says = msg("还是没有师傅排得下。可以改约，或走撤回的第一步。")


@blueprint.post("/bookings/<number>/confirm")
@signed_in(*WRITERS)
def confirm_booking(number: str) -> ResponseReturnValue:
    """Write down, for the caller, that he will be at home."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        presence.confirm(db, number=number, by=call.actor(), now=call.now())
        return gettext("已记下：业主到时在家。")

    return _act(number, "confirm", NoForm(), effect)


@blueprint.post("/bookings/<number>/address")
@signed_in(*WRITERS)
def vouch_booking(number: str) -> ResponseReturnValue:
    """Vouch for the address."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        presence.vouch_for_address(db, number=number, by=call.actor(), now=call.now())
        return gettext("地址已核对。")

    return _act(number, "vouch", NoForm(), effect)


@blueprint.post("/bookings/<number>/cancel")
@signed_in(*WRITERS)
def cancel_booking(number: str) -> ResponseReturnValue:
    """Cancel on the member's word, at the cost that was said and no other."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        by, now = call.actor(), call.now()
        found = queries.booking(db, number=number, by=by)
        late = goods_queries.late_goods(db, found.id)
        if not late:
            check_told(cancelling.quote(db, found, now=now).tariff, given["told"])
        cause = Cause.GOODS_LATE if late else Cause.AGENT
        cancelling.cancel(db, number=number, by=by, now=now, cause=cause)
        return gettext("已替业主取消，业主会收到微信。")

    return _act(number, "cancel", ToldForm(), effect)


@blueprint.post("/bookings/<number>/withdrawal")
@signed_in(*WRITERS)
def ask_withdrawal(number: str) -> ResponseReturnValue:
    """Make the first step of withdrawing a promise: refused while somebody can keep it."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        cancelling.ask_withdrawal(db, number=number, by=call.actor(), now=call.now())
        return gettext("第一步完成：确认派不出去。撤回还要走第二步。")

    return _act(number, "ask", NoForm(), effect)


@blueprint.post("/bookings/<number>/withdraw")
@signed_in(*WRITERS)
def withdraw_booking(number: str) -> ResponseReturnValue:
    """Make the second step: withdrawn, compensated, told."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        cancelling.withdraw(db, number=number, by=call.actor(), now=call.now())
        return gettext("已撤回，赔付已记入业主账本，业主会收到微信。")

    return _act(number, "withdraw", NoForm(), effect)


@blueprint.post("/bookings/<number>/veto")
@signed_in(*WRITERS)
def veto_booking(number: str) -> ResponseReturnValue:
    """Do not believe that nobody was home."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        visit = _own_visit(db, number, given["visit"])
        doors.veto(db, number=visit, reason=given["reason"], by=call.actor(), now=call.now())
        return gettext("已叫停：不记违约，等业主选新时段。")

    return _act(number, "veto", ReasonedVisitForm(), effect)


@blueprint.post("/bookings/<number>/code")
@signed_in(*WRITERS)
def release_code(number: str) -> ResponseReturnValue:
    """Let the work begin without the 服务码."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        visit = _own_visit(db, number, given["visit"])
        doors.release_code(
            db, number=visit, reason=given["reason"], by=call.actor(), now=call.now()
        )
        return gettext("已放行，师傅可以开工，业主会收到微信。")

    return _act(number, "code", ReasonedVisitForm(), effect)


@blueprint.post("/bookings/<number>/missed")
@signed_in(*WRITERS)
def miss_booking(number: str) -> ResponseReturnValue:
    """Admit that nobody came."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        doors.missed(db, number=number, by=call.actor(), now=call.now())
        return gettext("已记师傅未到，赔付已记入业主账本，业主优先选新时段。")

    return _act(number, "missed", NoForm(), effect)


@blueprint.post("/bookings/<number>/serve")
@signed_in(*WRITERS)
def serve_booking(number: str) -> ResponseReturnValue:
    """Try once more to find somebody for a visit that stands in no route."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        told = _own_visit(db, number, given["visit"])
        visit = scope.visit(db, number=told, by=call.actor())
        if not withdrawals.serve_unserved(db, visit_id=visit.id, by=call.actor(), now=call.now()):
            raise NobodyFound
        return gettext("找到师傅了。")

    return _act(number, "serve", VisitForm(), effect)


@blueprint.post("/bookings/<number>/goods/<item>")
@signed_in(*WRITERS)
def move_goods(number: str, item: str) -> ResponseReturnValue:
    """Say by hand where an item is."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        row = goods.set_state(
            db, item_number=item, state=given["state"], by=call.actor(), now=call.now()
        )
        word, _ = life_words.GOODS[row.state]
        return gettext("「%(name)s」：%(state)s", name=row.name, state=gettext(word))

    return _act(number, f"goods-{item}", GoodsForm(), effect)


@blueprint.post("/bookings/<number>/goods/<item>/expected")
@signed_in(*WRITERS)
def expect_goods(number: str, item: str) -> ResponseReturnValue:
    """Say when the warehouse expects an item."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        goods.set_expected(
            db,
            item_number=item,
            expected_at=given["expected_at"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("预计到仓时间已记下。")

    return _act(number, f"goods-{item}", ExpectForm(), effect)


@blueprint.post("/bookings/<number>/refund")
@signed_in(*LEADERS)
def refund_booking(number: str) -> ResponseReturnValue:
    """Pay a finished booking back whole."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        refunding.refund(db, number=number, words=given["words"], by=call.actor(), now=call.now())
        return gettext("已全额退回，业主会收到微信。")

    return _act(number, "refund", WordsForm(), effect)


class ReasonedVisitForm(ReasonForm, VisitForm):
    """Which visit, and why."""


def check_told(tariff: Tariff, said: str) -> None:
    """Refuse an act that costs other than was said beforehand. Raises TariffChanged."""
    if not tariff.is_free and life.told_of(tariff) != said:
        raise TariffChanged


def _act(number: str, form: str, schema: Schema, effect: Any) -> ResponseReturnValue:
    return acting.perform(
        form,
        schema,
        effect,
        to="console.booking",
        page=lambda failed: bookings.page(number, failed),
        number=number,
    )


def _own_visit(db: Session, number: str, visit: str) -> str:
    """Return the visit's number, if it serves the booking. Raises BookingMissing, VisitMissing."""
    found = queries.booking(db, number=number, by=call.actor())
    row = scope.visit(db, number=visit, by=call.actor())
    if row.id not in {kept.visit_id for kept in queries.promises(db, found.id)}:
        raise VisitMissing
    return row.number
