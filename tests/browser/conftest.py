"""Fixtures of the browser tests: one real Chromium a session, one context a test."""

import contextlib
import functools
import re
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from scripts.test_command import BROWSERS, NO_BROWSER
from tests.browser.running import RunningHouse, Starter
from tests.servers import a_free_port

ARTIFACTS = Path(__file__).parent / "artifacts"

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; PJD110 Build/UKQ1; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.56 NetType/WIFI "
    "Language/zh_CN"
)
_CHINA: dict[str, Any] = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "user_agent": _WECHAT,
}
_CONSOLE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
# htmx logs as errors the requests that a person abandons by going elsewhere; Chromium, that a sheet's
# first button takes no focus while its page stands in the frame of a sandbox phone.
_HARMLESS = ("htmx:sendAbort", "htmx:afterRequest", "Blocked autofocusing on a <button>")
_WAIT_MS_MAX = 40_000
expect.set_options(timeout=_WAIT_MS_MAX)

NewContext = Callable[..., BrowserContext]
SignedIn = Callable[[str], Any]
HAS_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--keep-picture",
        action="store_true",
        help="draw docs/pictures/story.png anew from the story's screenshots",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what needs no house: meanwhile it starts."""
    items.sort(key=_needs_house)


def _needs_house(item: pytest.Item) -> bool:
    return "house" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session", autouse=True)
def _starter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Starter | None]:
    """Begin to start the house, if anybody is going to need it."""
    if not any(map(_needs_house, request.session.items)):
        yield None
        return
    with Starter(port=a_free_port(count=2), folder=tmp_path_factory.mktemp("house")) as starter:
        yield starter


@pytest.fixture(scope="session")
def house(_starter: Starter) -> RunningHouse:
    """The whole house with the demo city, started once for all browser tests."""
    return _starter.ready()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail(NO_BROWSER, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(house: RunningHouse, chromium: Browser) -> SignedIn:
    """Return what signs somebody of that role in at the console, once; and the browser's memory of it."""

    @functools.cache
    def sign_in(role: str) -> Any:
        with chromium.new_context(locale="zh-CN") as context:
            page = context.new_page()
            page.goto(f"{house.console}/account")
            house.come_in(page, role)
            expect(page.locator("h1").first).to_be_attached()
            return context.storage_state()

    return sign_in


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the pages complained of: uncaught errors and the console's errors, CSP refusals too.

    A test that leaves any behind fails; one that provokes some takes them out of the list.
    """
    heard: list[str] = []
    yield heard
    assert not heard, "the pages complained:\n" + "\n".join(heard)


@pytest.fixture
def new_context(
    chromium: Browser, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[NewContext]:
    """Return what opens a context, with Playwright's options on top of China's locale and zone."""
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = chromium.new_context(**(_CHINA | options))
        context.set_default_timeout(_WAIT_MS_MAX)
        context.on("console", lambda message: _hear(message, complaints))
        context.on(
            "weberror",
            lambda error: complaints.append(f"{error.page and error.page.url}: {error.error}"),
        )
        opened.append(context)
        return context

    yield open_one
    if request.node.stash.get(HAS_FAILED, False):
        keep_evidence(opened, name=request.node.name)
    for context in opened:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        item.stash[HAS_FAILED] = True
    return report


def keep_evidence(contexts: Sequence[BrowserContext], *, name: str) -> None:
    """Keep what every page showed when the test failed, as a picture and as text by frame."""
    folder = ARTIFACTS / "failed" / re.sub(r"\W+", "-", name)
    folder.mkdir(parents=True, exist_ok=True)
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages, start=1):
        with contextlib.suppress(PlaywrightError):
            page.screenshot(path=folder / f"page-{number}.png", timeout=5000)
        for place, frame in enumerate(page.frames):
            with contextlib.suppress(PlaywrightError):
                (folder / f"page-{number}-{place}.html").write_text(
                    f"<!-- {frame.url} -->\n{frame.content()}"
                )


@pytest.fixture
def new_phone(new_context: NewContext) -> NewContext:
    """Return what opens a phone's context: 390×844 at scale 2, touch, inside WeChat."""
    return lambda **options: new_context(**(_PHONE | options))


@pytest.fixture
def new_console(new_context: NewContext) -> NewContext:
    """Return what opens a console's context: a desk's screen of 1440×900."""
    return lambda **options: new_context(**(_CONSOLE | options))


@pytest.fixture
def phone(new_phone: NewContext) -> Page:
    """A page on a phone of its own."""
    return new_phone().new_page()


@pytest.fixture
def console(new_console: NewContext) -> Page:
    """A page at a dispatcher's desk."""
    return new_console().new_page()


@pytest.fixture
def picture() -> Callable[[Page, str], Path]:
    """Return what keeps a screenshot of the page under tests/browser/artifacts/NAME.png."""

    def take(page: Page, name: str) -> Path:
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        return path

    return take


def _hear(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type == "error" and not message.text.startswith(_HARMLESS):
        complaints.append(f"{message.location.get('url', '')}: {message.text}")
