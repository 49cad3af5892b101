"""Our side of WeChat against the sandbox's: two programs that share no code, speaking."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask, Response, request
from PIL import Image

from booking.codes import CodeKind
from conversations import stepping
from conversations.account import Origin, Person, Wanted
from gateways.wechat import messages, replies
from gateways.wechat.account import Account
from gateways.wechat.client import Quota, WeChat
from gateways.wechat.crypto import CallbackDoor, Forged
from gateways.wechat.errors import Category, Retry, WeChatError
from gateways.wechat.jssdk import prove_page
from gateways.wechat.messages import Incoming
from gateways.wechat.oauth import OAuth
from kernel.clock import wall_s
from notifications.messages import SPECS
from scripts.wechat_setup import unfit_templates
from tests.house import settings_for
from tests.integration.gateways.serving import app_with_tokens, patient_caller
from tests.integration.sandbox.serving import (
    AES_KEY,
    APPID,
    SECRET,
    TOKEN,
    Sandbox,
    Served,
    a_sandbox_app,
    stage_of,
)
from tests.patience import WAIT_S

FIELDS = {"thing1": "空调安装", "time2": "2026年11月26日 10:00~12:00", "phrase3": "已预约"}


@dataclass
class House:
    """The account's server: opens callbacks by our door and answers texts."""

    door: CallbackDoor
    told: list[Incoming] = field(default_factory=list)
    forged: int = 0

    def app(self) -> Flask:
        app = Flask("house")
        app.add_url_rule("/callback", view_func=self._callback, methods=["GET", "POST"])
        return app

    def _callback(self) -> Response:
        try:
            if request.method == "GET":
                return Response(self.door.handshake(request.args, now_s=wall_s()))
            xml = self.door.open(request.args, request.get_data(), now_s=wall_s())
        except Forged:
            self.forged += 1
            return Response(status=403)
        message = messages.parse(xml)
        self.told.append(message)
        answer = "success"
        if isinstance(message, messages.TextSaid):
            answer = replies.text_reply(
                f"收到：{message.text}]]>",
                openid=message.openid,
                account=message.account,
                now_s=wall_s(),
            )
        return Response(self.door.seal(answer, nonce=request.args["nonce"], now_s=wall_s()))


@dataclass
class Stage:
    sandbox: Sandbox
    house: House
    account: Account

    @property
    def wechat(self) -> WeChat:
        return WeChat(self.account, caller=patient_caller())

    def send(self, openid: str, **changes: str) -> str:
        return self.wechat.send_template(
            openid=openid,
            template_id="M1",
            data=FIELDS | changes,
            url="http://p1.doorbell.localhost:8000/c/b/B1",
            client_msg_id="c0ffee",
        )


