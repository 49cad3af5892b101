"""The whole house as a newcomer starts it: scripts/run with a data folder of its own."""

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
START_S_MAX = 240
STOP_S_MAX = 20
WAIT_S_MAX = 90


@dataclass(frozen=True, slots=True)
class RunningHouse:
    """A started house; browser addresses, and the sandbox's control interface."""

    port: int
    folder: Path

    @property
    def console(self) -> str:
        return f"http://doorbell.localhost:{self.port}/console"

    @property
    def sandbox(self) -> str:
        return f"http://sandbox.doorbell.localhost:{self.port + 1}/"

    def page(self, phone: str, path: str) -> str:
        """Return the address of one of our pages on that phone's host."""
        return f"http://{phone}.doorbell.localhost:{self.port}{path}"

    def come_in(self, page: Page, role: str) -> None:
        """Sign in at the console's page as somebody of that role, with the code the demo fills in."""
        login, password = self.sign_in(role)
        page.get_by_label("账号").fill(login)
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_role("link", name="填入现在的验证码").click()
        expect(page.get_by_label("6 位验证码")).to_have_value(re.compile(r"\d{6}"))
        page.get_by_role("button", name="继续").click()

    def sign_in(self, role: str) -> tuple[str, str]:
        """Return login and password of the demo's account with that role."""
        for line in (self.folder / "sign-ins.txt").read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words and words[0] == role:
                return words[1], words[2]
        raise AssertionError(f"no sign-in for {role}")

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the sandbox's control interface and return its answer."""
        headers = {"X-Sandbox": "1", "Content-Type": "application/json"}
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port + 1, timeout=30)
        ) as connection:
            connection.request(method, path, json.dumps(body or {}), headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        assert answer.status < 300, told
        return told

    def move_clock(self, **order: Any) -> None:
        """Move the demo clock: advance_s=900 or to="next_0900"."""
        self.control("POST", "/control/clock", order)

    def inbox(self, phone: str) -> list[dict[str, Any]]:
        """Return the messages of that phone's chat, oldest first."""
        messages: list[dict[str, Any]] = self.control("GET", f"/control/phones/{phone}/inbox")[
            "messages"
        ]
        return messages

    def await_template(self, phone: str, template_id: str) -> dict[str, Any]:
        """Wait until a template message has reached the phone and return it."""
        deadline = time.monotonic() + WAIT_S_MAX
        while time.monotonic() < deadline:
            for message in self.inbox(phone):
                if message.get("template_id") == template_id:
                    return message
            time.sleep(0.3)
        raise AssertionError(f"{template_id} did not reach {phone}: {self.inbox(phone)}")


class Starter:
    """Begins to start scripts/run, and stops it as Ctrl-C does."""

    def __init__(self, *, port: int, folder: Path) -> None:
        self.house = RunningHouse(port, folder / "data")
        self._log = folder / "run.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        words = [str(ROOT / "scripts" / "run"), "--port", str(self.house.port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *words, "--data", str(self.house.folder)],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def ready(self) -> RunningHouse:
        """Wait until it has started and return it."""
        deadline = time.monotonic() + START_S_MAX
        while "已就绪" not in self._said():
            has_ended = self._process is None or self._process.poll() is not None
            if has_ended or time.monotonic() > deadline:
                raise AssertionError(f"scripts/run did not start:\n{self._said()[-4000:]}")
            time.sleep(0.2)
        return self.house

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")
