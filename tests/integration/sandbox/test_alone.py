"""scripts/sandbox: a sandbox for any project, without the rest of the house."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from wechatpy import WeChatClient

from scripts.launcher import leash
from tests.patience import WAIT_S

_ROOT = Path(__file__).resolve().parents[3]
# All is installed where tests run: the installer has tests of its own.
_PROGRAM = """
import sys
from scripts import bootstrap, sandbox_command
bootstrap.prepare = lambda **wishes: None
sandbox_command.main(sys.argv[1:])
"""
Start = Callable[..., str]


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts it in one folder, ends the one before, and says where it is."""
    running: list[subprocess.Popen[bytes]] = []

    def stop() -> None:
        for process in running:
            process.terminate()
            process.wait(WAIT_S)
        running.clear()

    def begin(*wishes: str) -> str:
        stop()
        port = _free_port()
        told = ["--port", str(port), "--data", str(tmp_path), *wishes]
        command = [sys.executable, "-c", _PROGRAM, *told]
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            preexec_fn=leash(os.getpid()),  # noqa: PLW1509 - it only asks the kernel
            stdout=subprocess.DEVNULL,
        )
        running.append(process)
        base = f"http://127.0.0.1:{port}"
        until_s = time.monotonic() + 3 * WAIT_S
        while not _answers(base):
            assert time.monotonic() < until_s
            assert running[0].poll() is None
            time.sleep(0.1)
        return base

    yield begin
    stop()


def _answers(base: str) -> bool:
    try:
        return requests.get(f"{base}/healthz", timeout=WAIT_S).ok
    except requests.ConnectionError:
        return False


def test_a_client_uses_the_account_that_the_first_start_made(start: Start, tmp_path: Path) -> None:
    base = start("--web", "http://localhost:9000")
    account = json.loads((tmp_path / "account.json").read_text())
    client = WeChatClient(account["appid"], account["secret"], auto_retry=False)
    client.API_BASE_URL = f"{base}/cgi-bin/"
    phones = requests.get(f"{base}/control/phones", timeout=WAIT_S).json()["phones"]

    told = {"grant_type": "client_credential"} | {key: account[key] for key in ("appid", "secret")}
    token = requests.get(f"{base}/cgi-bin/token", params=told, timeout=WAIT_S).json()
    client.session.set(client.access_token_key, token["access_token"], token["expires_in"])

    [template] = client.template.get_all_private_template()["template_list"]
    assert template["template_id"] == "SANDBOX_TEMPLATE"
    assert [phone["name"] for phone in phones] == ["林女士", "王师傅"]
    assert account["web_base"] == "http://localhost:9000"


def test_the_account_stays_and_its_options_change(start: Start, tmp_path: Path) -> None:
    start("--callback", "http://127.0.0.1:9/here")
    first = json.loads((tmp_path / "account.json").read_text())

    start("--aes")

    second = json.loads((tmp_path / "account.json").read_text())
    assert second == first | {"aes": True}
    assert second["callback_url"] == "http://127.0.0.1:9/here"


def test_an_address_elsewhere_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PROGRAM, "--data", str(tmp_path), "--port", str(_free_port())]
    done = subprocess.run(
        [*command, "--callback", "https://api.weixin.qq.com/x"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=3 * WAIT_S,
        check=False,
    )

    assert done.returncode != 0
    assert "points at the real WeChat" in done.stderr