@pytest.fixture(params=["plain", "aes"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    is_aes = request.param == "aes"
    house = House(CallbackDoor(appid=APPID, token=TOKEN, aes_key=AES_KEY if is_aes else ""))
    server = Served(house.app())
    app = a_sandbox_app(
        tmp_path / "sandbox.sqlite3", callback_url=f"{server.base}/callback", aes=is_aes
    )
    served = Served(app)
    sandbox = Sandbox(base=served.base, stage=stage_of(app))
    account = Account(
        appid=APPID,
        secret=SECRET,
        token=TOKEN,
        api_base=served.base,
        mp_base=served.base,
        open_base=served.base,
    )
    with app_with_tokens(f"sqlite:///{tmp_path / 'house.sqlite3'}").app_context():
        yield Stage(sandbox, house, account)
    served.stop()
    sandbox.stage.close()
    server.stop()


def test_the_account_proves_itself(stage: Stage) -> None:
    assert stage.sandbox.control("handshake")["ok"]


def test_a_scan_tells_the_scene_of_our_code(stage: Stage) -> None:
    code = stage.wechat.create_qr(scene="st_hailu_03", seconds=None)
    phone = stage.sandbox.a_phone()

    stage.sandbox.control(f"phones/{phone['phone']}/scan", content=code.url)
    stage.sandbox.control(f"phones/{phone['phone']}/follow", scene="st_hailu_03")
    stage.sandbox.settle()

    [told] = stage.house.told
    assert isinstance(told, messages.Followed)
    assert (told.openid, told.scene) == (phone["openid"], "st_hailu_03")


def test_the_account_is_brought_in_step_and_stays_so(stage: Stage) -> None:
    ours, theirs = (stage.sandbox.a_phone(follows=True)["openid"] for _ in range(2))
    wanted = Wanted(
        public_base="https://x",
        stores={"HL": "海尔路店"},
        origins={"st_hl": Origin(CodeKind.STORE, "HL"), "ev_1": Origin(CodeKind.EVENT, "")},
        people=(Person(ours, "st_hl", "ev_1"), Person(theirs, "st_hl", "st_hl")),
    )
    wechat = stage.wechat

    first, again = stepping.bring(wechat, wanted), stepping.bring(wechat, wanted)

    assert (first.menu, first.people) == (True, 3)
    assert (again.menu, again.tags, again.people) == (False, 0, 0)
    named = {tag.name: tag.id for tag in wechat.tags.every()}
    assert wechat.tags.carriers(named["HL 海尔路店"]) == {ours, theirs}

    # Somebody renamed the store, and one of them was brought by no store after all.
    moved = replace(wanted, stores={"HL": "海尔路旗舰店"}, people=wanted.people[:1])
    changed = stepping.bring(wechat, moved)

    assert (changed.tags, changed.people) == (1, 1)
    renamed = {tag.name: tag.id for tag in wechat.tags.every()}
    assert renamed["HL 海尔路旗舰店"] == named["HL 海尔路店"]
    assert wechat.tags.carriers(renamed["HL 海尔路旗舰店"]) == {ours}


def test_a_text_is_answered_in_the_same_breath(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)

    stage.sandbox.control(f"phones/{phone['phone']}/say", text="几点到？ <b>&")
    stage.sandbox.settle()

    told = stage.house.told[-1]
    assert isinstance(told, messages.TextSaid)
    assert told.text == "几点到？ <b>&"
    assert stage.sandbox.inbox(phone["phone"])[-1]["text"] == "收到：几点到？ <b>&]]>"


def test_a_template_message_arrives_and_says_so(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)

    msgid = stage.send(phone["openid"])
    stage.sandbox.settle()

    [card] = stage.sandbox.inbox(phone["phone"])
    assert str(card["msgid"]) == msgid
    finished = [m for m in stage.house.told if isinstance(m, messages.TemplateFinished)]
    assert [(m.msgid, m.is_delivered) for m in finished] == [(msgid, True)]


def test_a_repetition_is_dropped_and_tells_the_same_msgid(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)

    assert stage.send(phone["openid"]) == stage.send(phone["openid"])

    assert len(stage.sandbox.inbox(phone["phone"])) == 1


def test_a_repetition_may_be_told_as_a_duplicate(stage: Stage) -> None:
    stage.sandbox.control("knobs", duplicate_answer="40241")
    phone = stage.sandbox.a_phone(follows=True)
    stage.send(phone["openid"])

    with pytest.raises(WeChatError) as told:
        stage.send(phone["openid"])

    assert told.value.category is Category.DUPLICATE


def test_a_stranger_gets_nothing(stage: Stage) -> None:
    phone = stage.sandbox.a_phone()

    with pytest.raises(WeChatError) as told:
        stage.send(phone["openid"])

    assert (told.value.category, told.value.retry) == (Category.FOLLOWER, Retry.USELESS)


def test_a_bad_field_is_named(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)

    with pytest.raises(WeChatError) as told:
        stage.send(phone["openid"], phrase3="太长太长太长")

    assert (told.value.category, told.value.field) == (Category.FIELD, "phrase3")


@pytest.mark.parametrize("fault", ["expire_token", "steal_token"])
def test_a_lost_token_costs_nothing(stage: Stage, fault: str) -> None:
    phone = stage.sandbox.a_phone(follows=True)
    stage.wechat.menu()
    stage.sandbox.control("faults", fault=fault)

    assert stage.send(phone["openid"])


def test_a_busy_wechat_is_told_as_busy(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)
    stage.wechat.menu()
    stage.sandbox.control("faults", fault="busy", count=1)

    with pytest.raises(WeChatError) as told:
        stage.send(phone["openid"])

    assert told.value.category is Category.BUSY
    assert stage.send(phone["openid"])


def test_a_forged_callback_finds_the_door_shut(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)
    stage.sandbox.control("faults", fault="forge_signature")

    stage.sandbox.control(f"phones/{phone['phone']}/say", text="在吗")
    stage.sandbox.settle()

    assert stage.house.forged == 1
    assert len(stage.house.told) == 1


def test_a_doubled_callback_has_one_key(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)
    stage.sandbox.control("faults", fault="duplicate_callback")

    stage.sandbox.control(f"phones/{phone['phone']}/say", text="在吗")
    stage.sandbox.settle()

    assert len(stage.house.told) == 2
    assert len({message.dedupe_key for message in stage.house.told}) == 1


def test_the_menu_opens_and_clicks(stage: Stage) -> None:
    stage.wechat.create_menu([{"type": "click", "name": "我的预约", "key": "MINE"}])
    phone = stage.sandbox.a_phone(follows=True)

    stage.sandbox.control(f"phones/{phone['phone']}/click", key="MINE")
    stage.sandbox.settle()

    told = stage.house.told[-1]
    assert isinstance(told, messages.MenuClicked)
    assert told.key == "MINE"


def test_a_customer_message_needs_an_open_window(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)

    with pytest.raises(WeChatError) as told:
        stage.wechat.send_text(openid=phone["openid"], text="您好")
    assert told.value.category is Category.WINDOW

    stage.sandbox.control(f"phones/{phone['phone']}/say", text="在吗")
    stage.sandbox.settle()
    stage.wechat.send_text(openid=phone["openid"], text="在的")
    assert stage.sandbox.inbox(phone["phone"])[-1]["text"] == "在的"


def test_a_quota_is_told_used_up_and_begun_anew(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)
    path = "/cgi-bin/message/template/send"
    stage.send(phone["openid"])
    assert stage.wechat.quota(path) == Quota(limit=100_000, used=1)
    stage.sandbox.control("knobs", exhaust=path)
    with pytest.raises(WeChatError) as told:
        stage.send(phone["openid"], thing1="空调维修")
    assert told.value.category is Category.QUOTA

    stage.wechat.clear_quotas()

    assert stage.wechat.quota(path).used == 0
    for _ in range(9):
        stage.wechat.clear_quotas()
    with pytest.raises(WeChatError) as told:
        stage.wechat.clear_quotas()
    assert (told.value.code, told.value.retry) == (48006, Retry.USELESS)


def test_a_picture_goes_there_and_comes_back(stage: Stage) -> None:
    phone = stage.sandbox.a_phone(follows=True)
    stage.sandbox.control(f"phones/{phone['phone']}/say", text="在吗")
    stage.sandbox.settle()
    drawn = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(drawn, "JPEG")
    jpeg = drawn.getvalue()
    stage.sandbox.control("faults", fault="expire_token")

    media_id = stage.wechat.media.upload(jpeg)
    stage.wechat.send_picture(openid=phone["openid"], media_id=media_id)

    assert stage.wechat.media.fetch(media_id) == jpeg
    shown = stage.sandbox.inbox(phone["phone"])[-1]
    assert (shown["kind"], shown["media_id"]) == ("image", media_id)
    with pytest.raises(WeChatError) as told:
        stage.wechat.media.fetch("forgotten")
    assert told.value.code == 40007


def test_a_template_that_is_missing_or_has_other_fields_is_named(
    stage: Stage, tmp_path: Path
) -> None:
    ids = dict.fromkeys(("M1", "M2"), "M1")
    settings = settings_for("sqlite://", data_dir=tmp_path, WECHAT_TEMPLATE_IDS=json.dumps(ids))

    lines = unfit_templates(settings, stage.wechat)

    assert len(lines) == len(SPECS)
    assert lines[0].startswith("M1 预约成功通知: ['phrase3', 'thing1', 'time2'] at WeChat")
    assert lines[-1].endswith("WeChat knows no such template")


def test_a_page_proves_itself_to_the_js_sdk(stage: Stage) -> None:
    page = "http://p1.doorbell.localhost:8000/t/?day=1"
    proof = prove_page(
        f"{page}#top", appid=APPID, ticket=stage.wechat.jsapi_ticket(), nonce="n", now_s=wall_s()
    )

    told = stage.sandbox.look(
        "jssdk",
        appid=proof.appid,
        url=page,
        nonce=proof.nonce,
        timestamp=str(proof.timestamp),
        signature=proof.signature,
    )
    assert told == {"signed": True}


def test_a_visitor_comes_back_with_a_code_that_works_once(stage: Stage) -> None:
    phone = stage.sandbox.a_phone()
    oauth = OAuth(stage.account, caller=patient_caller())
    address = oauth.authorize_url(
        redirect_uri=f"http://{phone['phone']}.doorbell.localhost:8000/wechat/oauth?to=/c/&x=1",
        state="s1",
    )

    answer = requests.get(address, allow_redirects=False, timeout=WAIT_S)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    visitor = oauth.exchange(back["code"][0])

    assert (back["state"], back["to"]) == (["s1"], ["/c/"])
    assert (visitor.openid, visitor.is_snapshot) == (phone["openid"], False)
    with pytest.raises(WeChatError) as told:
        oauth.exchange(back["code"][0])
    assert told.value.category is Category.LOGIN
