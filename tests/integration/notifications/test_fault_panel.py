"""The sandbox's fault panel and what the house does about each fault that has to do with messages.

The whole house and the sandbox speak over loopback; nothing here has to do with the database, so that
one serves. The faults of payments are in gateways/test_pay_against_the_sandbox.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from flask import Flask, Response, request
from sqlalchemy import delete, func, select, update

import app as joinery
from conversations import words
from conversations.models import InboxRow
from gateways.wechat.account import Account
from gateways.wechat.client import WeChat
from gateways.wechat.oauth import USERINFO_SCOPE
from kernel.clock import wall_s
from kernel.db import transaction
from kernel.leases import PENDING
from members.models import Member
from notifications.models import Message, MessageStep
from tests import house
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import hasty_caller
from tests.integration.notifications.stories import messages
from tests.integration.sandbox.serving import (
    APPID,
    SECRET,
    TOKEN,
    Sandbox,
    Served,
    a_sandbox_app,
    stage_of,
)
from tests.patience import WAIT_S

BASE = "https://doorbell.localhost"
FIELDS = {"thing1": "空调安装", "time2": "2026年11月26日 10:00~12:00", "phrase3": "已预约"}
TEXTS = "sms.jsonl"


@dataclass
class Town:
    """The house, the sandbox, and one person with his phone who follows."""

    app: Flask
    sandbox: Sandbox
    folder: Path
    # The statuses with which the house answered callbacks.
    answered: list[int]
    phone: str = ""
    openid: str = ""

    def act(self, deed: str, **body: Any) -> None:
        """Let the person do something, and the house hear of it."""
        self.sandbox.control(f"phones/{self.phone}/{deed}", **body)
        self.sandbox.settle()

    def break_(self, fault: str, **body: Any) -> None:
        self.sandbox.control("faults", fault=fault, **body)

    def member(self) -> Member:
        with transaction(reads_only=True) as db:
            return db.scalars(select(Member).where(Member.openid == self.openid)).one()

    def heard(self) -> int:
        """Return how often the house took in what he did."""
        with transaction(reads_only=True) as db:
            return db.scalar(select(func.count()).select_from(InboxRow)) or 0

    def tell(self, key: str = "B1") -> Message:
        """Queue news for him, send it, and return what became of it."""
        with transaction() as db:
            row = Message(
                dedupe_key=f"M1:{key}",
                kind="M1",
                openid=self.openid,
                about=f"member:{self.member().id}",
                fields=FIELDS,
                path="/c/bookings",
                made_at=MONDAY_NINE,
            )
            db.add(row)
        return self.send()

    def send(self) -> Message:
        """Send what waits, due or not; return the last message when WeChat has reported on it."""
        with transaction() as db:
            waiting = update(Message).where(Message.state == PENDING)
            db.execute(waiting.values(due_s=0.0, lease_until_s=0.0))
        joinery.wake("messages")
        self.sandbox.settle()
        return messages()[-1]

    def cards(self) -> list[str]:
        """Return the kinds of what his phone shows of us, the oldest first."""
        return [one["kind"] for one in self.sandbox.inbox(self.phone)]

    def texts(self) -> int:
        """Return how many texts left the house."""
        path = self.folder / TEXTS
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture(scope="module")
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    door, answered = Flask("door"), list[int]()
    server = Served(door)
    # A report may overtake our writing down what it is of; WeChat, too, waits before it tells it again.
    played = a_sandbox_app(
        tmp_path / "sandbox.sqlite3",
        callback_url=f"{server.base}/wechat/callback",
        web_base=BASE,
        retry_gap_s=1.0,
    )
    stage, served = stage_of(played), Served(played)
    # Both tell the same business time.
    stage.clock._set_offset((MONDAY_NINE - stage.clock.now()).total_seconds())
    made = house.an_app(
        database_url,
        data_dir=tmp_path,
        WECHAT_APPID=APPID,
        WECHAT_SECRET=SECRET,
        WECHAT_TOKEN=TOKEN,
        WECHAT_API_BASE=served.base,
        WECHAT_OPEN_BASE=served.base,
        WECHAT_SUBSCRIPTION_IDS=json.dumps({"M1": "S1"}),
    )

    def callback() -> Response:
        answer = made.test_client().post(
            "/wechat/callback", query_string=request.query_string.decode(), data=request.get_data()
        )
        answered.append(answer.status_code)
        return Response(answer.get_data(), answer.status_code)

    door.add_url_rule("/wechat/callback", view_func=callback, methods=["POST"])
    with made.app_context():
        house.empty_tables()
        one = Town(made, Sandbox(served.base, stage), tmp_path, answered)
        person = one.sandbox.a_phone()
        one.phone, one.openid = person["phone"], person["openid"]
        one.act("follow")
        with transaction() as db:
            db.execute(update(Member).values(phone="13800002046"))
        yield one
        house.close_connections()
    served.stop()
    stage.close()
    server.stop()


class TestSending:
    def test_a_late_answer_is_asked_for_again_and_arrives_once(self, town: Town) -> None:
        patient = town.app.extensions["doorbell.wechat"]
        patient.menu()
        settings = town.app.extensions["doorbell.settings"]
        account = Account.from_settings(settings)
        town.app.extensions["doorbell.wechat"] = WeChat(account, caller=hasty_caller())
        town.break_("slow")

        first = town.tell()
        town.app.extensions["doorbell.wechat"] = patient
        again = town.send()

        assert first.maybe_sent_s is not None
        assert (first.state, again.state) == (PENDING, "sent")
        assert town.cards().count("template") == 1

    def test_a_lost_answer_is_settled_by_the_report(self, town: Town) -> None:
        patient = town.app.extensions["doorbell.wechat"]
        patient.menu()
        account = Account.from_settings(town.app.extensions["doorbell.settings"])
        town.app.extensions["doorbell.wechat"] = WeChat(account, caller=hasty_caller())
        town.break_("slow")
        town.tell()
        town.app.extensions["doorbell.wechat"] = patient
        # Too long ago by now to be sent once more.
        with transaction() as db:
            db.execute(update(Message).values(maybe_sent_s=wall_s() - 600))

        row = town.send()

        assert (row.state, row.outcome) == ("sent", "success")
        assert town.cards().count("template") == 1

    def test_a_busy_platform_is_asked_again(self, town: Town) -> None:
        town.break_("busy", count=1)

        first, again = town.tell(), town.send()

        assert (first.state, again.state) == (PENDING, "sent")
        assert town.cards().count("template") == 1

    @pytest.mark.parametrize("fault", ["expire_token", "steal_token"])
    def test_a_token_is_refreshed_within_the_call(self, town: Town, fault: str) -> None:
        town.tell()
        town.break_(fault)

        row = town.tell("B2")

        assert (row.state, row.attempts) == ("sent", 1)

    def test_an_account_that_is_shut_calls_no_other_way_of_wechats(self, town: Town) -> None:
        town.act("say", text="在吗")
        town.act("subscribe", answers={"S1": True})
        town.break_("block_account", count=1)
        before = len(town.cards())

        row = town.tell()

        assert (row.state, row.channel, town.texts()) == ("sent", "sms", 1)
        assert len(town.cards()) == before

    def test_who_refuses_our_messages_hears_by_text(self, town: Town) -> None:
        town.act("subscribe", answers={"S1": True})
        town.break_("user_block")
        town.tell()

        row = town.send()

        # The report may come while the sender is still at work, who then goes on at once.
        with transaction(reads_only=True) as db:
            steps = [(s.channel, s.words) for s in db.scalars(select(MessageStep))]
        assert ("template", "failed:user block") in steps
        assert (row.state, row.channel, town.texts()) == ("sent", "sms", 1)
        assert "template" not in town.cards()

    def test_what_did_not_arrive_goes_on_by_the_next_way(self, town: Town) -> None:
        town.act("subscribe", answers={"S1": True})
        for key, way in (("B1", "subscription"), ("B2", "customer"), ("B3", "sms")):
            if key == "B2":
                town.act("say", text="在吗")
            if key == "B3":
                with transaction() as db:
                    db.execute(delete(InboxRow))
            town.break_("system_failed")
            town.tell(key)

            row = town.send()

            assert (row.state, row.channel, row.outcome) == ("sent", way, "")


class TestFollowingAgain:
    def test_messages_stop_and_go_on(self, town: Town) -> None:
        """The account is blocked, then followed again."""
        town.tell("B1")
        town.act("unfollow")
        stopped = town.tell("B2")
        # WeChat tells whole seconds, and following twice in one would be one.
        town.sandbox.control("clock", advance_s=60)
        town.act("follow")
        assert town.member().follows
        goes_on = town.tell("B3")

        assert (stopped.state, stopped.channel) == ("sent", "sms")
        assert (goes_on.state, goes_on.channel) == ("sent", "template")
        assert (town.cards().count("template"), town.texts()) == (2, 1)

    def test_whom_wechat_does_not_know_as_a_follower_is_none(self, town: Town) -> None:
        """The news of his leaving was lost: the first message that is refused tells it."""
        town.break_("drop_callback")
        town.act("unfollow")
        before = town.member().follows

        town.tell()

        assert (before, town.member().follows) == (True, False)


class TestHearing:
    def test_a_lost_callback_is_missed_and_nothing_waits_for_it(self, town: Town) -> None:
        before = town.heard()
        town.break_("drop_callback")

        town.act("say", text="一")
        town.act("say", text="二")

        assert town.heard() == before + 1

    def test_what_comes_the_wrong_way_round_is_put_right(self, town: Town) -> None:
        town.break_("reorder_callback")
        town.sandbox.control(f"phones/{town.phone}/unfollow")
        # WeChat tells whole seconds.
        town.sandbox.control("clock", advance_s=60)
        town.act("follow")

        # We hear that he follows, and then that he left a minute before.
        assert town.member().follows

    @pytest.mark.parametrize("fault", ["replay_callback", "duplicate_callback"])
    def test_what_comes_twice_is_taken_in_once(self, town: Town, fault: str) -> None:
        before = town.heard()

        if fault == "duplicate_callback":
            town.break_(fault)
        town.act("say", text="在吗")
        if fault == "replay_callback":
            town.break_(fault)
            town.sandbox.settle()

        assert town.heard() == before + 1

    def test_a_forged_one_changes_nothing(self, town: Town) -> None:
        before = town.heard()
        town.break_("forge_signature")

        town.act("say", text="在吗")

        assert town.heard() == before + 1
        assert town.answered[-2:] == [403, 200]

    def test_a_voice_that_wechat_did_not_hear_is_asked_for_in_writing(self, town: Town) -> None:
        town.break_("empty_recognition")

        town.act("speak", text="周六下午装空调")

        assert town.sandbox.inbox(town.phone)[-1]["text"] == words.NOT_HEARD

    def test_a_snapshot_user_becomes_no_member(self, town: Town) -> None:
        client = town.app.test_client()
        away = client.get("/wechat/sign-in", base_url=BASE).location
        asked = dict(parse_qsl(urlsplit(away).query))
        town.break_("snapshot_user")
        back = requests.post(
            f"{town.sandbox.base}/connect/oauth2/authorize",
            data=asked | {"scope": USERINFO_SCOPE, "phone": town.phone},
            allow_redirects=False,
            timeout=WAIT_S,
        ).headers["Location"]
        came = client.get(f"/wechat/signed-in?{urlsplit(back).query}", base_url=BASE)

        assert came.status_code == 400
        with transaction(reads_only=True) as db:
            assert db.scalar(select(func.count()).select_from(Member)) == 1
