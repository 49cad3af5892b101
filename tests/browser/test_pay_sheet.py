"""The pay sheet on a sandbox phone: what a page hears, and what people see."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import FrameLocator, Page, expect

from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_values import PaySheet
from kernel.money import Money
from tests import shop
from tests.browser.conftest import NewContext
from tests.integration.sandbox.serving import APPID, Sandbox, Served, a_sandbox_app, stage_of

NUMBER = "D20261123001"
Picture = Callable[[Page, str], Path]


@dataclass
class Shopfront:
    """A page of the account with one button that pays, and the sandbox it is opened in."""

    sandbox: Sandbox
    pay: WeChatPay
    page: str
    home: str
    # What the page gives to wx.chooseWXPay.
    sheet: PaySheet

    def sign_anew(self, **changes: Any) -> None:
        """Place the order (again) and let the page use its sheet."""
        order: dict[str, Any] = {
            "out_trade_no": NUMBER,
            "description": "空调安装 · 上门押金",
            "amount": Money(30_00),
            "openid": self.sandbox.look("phones/p1")["openid"],
        }
        self.sheet = self.pay.prepay(**order | changes)


class _Front:
    """The account's server: one page, its script, and nowhere else to go."""

    def __init__(self) -> None:
        self.shopfront: Shopfront | None = None
        self.sdk = ""

    def app(self) -> Flask:
        app = Flask("front", static_folder=None)
        app.add_url_rule("/c/pay", view_func=self._page)
        app.add_url_rule("/c/pay.js", view_func=self._script)
        app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
        app.add_url_rule(shop.NOTICE_PATH, "notice", lambda: ("", 204), methods=["POST"])
        app.add_url_rule("/callback", "callback", lambda: "success", methods=["POST"])
        return app

    def _page(self) -> str:
        return (
            "<!doctype html><html lang='zh-CN'><meta charset='utf-8'><title>付押金</title>"
            "<button>付押金</button><button>扫铭牌</button><p id='said'></p>"
            f"<script src='{self.sdk}'></script><script src='/c/pay.js'></script></html>"
        )

    def _script(self) -> tuple[str, int, dict[str, str]]:
        assert self.shopfront is not None
        sheet = self.shopfront.sheet
        script = (
            f"wx.config({{appId: {sheet.appid!r}}});"
            "const say = (word) => () => { document.getElementById('said').textContent = word; };"
            "document.querySelector('button').onclick = () => wx.chooseWXPay({"
            f"...{dict(sheet.params)!r},"
            "success: say('paid'), cancel: say('cancelled'), fail: say('failed')});"
            "document.querySelectorAll('button')[1].onclick = () => wx.scanQRCode({needResult: 1,"
            "success: ({ resultStr }) => say(resultStr)(), cancel: say('gave up')});"
        )
        return script, 200, {"Content-Type": "text/javascript", "Cache-Control": "no-store"}


@pytest.fixture
def shopfront(tmp_path: Path) -> Iterator[Shopfront]:
    front = _Front()
    server = Served(front.app())
    port = server.base.rpartition(":")[2]
    app = a_sandbox_app(
        tmp_path / "sandbox.sqlite3",
        callback_url=f"{server.base}/callback",
        web_base=f"http://doorbell.localhost:{port}",
        has_shop=True,
    )
    served = Served(app)
    sandbox = Sandbox(base=served.base, stage=stage_of(app))
    sandbox.a_phone(follows=True)
    sandbox_port = served.base.rpartition(":")[2]
    home = f"http://sandbox.doorbell.localhost:{sandbox_port}/"
    front.sdk = f"{home}jweixin.js"
    pay = WeChatPay(shop.a_merchant(appid=APPID, pay_base=served.base, notify=server.base))
    front.shopfront = Shopfront(
        sandbox,
        pay,
        page=f"http://doorbell.localhost:{port}/c/pay",
        home=home,
        sheet=pay.sheet("wx-none"),
    )
    front.shopfront.sign_anew()
    yield front.shopfront
    served.stop()
    sandbox.stage.close()
    server.stop()


@pytest.fixture
def phone(new_phone: NewContext, shopfront: Shopfront) -> Iterator[Page]:
    """The sandbox's page on a screen of 390, its one phone filling it."""
    page = new_phone().new_page()
    page.goto(shopfront.home)
    yield page
    # Before its sandbox ends, which the page would complain of.
    page.close()


def opened(page: Page, shopfront: Shopfront) -> FrameLocator:
    """Open the account's page in the phone, by a link in its chat."""
    shopfront.sandbox.control("phones/p1/say", text=shopfront.page)
    page.get_by_role("button", name=shopfront.page).last.click()
    return page.frame_locator(".browser iframe")


def test_a_person_pays_and_the_page_hears_it(
    phone: Page, shopfront: Shopfront, picture: Picture
) -> None:
    page = opened(phone, shopfront)

    page.get_by_role("button", name="付押金").click()
    sheet = phone.get_by_role("dialog", name="微信支付")
    expect(sheet).to_contain_text("门铃到家")
    expect(sheet).to_contain_text("30.00")
    expect(sheet.get_by_role("button", name="立即支付")).to_be_focused()
    picture(phone, "pay-sheet-390")
    sheet.get_by_role("button", name="立即支付").click()
    done = phone.get_by_role("dialog", name="支付成功")
    expect(done).to_be_visible()
    picture(phone, "pay-done-390")
    done.get_by_role("button", name="完成").click()

    expect(page.locator("#said")).to_have_text("paid")
    assert shopfront.pay.query(NUMBER).is_paid


