"""scripts/sandbox: the WeChat sandbox alone, for whatever project has a WeChat account to play."""

import argparse
import json
import os
import secrets
import string
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts import bootstrap
from scripts.terminal import Stop, table

PORT = 8001
CALLBACK = "http://127.0.0.1:8000/wechat"
WEB = "http://localhost:8000"
_THREADS = 16
_AES_KEY_LENGTH = 43
_LETTERS = string.ascii_letters + string.digits
# Enough to send something at once; a project's own go into the account's file.
_TEMPLATES = [
    {
        "template_id": "SANDBOX_TEMPLATE",
        "title": "预约成功通知",
        "content": "服务项目：{{thing1.DATA}}\n上门时间：{{time2.DATA}}\n当前状态：{{phrase3.DATA}}",
    }
]


def main(arguments: Sequence[str]) -> int:
    """Serve the sandbox until somebody asks to stop. Raises Stop when it cannot start."""
    wishes = _wishes(arguments)
    bootstrap.prepare(tools=False, planner=False)
    folder = wishes.data.expanduser().resolve()
    account = wishes.account or _account_in(folder, wishes)
    merchant = _merchant_in(folder)
    print(_welcome(account, merchant, port=wishes.port), flush=True)
    command = [str(bootstrap.PYTHON), "-m", "gunicorn", "--bind", f"127.0.0.1:{wishes.port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", str(_THREADS)]
    command += ["--log-level", "warning", "--no-control-socket", "sandbox.app:create_app()"]
    environment = os.environ | {
        "SANDBOX_ACCOUNT": str(account),
        "SANDBOX_DB": str(folder / "sandbox.sqlite3"),
        "SANDBOX_PAY": str(merchant / "sandbox.json"),
    }
    os.chdir(bootstrap.ROOT)
    os.execve(command[0], command, environment)


def new_account() -> dict[str, Any]:
    """Return a fresh account with credentials of the platform's shape."""
    return {
        "appid": f"wx{secrets.token_hex(8)}",
        "secret": secrets.token_hex(16),
        "token": _some(24),
        "aes": False,
        "aes_key": _some(_AES_KEY_LENGTH),
        "name": "我的服务号",
        "about": "沙箱里的服务号",
        "callback_url": CALLBACK,
        "web_base": WEB,
        "phones": ["林女士", "王师傅"],
        "templates": _TEMPLATES,
        "subscriptions": [one | {"template_id": "SANDBOX_SUBSCRIPTION"} for one in _TEMPLATES],
        "library": [one | {"short": "43216"} for one in _TEMPLATES],
    }


def _account_in(folder: Path, wishes: argparse.Namespace) -> Path:
    """Make the account at the first start; later the options change it and its keys stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "account.json"
    asked = {"callback_url": wishes.callback, "web_base": wishes.web, "aes": wishes.aes}
    told = {key: value for key, value in asked.items() if value is not None}
    account = (_read(path) if path.exists() else new_account()) | told
    path.touch(mode=0o600)
    path.write_text(json.dumps(account, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _merchant_in(folder: Path) -> Path:
    place = folder / "pay"
    if not (place / "sandbox.json").exists():
        # In the virtual environment: this Python has no cryptography.
        command = [str(bootstrap.PYTHON), "-m", "scripts.shop_keys", str(place)]
        subprocess.run(command, cwd=bootstrap.ROOT, check=True)
    return place


def _welcome(account: Path, merchant: Path, *, port: int) -> str:
    told, shop = _read(account), _read(merchant / "sandbox.json")
    base = f"http://127.0.0.1:{port}"
    rows = [
        ["手机", "phones", f"{base}/"],
        ["接口", "in place of api, mp and open.weixin.qq.com, api.mch.weixin.qq.com", base],
        ["JS-SDK", "in place of res.wx.qq.com/…/jweixin", f"{base}/jweixin.js"],
        ["AppID", "AppSecret", f"{told.get('appid')}  {told.get('secret')}"],
        ["Token", "EncodingAESKey", f"{told.get('token')}  {told.get('aes_key') or '-'}"],
        ["回调", "callbacks go to", str(told.get("callback_url"))],
        ["网页", "pages", str(told.get("web_base"))],
        ["商户号", "APIv3 key", f"{shop.get('mchid')}  {shop.get('apiv3_key')}"],
        ["证书序列号", "platform key id", f"{shop.get('serial')}  {shop.get('platform_key_id')}"],
        ["商户密钥", "merchant-key.pem, platform-public.pem", str(merchant)],
        ["账号文件", "templates, names, phones", str(account)],
    ]
    return f"\n  微信沙箱 WeChat sandbox\n\n{table(rows)}\n\n  Ctrl-C 停止 · stops\n"


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"{path}: {error}") from error
    if not isinstance(told, dict):
        raise Stop(f"{path} is not a JSON object")
    return told


def _wishes(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/sandbox", description="Start the WeChat sandbox alone, for any project."
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"its port (default {PORT})")
    parser.add_argument("--callback", help=f"where callbacks go (first start: {CALLBACK})")
    parser.add_argument("--web", help=f"the base of the account's pages (first start: {WEB})")
    parser.add_argument(
        "--aes", action=argparse.BooleanOptionalAction, default=None, help="safe mode on or off"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=bootstrap.ROOT / "var" / "sandbox",
        help="folder of account, keys and memory; delete it to begin anew (default var/sandbox)",
    )
    parser.add_argument("--account", type=Path, help="an account's file of your own instead")
    return parser.parse_args(arguments)


def _some(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
