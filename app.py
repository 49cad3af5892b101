"""The factory: the only place where the parts of the house are joined. Nobody imports this module.

`create_app()` for the web server; `flask --app app …` for the commands; `app.wake` is what a bell
calls in a worker.
"""

import os
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import click
from flask import Flask, current_app
from flask_babel import Babel
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import booking.checking_bills
import booking.code_models
import booking.coupon_models
import booking.discount_models
import booking.events
import booking.feedback_models
import booking.goods_models
import booking.jobs
import booking.paying
import booking.payment_queries
import booking.rule_replays
import booking.shop_models
import booking.waiting_models
import conversations.jobs
import conversations.queries
import conversations.reactions
import dispatch.watching
import faces.api.openapi
import faces.chrome.context
import faces.chrome.demo_clock
import faces.chrome.errors
import faces.chrome.filters
import faces.chrome.headers
import faces.chrome.health
import faces.chrome.limits
import faces.chrome.live
import faces.chrome.locale
import faces.chrome.once
import faces.chrome.reading
import faces.chrome.sign_in
import faces.wechat.callback
import faces.wechat.page
import faces.wechat.pay
import faces.wechat.trip
import members.events
import members.grade_models
import members.jobs
import members.rule_queries  # its tables belong to the schema
import notifications.jobs
from booking import reactions as booking_reactions
from conversations import pictures
from dispatch import photos
from dispatch.events import (
    EvidenceAdded,
    VisitArrived,
    VisitAssigned,
    VisitDeclined,
    VisitDelayed,
    VisitDeparted,
    VisitTaken,
)
from faces.chrome.keeping import RULES
from faces.wechat.routes import blueprint as wechat_blueprint
from gateways.wechat.client import WeChat
from gateways.wechat.crypto import CallbackDoor
from gateways.wechat.oauth import OAuth
from gateways.wechat.pay import WeChatPay
from kernel import db, delivery, idempotency, logs, queue, relay, retention
from kernel.clock import Clock, SystemClock, wall_s
from kernel.demo import demo_clock
from kernel.relay import Drain, Periodic
from kernel.settings import Mode, Settings
from notifications import account_reactions as account
from notifications import life_reactions as life
from notifications import quotas, reactions, technician_reactions
from notifications.reaching import Sender
from scripts import benches, commands

