"""A photo that the network cuts goes on from where it was cut, by the technician's own page.

The page is a bare one with the form; our script, its words and its pieces are the real ones, and
the test plays the server that answers them.
"""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewContext
from tests.house.tree import ROOT

pytestmark = pytest.mark.timeout(120)

PIECE_BYTES = 256 * 1024
# Told by the browser itself whenever a request is cut.
CUT = "net::ERR_"
FORM = """<!doctype html><meta charset="utf-8"><title>p</title><meta name="csrf-token" content="t">
<div id="announcer"></div><div id="photo-queue"></div><ul id="photo-failures"></ul>
<form data-name="照片 {n}" data-uploads="/t/visits/V1/uploads/" data-too-large="大" data-failed="没有传上去"
 data-cut="断在 {n}，等网络" data-resumed="{n}，接着传" data-stuck="传到 {n}" data-retry="接着传" data-drop="不传了">
<input type="file" id="photo-input"></form><script type="module" src="/static/js/technician/photos.js"></script>
"""


class Server:
    """What has arrived of the one photo; every request in `cuts` is cut, by its number from 1."""

    def __init__(self, *, cuts: set[int], dead_from: int = 10**6) -> None:
        self.body = b""
        self.size = -1
        self.begins: list[int] = []
        self._cuts, self._dead_from = cuts, dead_from
        self._seen = 0

    def answer(self, route: Route) -> None:
        self._seen += 1
        if self._seen in self._cuts or self._seen >= self._dead_from:
            route.abort("connectionreset")
            return
        if route.request.method == "POST":
            asked = parse_qs(urlsplit(route.request.url).query)
            self.size = int(asked["of"][0])
            self.begins.append(int(asked["begins"][0]))
            assert self.begins[-1] == len(self.body)
            self.body += route.request.post_data_buffer or b""
        told = {"arrived": len(self.body), "kept": len(self.body) == self.size}
        route.fulfill(json=told, status=201 if told["kept"] else 200)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Three pieces, and small enough to be sent as it is."""
    path = tmp_path / "a-photo.png"
    Image.effect_noise((800, 800), 90).save(path, "PNG")
    assert 2 * PIECE_BYTES < path.stat().st_size < 3 * PIECE_BYTES
    return path


@pytest.fixture
def page(new_phone: NewContext) -> Page:
    page = new_phone().new_page()
    page.route(
        "**/static/**",
        lambda route: route.fulfill(path=ROOT / urlsplit(route.request.url).path[1:]),
    )
    page.route("**/form", lambda route: route.fulfill(body=FORM, content_type="text/html"))
    page.clock.install()
    return page


def sends(page: Page, server: Server, photo: Path) -> None:
    page.route("**/t/visits/V1/uploads/**", server.answer)
    page.goto("http://doorbell.localhost/form")
    page.locator("#photo-input").set_input_files(photo)


def test_a_cut_photo_asks_and_goes_on(page: Page, photo: Path, complaints: list[str]) -> None:
    # 1 asks, 2 sends the first piece, 3 is cut, 4 asks again.
    server = Server(cuts={3})
    sends(page, server, photo)

    share = 100 * PIECE_BYTES // photo.stat().st_size
    expect(page.get_by_text(f"断在 {share}%，等网络").first).to_be_attached()
    page.clock.run_for(1500)

    expect(page.locator(".photo-coming")).to_have_count(0)
    assert server.begins == [0, PIECE_BYTES, 2 * PIECE_BYTES]
    assert server.body == photo.read_bytes()
    expect(page.locator("#photo-failures li")).to_have_count(0)
    _forget_the_cut(complaints)


def test_a_network_that_stays_away_leaves_the_photo_with_its_button(
    page: Page, photo: Path, complaints: list[str]
) -> None:
    server = Server(cuts=set(), dead_from=3)
    sends(page, server, photo)
    failure = page.locator("#photo-failures li")

    for _ in range(40):
        page.clock.run_for(5000)
        if failure.count():
            break
    share = 100 * PIECE_BYTES // photo.stat().st_size
    expect(failure).to_contain_text(f"传到 {share}%")

    page.unroute("**/t/visits/V1/uploads/**")
    server._dead_from = 10**6
    page.route("**/t/visits/V1/uploads/**", server.answer)
    failure.get_by_role("button", name="接着传").click()

    expect(page.locator(".photo-coming")).to_have_count(0)
    assert server.begins == [0, PIECE_BYTES, 2 * PIECE_BYTES]
    assert server.body == photo.read_bytes()
    _forget_the_cut(complaints)


# WeChat in the test's own hand: it takes the first photo at once, and the second one never.
WECHAT = """
window.wx = {
  config() {}, error() {}, ready(go) { go(); },
  chooseImage({ success }) { success({ localIds: ["l1", "l2"] }); },
  getLocalImgData({ fail }) { fail(); },
  uploadImage({ localId, success }) { if (localId === "l1") success({ serverId: "m1" }); },
};
"""
ALBUM = """<meta name="wechat-sdk" content="/sdk.js" data-proof="/proof">
<button type="button" form="photo-form" data-photos data-most="9">album</button>"""


def test_a_photo_is_fetched_while_wechat_still_takes_the_next(page: Page) -> None:
    form = FORM.replace("<form ", '<form id="photo-form" action="/t/visits/V1/photos" ')
    page.add_init_script(WECHAT)
    page.unroute("**/form")
    page.route("**/form", lambda route: route.fulfill(body=form + ALBUM, content_type="text/html"))
    page.route("**/proof", lambda route: route.fulfill(json={"appid": "wx1"}))
    page.route("**/t/visits/V1/photos", lambda route: route.fulfill(json={"ok": True}, status=201))
    page.goto("http://doorbell.localhost/form")

    with page.expect_request("**/t/visits/V1/photos") as fetched:
        page.get_by_role("button", name="album").click()

    assert fetched.value.post_data == "media_id=m1"


def _forget_the_cut(complaints: list[str]) -> None:
    assert complaints
    assert all(re.search(CUT, told) for told in complaints)
    complaints.clear()