def test_a_person_closes_the_sheet_and_owes_nothing(phone: Page, shopfront: Shopfront) -> None:
    page = opened(phone, shopfront)

    page.get_by_role("button", name="付押金").click()
    phone.get_by_role("button", name="不付了").first.click()

    expect(page.locator("#said")).to_have_text("cancelled")
    assert not shopfront.pay.query(NUMBER).is_paid


def test_a_bank_refuses_and_another_way_pays(
    phone: Page, shopfront: Shopfront, picture: Picture, complaints: list[str]
) -> None:
    page = opened(phone, shopfront)

    page.get_by_role("button", name="付押金").click()
    sheet = phone.get_by_role("dialog", name="微信支付")
    sheet.get_by_role("combobox").select_option("empty_card")
    sheet.get_by_role("button", name="立即支付").click()
    failed = phone.get_by_role("alertdialog")
    expect(failed).to_contain_text("余额不足")
    picture(phone, "pay-failed-390")
    failed.get_by_role("button", name="换一种付款方式").click()
    sheet.get_by_role("combobox").select_option("balance")
    sheet.get_by_role("button", name="立即支付").click()
    phone.get_by_role("button", name="完成").click()

    expect(page.locator("#said")).to_have_text("paid")
    _forget_the_refusal(complaints)


def test_a_sheet_that_the_merchant_did_not_sign_never_opens(
    phone: Page, shopfront: Shopfront, complaints: list[str]
) -> None:
    shopfront.sheet = WeChatPay(
        shop.a_merchant(appid=APPID, pay_base=shopfront.sandbox.base)
    ).sheet("wx-never-lent")
    page = opened(phone, shopfront)

    page.get_by_role("button", name="付押金").click()

    expect(page.locator("#said")).to_have_text("failed")
    expect(phone.get_by_role("dialog", name="微信支付")).to_be_hidden()
    _forget_the_refusal(complaints)


def test_a_technicians_code_is_scanned_and_paid(
    phone: Page, shopfront: Shopfront, picture: Picture
) -> None:
    shopfront.pay.native_code(
        out_trade_no="N20261123001", description="加长铜管 2 米", amount=Money(160_00)
    )
    phone.get_by_role("button", name="返回").click()
    phone.get_by_role("button", name="扫一扫").first.click()

    phone.get_by_role("button", name="收款码 ¥160.00").click()
    sheet = phone.get_by_role("dialog", name="微信支付")
    expect(sheet).to_contain_text("加长铜管 2 米")
    picture(phone, "pay-scanned-390")
    sheet.get_by_role("button", name="立即支付").click()
    phone.get_by_role("button", name="完成").click()

    expect(phone.get_by_role("log")).to_be_visible()
    assert shopfront.pay.query("N20261123001").is_paid


def test_the_panel_pays_late_and_loses_the_notice(
    new_console: NewContext, shopfront: Shopfront, picture: Picture
) -> None:
    shopfront.pay.native_code(
        out_trade_no="N20261123001", description="加长铜管 2 米", amount=Money(160_00)
    )
    shopfront.pay.close(NUMBER)
    desk = new_console().new_page()
    desk.goto(shopfront.home)

    desk.get_by_text("支付", exact=True).click()
    order = desk.get_by_role("listitem").filter(has_text="上门押金")
    expect(order).to_contain_text("已关闭")
    order.get_by_role("button", name="丢掉通知").click()
    expect(order.get_by_role("button", name="丢掉通知")).to_have_attribute("aria-pressed", "true")
    order.get_by_role("button", name="替他付").click()

    expect(order).to_contain_text("已支付")
    expect(order).to_contain_text("通知丢了")
    picture(desk, "pay-panel-1440")
    order.get_by_role("button", name="补发通知").click()
    expect(order).to_contain_text("通知已送达")
    desk.set_viewport_size({"width": 390, "height": 844})
    picture(desk, "pay-panel-390")
    desk.close()


def _forget_the_refusal(complaints: list[str]) -> None:
    """Take out what the browser says of an answer of 4xx, which is the point of the test."""
    complaints[:] = [one for one in complaints if "status of 4" not in one]


def test_a_page_hears_what_a_person_scans(
    phone: Page, shopfront: Shopfront, picture: Picture
) -> None:
    page = opened(phone, shopfront)

    page.get_by_role("button", name="扫铭牌").click()
    sheet = phone.get_by_role("dialog", name="扫一扫")
    expect(sheet.get_by_role("textbox")).to_be_focused()
    sheet.get_by_role("textbox").fill("CODE_128,SN12345678")
    picture(phone, "scanner-390")
    sheet.get_by_role("button", name="扫", exact=True).click()
    expect(page.locator("#said")).to_have_text("CODE_128,SN12345678")
    page.get_by_role("button", name="扫铭牌").click()
    sheet.get_by_role("button", name="CODE_128,SN12345678").click()
    expect(page.locator("#said")).to_have_text("CODE_128,SN12345678")

    page.get_by_role("button", name="扫铭牌").click()
    sheet.get_by_role("button", name="不扫了").click()

    expect(page.locator("#said")).to_have_text("gave up")
