"""Faults that a person or a test injects: each named, counted and used up.

A new fault is a row in FAULTS and the one place that takes it.
"""

import sqlite3
from dataclasses import dataclass

from kernel.errors import Conflict, Invalid
from kernel.words import msg
from sandbox import callbacks, tokens

COUNT_MAX = 1_000


class UnknownFault(Invalid):
    code = "unknown_fault"
    says = msg("没有这种故障，或次数不在 1 到 1000 之间。")


class NothingToReplay(Conflict):
    code = "nothing_to_replay"
    says = msg("还没有送到过回调。")


@dataclass(frozen=True, slots=True)
class Fault:
    """What the panel says of a fault, and how often it strikes when nobody says."""

    title: str
    explained: str
    count: int = 1
    at_once: bool = False


FAULTS = {
    "expire_token": Fault(msg("令牌过期"), msg("全部令牌马上失效，下次调用得 42001"), at_once=True),
    "steal_token": Fault(
        msg("令牌被抢"), msg("另一个程序换走了令牌，下次调用得 40001"), at_once=True
    ),
    "busy": Fault(msg("系统繁忙"), msg("接下来 5 次接口调用得 −1"), count=5),
    "slow": Fault(msg("应答太慢"), msg("下次接口照办，但 6 秒后才应答")),
    "block_account": Fault(msg("账号被封"), msg("接下来 5 次接口调用得 50002"), count=5),
    "user_block": Fault(msg("用户拒收"), msg("下一条模板消息收下后报 failed:user block")),
    "system_failed": Fault(msg("送达失败"), msg("下一条模板消息收下后报 failed: system failed")),
    "snapshot_user": Fault(msg("快照用户"), msg("下一次 snsapi_userinfo 授权得到虚拟 openid")),
    "empty_recognition": Fault(msg("语音没有识别"), msg("下一条语音的 Recognition 是空的")),
    "drop_callback": Fault(msg("回调丢失"), msg("下一条回调不会送到")),
    "reorder_callback": Fault(msg("回调乱序"), msg("下一条回调等后面一条先到，最多等 5 秒")),
    "replay_callback": Fault(msg("回调重放"), msg("最近送到的一条回调马上再送一遍"), at_once=True),
    "duplicate_callback": Fault(msg("回调重复"), msg("下一条回调送两遍")),
    "forge_signature": Fault(msg("伪造签名"), msg("下一条回调前先送一条签名不对的")),
    "refuse_payment": Fault(msg("付款被拒"), msg("下一次付款失败：银行卡余额不足")),
    "drop_notice": Fault(msg("支付通知丢失"), msg("下一次支付通知送不到，15 秒后重发")),
    "delay_notice": Fault(msg("支付通知迟到"), msg("下一条支付通知晚 60 秒")),
    "duplicate_notice": Fault(msg("支付通知重复"), msg("下一条支付通知送两遍")),
    "forge_notice": Fault(msg("伪造支付通知"), msg("下一条支付通知前先送一条签名不对的")),
    "lose_refund_notice": Fault(msg("退款通知丢失"), msg("下一笔退款的通知一次也送不到，只能去查")),
    "abnormal_refund": Fault(msg("退款异常"), msg("下一笔退款到不了付款人的账户")),
}


def inject(db: sqlite3.Connection, *, name: str, count: int | None, wall_s: float) -> None:
    """Make fault `name` strike `count` times from now on. Raises UnknownFault, NothingToReplay."""
    fault = FAULTS.get(name)
    strikes = fault.count if fault and count is None else count
    if fault is None or type(strikes) is not int or not 1 <= strikes <= COUNT_MAX:
        raise UnknownFault(field="fault")
    if name == "expire_token":
        tokens.expire_all(db, wall_s=wall_s)
    elif name == "steal_token":
        tokens.steal(db, wall_s=wall_s)
    elif name == "replay_callback":
        for _ in range(strikes):
            if callbacks.queue_last_again(db, wall_s=wall_s) is None:
                raise NothingToReplay
    else:
        db.execute(
            "INSERT INTO fault VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
            " SET remaining = excluded.remaining",
            (name, strikes),
        )


def strikes(db: sqlite3.Connection, name: str) -> bool:
    """Return whether `name` strikes now, and use one strike up."""
    cursor = db.execute(
        "UPDATE fault SET remaining = remaining - 1 WHERE name = ? AND remaining > 0", (name,)
    )
    return cursor.rowcount > 0


def pending(db: sqlite3.Connection) -> dict[str, int]:
    """Return the faults that have still to strike, and how often."""
    rows = db.execute("SELECT name, remaining FROM fault WHERE remaining > 0 ORDER BY name")
    return {row["name"]: row["remaining"] for row in rows}


def clear(db: sqlite3.Connection) -> None:
    """Forget all that have not struck yet."""
    db.execute("DELETE FROM fault")