REACTIONS: delivery.Reactions = {
    booking.events.BookingBooked: [
        reactions.on_booked,
        booking_reactions.on_readiness,
        booking_reactions.on_hold_decided,
        booking_reactions.on_booked,
    ],
    booking.events.ConfirmationAsked: [life.on_confirmation_asked],
    booking.events.BookingConfirmed: [booking_reactions.on_readiness],
    booking.events.BookingMoved: [life.on_moved, booking_reactions.on_readiness],
    booking.events.BookingCancelled: [
        life.on_cancelled,
        booking_reactions.on_cancelled,
        booking_reactions.on_ended,
    ],
    booking.events.BookingExpired: [booking_reactions.on_hold_decided, booking_reactions.on_ended],
    booking.events.BookingFailed: [life.on_failed, booking_reactions.on_ended],
    booking.events.BookingRefunded: [account.on_booking_refunded],
    booking.events.ReturnNeeded: [life.on_return_needed, booking_reactions.on_return_needed],
    booking.events.WorkFinished: [life.on_work_finished, booking_reactions.on_work_finished],
    booking.events.TryoutMoved: [account.on_tryout_moved],
    booking.events.BookingCompleted: [reactions.on_completed, booking_reactions.on_completed],
    booking.events.BookingClosed: [life.on_closed, booking_reactions.on_closed],
    booking.events.DisputeResolved: [booking_reactions.on_closed],
    booking.events.CareNewsOrdered: [account.on_care_news_ordered],
    booking.events.AdditionAsked: [life.on_addition_asked],
    booking.events.AddressVouched: [booking_reactions.on_readiness],
    booking.events.GoodsAdded: [booking_reactions.on_readiness],
    booking.events.GoodsMoved: [life.on_goods_moved, booking_reactions.on_readiness],
    booking.events.GoodsLate: [life.on_goods_late, booking_reactions.on_readiness],
    booking.events.LateGoodsAnswered: [booking_reactions.on_readiness],
    booking.events.PaymentReceived: [conversations.reactions.on_paid],
    members.events.MemberFollowed: [
        conversations.reactions.on_followed,
        booking_reactions.on_scanned,
    ],
    members.events.CodeScanned: [booking_reactions.on_scanned],
    booking.events.CouponIssued: [account.on_coupon_given],
    booking.events.CouponExpiryAnnounced: [account.on_coupon_expiring],
    booking.events.PromiseBroken: [account.on_promise_broken],
    booking.events.RefundOrdered: [account.on_refund_ordered],
    booking.events.DepositSettled: [account.on_deposit_settled],
    booking.events.WaitingOffered: [account.on_waiting_offered],
    booking.events.StandbyOffered: [life.on_standby_offered],
    booking.events.StandbyEnded: [life.on_standby_ended],
    VisitAssigned: [reactions.on_assigned],
    VisitDelayed: [life.on_delayed],
    VisitDeparted: [reactions.on_departed],
    VisitArrived: [reactions.on_arrived],
    VisitDeclined: [booking_reactions.on_given_up],
    VisitTaken: [booking_reactions.on_given_up],
    EvidenceAdded: [life.on_evidence_added],
    members.events.StrikeOpened: [technician_reactions.on_strike_opened],
    members.events.StrikePosted: [booking_reactions.on_strike_posted],
    members.events.StrikeWaived: [booking_reactions.on_strike_undone],
    members.events.StrikeReversed: [booking_reactions.on_strike_undone],
    members.events.AppealDecided: [account.on_appeal_decided],
    members.events.ExpiryAnnounced: [account.on_expiry_announced],
    members.events.PointsPosted: [booking_reactions.on_points_posted],
    members.events.GradeChanged: [account.on_grade_changed],
    members.events.PointsRedeemed: [account.on_points_redeemed],
    members.events.RedemptionReversed: [account.on_redemption_reversed],
    members.events.Blacklisted: [account.on_blacklisted],
    members.events.BlacklistEnded: [account.on_blacklist_ended],
    members.events.CollectionMoved: [account.on_collection_moved],
    members.events.NewsOrdered: [account.on_news_ordered],
    members.events.PhoneConfirmed: [booking_reactions.on_phone_confirmed],
    members.events.MembersMerged: [booking_reactions.on_merged],
}
# Which RQ queue hears which bell.
PLANNER = "planner"
QUEUE_OF = {
    **dict.fromkeys(("outbox", "messages", "refunds", "account", "quotas", "pictures"), "messages"),
    "plans": PLANNER,
    "replays": PLANNER,
}
HOLD_LOOK_EVERY_S = 10.0
LOOK_EVERY_S = 10.0
PAYMENT_LOOK_EVERY_S = 30.0
GOODS_LOOK_EVERY_S = 60.0
CHATS_LOOK_EVERY_S = 300.0
BILLS_LOOK_EVERY_S = 60.0
SWEEP_EVERY_S = 600.0
# It looks at every photo there is.
SHELF_LOOK_EVERY_S = 6 * 3600.0
SPEAK_OF_PHOTOS = tuple(
    part.photos_spoken_of
    for part in (dispatch.queries, members.strike_queries, conversations.queries)
)
CITY_LOOK_EVERY_S = 2.0
PLANS_GRACE_S = 15.0
LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
REQUEST_BYTES_MAX = 9 << 20
ROOT = Path(__file__).parent


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Join the parts. Without arguments: settings from the environment, and the clock they ask for;
    but for a bench, which makes settings of its own."""
    if settings is None and benches.is_asked_for(sys.argv):
        return benches.workbench(create_app)
    settings = settings or Settings.from_env(os.environ)
    app = Flask(__name__, root_path=str(ROOT))
    app.config["SECRET_KEY"] = settings.secret_key
    app.url_map.converters["int"] = faces.chrome.reading.WholeNumber
    proxies = int(settings.trusted_proxies)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # as Flask documents
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.config["BABEL_DEFAULT_LOCALE"] = LANGUAGES["zh"]
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    if settings.mode is not Mode.TEST:
        logs.configure()
    db.configure(app, settings.database_url)
    Migrate(app, db.sa, directory=str(ROOT / "migrations"), render_as_batch=True)
    app.extensions["doorbell.settings"] = settings
    app.extensions["doorbell.clock"] = clock or _clock(settings)
    # A test's clock is the true one, too: its sessions must not depend on the day of the run.
    app.extensions["doorbell.true_clock"] = clock or SystemClock()
    _join_doorbell(app, settings)
    _join_wechat(app, settings)
    _join_faces(app, settings)
    _join_commands(app)
    return app


def wake(bell: str) -> int:
    """Do the work that a bell rang for; RQ calls this in a worker. Returns how much was done."""
    done = 0
    drain = _drains(current_app)[bell]
    while count := drain.work():
        done += count
    return done


def _clock(settings: Settings) -> Clock:
    return demo_clock() if settings.is_demo else SystemClock()


def _join_doorbell(app: Flask, settings: Settings) -> None:
    bell = queue.Bell(settings.redis_url, QUEUE_OF)
    app.extensions["doorbell.bell"] = bell
    db.on_commit(app, bell.ring)


def _join_wechat(app: Flask, settings: Settings) -> None:
    app.extensions["doorbell.wechat"] = WeChat.from_settings(settings)
    app.extensions["doorbell.oauth"] = OAuth.from_settings(settings)
    app.extensions["doorbell.callback_door"] = CallbackDoor.from_settings(settings)
    app.extensions["doorbell.pay"] = WeChatPay.from_settings(settings)


def _join_faces(app: Flask, settings: Settings) -> None:
    chrome = faces.chrome
    Babel(app, locale_selector=chrome.locale.chosen)
    # In the order in which they look at a call: who makes it, how often, is it readable.
    chrome.sign_in.register(app)
    chrome.limits.register(app, settings)
    for part in (
        chrome.reading,
        chrome.once,
        chrome.errors,
        chrome.filters,
        chrome.live,
        chrome.locale,
        chrome.context,
    ):
        part.register(app)
    chrome.headers.register(app, settings)
    for blueprint in (
        chrome.health.blueprint,
        chrome.live.blueprint,
        chrome.locale.blueprint,
        wechat_blueprint,
    ):
        app.register_blueprint(blueprint)
    faces.wechat.callback.register(app)
    for name in FACES:
        app.register_blueprint(pkgutil.resolve_name(name))
    faces.api.openapi.register(app)
    if settings.is_demo:
        app.register_blueprint(chrome.demo_clock.blueprint)


# Each face's pages, by module and blueprint.
FACES: Sequence[str] = (
    "faces.consumer.pages:blueprint",
    "faces.technician.pages:blueprint",
    "faces.console.pages:blueprint",
    "faces.console.sign_in:blueprint",
)


def _drains(app: Flask) -> Mapping[str, Drain]:
    settings: Settings = app.extensions["doorbell.settings"]
    clock: Clock = app.extensions["doorbell.clock"]
    wechat: WeChat = app.extensions["doorbell.wechat"]
    window_open = conversations.queries.may_be_written_to
    sender = replace(Sender.from_settings(settings, wechat), window_open=window_open)
    pay: WeChatPay = app.extensions["doorbell.pay"]
    return {
        "outbox": Drain(delivery.events_due, partial(delivery.deliver_events, REACTIONS, clock)),
        "messages": Drain(
            notifications.jobs.messages_due,
            partial(notifications.jobs.send_messages, sender, clock),
        ),
        "refunds": Drain(
            booking.payment_queries.refunds_due, partial(booking.paying.order_refunds, pay, clock)
        ),
        "account": Drain(
            conversations.jobs.account_due,
            partial(conversations.jobs.keep_account, wechat, settings.public_base, clock),
        ),
        "pictures": Drain(
            pictures.pictures_due,
            partial(pictures.fetch_pictures, wechat, settings.data_dir / "photos", clock),
        ),
        "replays": Drain(
            booking.replay_queries.replays_due, partial(booking.rule_replays.replay_rules, clock)
        ),
        "quotas": Drain(quotas.quotas_due, partial(quotas.keep_quotas, wechat, clock)),
        # By name, at the time of need: only processes that solve load the solver.
        "plans": Drain(
            lambda: bool(pkgutil.resolve_name("dispatch.queries:proposals_due")()),
            lambda: int(pkgutil.resolve_name("dispatch.jobs:solve_proposals")(clock)),
            # Solving would hold up the relay's other work, and its worker takes seconds to start.
            grace_s=PLANS_GRACE_S,
        ),
    }


def _periodics(app: Flask) -> list[Periodic]:
    clock: Clock = app.extensions["doorbell.clock"]
    true_clock: Clock = app.extensions["doorbell.true_clock"]
    settings: Settings = app.extensions["doorbell.settings"]
    shelf = settings.data_dir / "photos"
    periodics = [
        Periodic("old keys", SWEEP_EVERY_S, partial(idempotency.sweep, true_clock)),
        Periodic("half photos", SWEEP_EVERY_S, lambda: photos.sweep(shelf, now_s=wall_s())),
        Periodic(
            "unspoken photos",
            SHELF_LOOK_EVERY_S,
            lambda: photos.sweep_unspoken(shelf, spoken_of=SPEAK_OF_PHOTOS, now_s=wall_s()),
        ),
    ]
    if settings.is_demo:
        city = pkgutil.resolve_name("scripts.demo_city.life")
        periodics.append(
            Periodic("demo city", CITY_LOOK_EVERY_S, partial(city.go_on, settings.data_dir, clock))
        )
    clock, pay = _lived_clock(app), app.extensions["doorbell.pay"]
    ask, check = booking.paying.ask_after, booking.checking_bills.check_due_bills
    return [
        *periodics,
        Periodic("holds", HOLD_LOOK_EVERY_S, partial(booking.jobs.expire_holds, clock)),
        Periodic("payments", PAYMENT_LOOK_EVERY_S, partial(ask, pay, clock)),
        Periodic("bookings", LOOK_EVERY_S, partial(booking.jobs.look_after_bookings, clock)),
        Periodic("waiting", LOOK_EVERY_S, partial(booking.jobs.serve_waiting, clock)),
        Periodic("coupons", GOODS_LOOK_EVERY_S, partial(booking.jobs.look_after_coupons, clock)),
        Periodic("tryouts", GOODS_LOOK_EVERY_S, partial(booking.jobs.look_after_tryouts, clock)),
        Periodic("late goods", GOODS_LOOK_EVERY_S, partial(booking.jobs.find_late_goods, clock)),
        Periodic("delays", LOOK_EVERY_S, partial(dispatch.watching.watch_days, clock)),
        Periodic("strikes", LOOK_EVERY_S, partial(members.jobs.post_due_strikes, clock)),
        Periodic("blacklist", LOOK_EVERY_S, partial(members.jobs.end_blacklistings, clock)),
        Periodic("points", LOOK_EVERY_S, partial(members.jobs.look_after_points, settings, clock)),
        Periodic("grades", LOOK_EVERY_S, partial(booking.jobs.look_at_grades, clock)),
        Periodic("retention", SWEEP_EVERY_S, partial(retention.drop_what_is_over, RULES, clock)),
        Periodic("growth", SWEEP_EVERY_S, partial(members.jobs.look_after_growth, clock)),
        Periodic("bills", BILLS_LOOK_EVERY_S, partial(check, pay, clock)),
        Periodic("chats", CHATS_LOOK_EVERY_S, partial(conversations.jobs.end_silent_chats, clock)),
    ]


def _lived_clock(app: Flask) -> Clock:
    """The clock that the house's own hands go by."""
    clock: Clock = app.extensions["doorbell.clock"]
    if not app.extensions["doorbell.settings"].is_demo:
        return clock
    # A clock pressed forward must not make late what the city has not lived yet.
    return cast(Clock, pkgutil.resolve_name("scripts.demo_city.life:LivedClock")(clock))


def _join_commands(app: Flask) -> None:
    benches.join(app, create_app)
    commands.join(app)

    @app.cli.command("worker")
    @click.argument("name", type=click.Choice(sorted(set(QUEUE_OF.values()))))
    def worker(name: str) -> None:
        """Serve one RQ queue."""
        settings: Settings = app.extensions["doorbell.settings"]
        if name == PLANNER:
            # Loaded before the fork, each job's child finds the solver ready.
            pkgutil.resolve_name("dispatch.jobs:solve_proposals")
            pkgutil.resolve_name("dispatch.planner.warming:exercise")()
        queue.work(settings.redis_url, name, forks=name == PLANNER)

    @app.cli.command("relay")
    def run_relay() -> None:
        """Find work in the database, ring for it, and do it when nobody comes."""
        relay.run(
            _drains(app),
            _periodics(app),
            app.extensions["doorbell.bell"],
            should_stop=relay.asked_to_stop(),
            clock=_lived_clock(app),
        )
