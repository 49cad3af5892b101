"""A technician's day, from binding his WeChat to the member's points."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from conversations import inbox
from dispatch.operations import roster
from faces.chrome import call
from gateways.wechat.messages import Followed
from gateways.wechat.oauth import OAuth
from kernel.db import transaction
from members import ledger_queries
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import Platform, tells
from tests.journeys.consumer.pages import Page
from tests.journeys.databases import BOTH
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import (
    A_SIGNATURE,
    BASE,
    Hands,
    a_photo,
    given,
    move_clock,
    wrong_code,
)

pytestmark = BOTH

OPENID = "oTech000000000000000000001"


@pytest.fixture
def wechat(app: Flask) -> Iterator[Platform]:
    """WeChat on loopback, for which every visitor is the technician's openid."""
    with Platform() as platform:
        platform.answers["/sns/oauth2/access_token"] = tells(openid=OPENID, scope="snsapi_base")
        with app.test_request_context():
            settings = call.settings()
        app.extensions["doorbell.oauth"] = OAuth.from_settings(
            replace(settings, wechat_api_base=platform.base)
        )
        yield platform


def come_in(client: FlaskClient) -> Page:
    """Open the technician's entrance as WeChat's browser does: there, to WeChat, and back."""
    guard = client.get("/t/", base_url=BASE)
    away = client.get(guard.location, base_url=BASE)
    assert "/connect/oauth2/authorize" in away.location
    state = parse_qs(urlsplit(away.location).query)["state"][0]
    return Page(
        client.get(
            f"/wechat/signed-in?code=c0de&state={state}", base_url=BASE, follow_redirects=True
        )
    )


class TestBinding:
    def test_a_stranger_is_told_how_to_get_bound(
        self, app: Flask, crew: Crew, wechat: Platform
    ) -> None:
        page = come_in(app.test_client())

        assert page.status == 403
        assert "您的微信还没有绑定工号" in page.text
        assert "绑定二维码" in page.text

    def test_who_has_scanned_the_code_comes_in(
        self, app: Flask, crew: Crew, wechat: Platform
    ) -> None:
        with transaction() as db:
            code = roster.new_bind_code(db, technician_id=crew.technician_id)
        scan = Followed(
            openid=OPENID,
            account="gh_1",
            sent_at_s=1,
            dedupe_key="1",
            scene=f"bind_{code}",
            ticket="",
        )
        with transaction() as db:
            [answer] = inbox.receive(db, [scan], public_base=BASE, now=MONDAY_NINE)

        page = come_in(app.test_client())

        assert "绑定成功" in answer
        assert page.status == 200
        assert "今天没有派给您的任务" in page.text


class TestOneVisit:
    @pytest.mark.walks(
        "visit assigned accept",
        "visit accepted depart",
        "visit en_route arrive",
        "visit arrived start",
        "visit in_service finish",
    )
    def test_goes_by_plain_forms_from_accepting_to_the_points(
        self, app: Flask, crew: Crew, hands: Hands
    ) -> None:
        work = given(crew.member)
        page = hands.open("/t/")
        assert "下一户 待接单 10:00–12:00" in page.text
        assert "浮山后三小区 12-2-402" in page.text

        page = hands.send(page.form("/accept"))
        assert page.path == "/t/"
        assert "已接单" in page.text
        move_clock(app, MONDAY_NINE + timedelta(minutes=50))
        page = hands.send(page.form("/depart"))
        assert "正在去 已出发" in page.text
        page = hands.visit(work)
        move_clock(app, MONDAY_NINE + timedelta(minutes=62))
        page = hands.send(page.form("/arrive"))
        assert page.path == f"/t/visits/{work.number}"
        assert "10:02 已到达" in page.text
        page = hands.send(page.form("/start"), code=wrong_code(work))
        assert (page.status, page.said("code-error")) == (
            400,
            "服务码不对，请让业主再看一下手机。",
        )
        page = hands.send(page.form("/start"), code=work.code)
        assert "服务中" in page.text
        page = hands.send(page.form("/finish"))
        assert (page.status, page.said("photo-error")) == (409, "完工 · 还差 1 张照片。")
        hands.upload(work, [a_photo()], accept="text/html")
        move_clock(app, MONDAY_NINE + timedelta(minutes=110))
        page = hands.send(hands.visit(work).form("/finish"))

        assert "做完了，等业主验收 10:50 完工，用时 48 分" in page.text
        page = hands.open(f"{page.path}/sign")
        page = hands.send(page.form("/sign"), strokes=A_SIGNATURE)

        assert "这一户完工了 10:50 完工，用时 48 分 林女士得到 180 积分" in page.text
        assert "今天的任务都完成了" in hands.open("/t/").text
        with transaction(reads_only=True) as db:
            assert ledger_queries.points_balance(db, crew.member.id) == 180

    def test_moves_on_by_fragments_for_htmx(self, hands: Hands, crew: Crew) -> None:
        work = given(crew.member)
        said = {}
        for act, fields in (
            ("accept", {}),
            ("depart", {}),
            ("arrive", {}),
            ("start", {"code": work.code}),
        ):
            answer = hands.press(work, act, fields=fields)
            said[act] = answer.get_data(as_text=True)
        hands.upload(work, [a_photo()])
        said["finish"] = hands.press(work, "finish").get_data(as_text=True)

        assert all("<html" not in fragment for fragment in said.values())
        assert all('id="visit"' in fragment for fragment in said.values())
        assert all('id="bar" hx-swap-oob="true"' in fragment for fragment in said.values())
        assert "出发去这一户" in said["accept"]
        assert "到达</span>" in said["depart"]
        assert 'data-key="7"' in said["arrive"]
        assert "完工 · 还差 1 张照片" in said["start"]
        assert "请业主签字" in said["finish"]

    def test_an_act_pressed_on_today_stays_on_today(self, hands: Hands, crew: Crew) -> None:
        work = given(crew.member)

        answer = hands.press(work, "accept", fields={"on": "today"}).get_data(as_text=True)

        assert 'id="today"' in answer
        assert 'id="visit"' not in answer
