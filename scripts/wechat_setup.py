"""What the account at WeChat needs: its menu, the stores' QR codes; and the sandbox's description."""

import json
import re
from typing import Any

from flask import Flask

from booking import queries
from conversations import jobs
from conversations.operations import account as account_operations
from gateways.wechat.client import WeChat
from kernel.clock import Clock, SystemClock
from kernel.db import transaction
from kernel.settings import Settings
from members import queries as members
from notifications.messages import NOTICES, SPECS

# Its signature covers no body: by each process one body is let in under it, and no more can be held.
PLAIN_MODE = (
    "WECHAT_AES_KEY is empty: WeChat signs no bodies in plain mode. "
    "Choose 安全模式 on the platform and set the key."
)
_KEY = re.compile(r"\{\{(\w+)\.DATA\}\}")


def join(app: Flask) -> None:
    """Give the app its commands about the account."""

    @app.cli.command("wechat-account")
    def wechat_account() -> None:
        """Print the JSON that describes this account to the sandbox."""
        described = account(app.extensions["doorbell.settings"], app.extensions["doorbell.clock"])
        print(json.dumps(described, ensure_ascii=False, indent=1))

    @app.cli.command("wechat-setup")
    def wechat_setup() -> None:
        """Bring menu, tags and the stores' QR codes at WeChat in step, and print what is wrong with the
        templates and with the mode of callbacks; safe to repeat."""
        settings, wechat = app.extensions["doorbell.settings"], app.extensions["doorbell.wechat"]
        set_up(settings, wechat, app.extensions["doorbell.clock"])
        for line in unfit_templates(settings, wechat):
            print(line)
        if not settings.wechat_aes_key:
            print(PLAIN_MODE)


def account(settings: Settings, clock: Clock) -> dict[str, Any]:
    """Return the description of the account from which the sandbox plays WeChat."""
    with transaction(reads_only=True) as db:
        stores = {store.scene: store.name for store in queries.stores(db)}
        followers = members.followers(db)
    return {
        "appid": settings.wechat_appid,
        "secret": settings.wechat_secret,
        "token": settings.wechat_token,
        "aes_key": settings.wechat_aes_key,
        "aes": bool(settings.wechat_aes_key),
        "name": "门铃到家",
        "about": "服务号 · 家电送装与维修",
        "callback_url": settings.callback_url,
        "web_base": settings.public_base,
        "clock_offset_s": round((clock.now() - SystemClock().now()).total_seconds()),
        "clock_url": settings.callback_url.replace("/wechat/callback", "/demo/clock"),
        "control_key": settings.control_key,
        "phones": ["林女士", "王师傅"],
        "followers": {member.openid: member.name or "会员" for member in followers},
        "scene_names": stores,
        "templates": [
            {"template_id": spec.kind, "title": spec.title, "content": spec.content}
            for spec in SPECS.values()
        ],
        "subscriptions": [
            {"template_id": granted, "title": NOTICES[kind].title, "content": NOTICES[kind].content}
            for kind, granted in json.loads(settings.wechat_subscription_ids).items()
        ],
    }


def set_up(settings: Settings, wechat: WeChat, clock: Clock) -> None:
    """Create one permanent QR code per store, and have menu and tags kept in step from now on.

    Raises WeChatError.
    """
    with transaction() as db:
        scenes = [store.scene for store in queries.stores(db)]
        account_operations.introduce(db)
    for scene in scenes:
        wechat.create_qr(scene=scene, seconds=None)
    jobs.keep_account(wechat, settings.public_base, clock)


def unfit_templates(settings: Settings, wechat: WeChat) -> list[str]:
    """Return what is wrong with the account's templates, a line for each of our messages that WeChat
    would refuse for it: none under its id, or one with other fields. Raises WeChatError."""
    ids = json.loads(settings.wechat_template_ids)
    there = {one.template_id: set(_KEY.findall(one.content)) for one in wechat.list_templates()}
    lines = []
    for kind, spec in SPECS.items():
        keys, ours = there.get(ids.get(kind, kind)), {key for key, _ in spec.fields}
        if keys is None:
            lines.append(f"{kind} {spec.title}: WeChat knows no such template")
        elif keys != ours:
            lines.append(f"{kind} {spec.title}: {sorted(keys)} at WeChat, {sorted(ours)} here")
    return lines
