"""A member's copy of all that we keep of him, whoever asks for it in his name."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime

from flask import Response, render_template

import booking.personal
import conversations.personal
import notifications.personal
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.filters import clock_text, gettext, local
from kernel.db import Session, transaction
from kernel.logs import masked
from kernel.names import surname_of
from kernel.words import msg
from members import merge_queries, personal, staff_queries

# What the parts of a copy, and what stands in them, are called.
PARTS: Mapping[str, str] = {
    "profile": msg("我的资料"),
    "contacts": msg("家里的联系人"),
    "consents": msg("同意的记录"),
    "merges": msg("合并成一个人"),
    "points": msg("积分明细"),
    "vouchers": msg("赔付代金券"),
    "strikes": msg("违约记录"),
    "decisions": msg("我们作的决定"),
    "pauses": msg("暂停预约"),
    "redemptions": msg("现场兑换"),
    "appeals": msg("申诉"),
    "bookings": msg("预约"),
    "payments": msg("付款"),
    "waits": msg("候补"),
    "appliances": msg("家里的设备"),
    "drafts": msg("填写过的地址"),
    "exchanges": msg("用积分换的"),
    "collections": msg("礼品和奖品"),
    "additions": msg("增项"),
    "care": msg("定期拜访"),
    "care_notes": msg("拜访的记录"),
    "ratings": msg("评价"),
    "complaints": msg("投诉"),
    "surveys": msg("答过的问卷"),
    "coupons": msg("优惠券"),
    "plays": msg("砸过的金蛋"),
    "tags": msg("标签"),
    "codes": msg("扫过的码"),
    "campaigns": msg("发给我的活动"),
    "tryouts": msg("试用过的东西"),
    "said": msg("我在公众号里说的"),
    "replies": msg("客服的回复"),
    "messages": msg("收到的通知"),
}
# What people of ours wrote: they stand in it under their surnames, and their phones masked.
_OURS = ("answer", "reason")
HEADS: Mapping[str, str] = {
    "number": msg("编号"),
    "openid": msg("微信标识"),
    "name": msg("姓名"),
    "what": msg("东西"),
    "phone": msg("手机号"),
    "joined_at": msg("加入时间"),
    "roles": msg("做什么"),
    "kind": msg("种类"),
    "version": msg("版本"),
    "is_given": msg("是否同意"),
    "at": msg("时间"),
    "until": msg("到"),
    "amount": msg("数额"),
    "balance": msg("余额"),
    "evidence": msg("凭据"),
    "booking": msg("预约"),
    "text": msg("内容"),
    "answer": msg("答复"),
    "reason": msg("我们写的"),
    "state": msg("状态"),
    "address": msg("地址"),
    "compound": msg("小区"),
    "door": msg("门牌"),
    "contact": msg("联系人"),
    "price": msg("价格"),
    "stars": msg("评分"),
    "serial": msg("序列号"),
    "installed_on": msg("安装日期"),
    "warranty_until": msg("保修到"),
    "used_at": msg("用掉的时间"),
}


def copy_of(member_id: int) -> Response:
    """Return all that is kept of the member as a ZIP: one JSON of everything, and a page that needs
    nothing else."""
    with transaction(reads_only=True) as db:
        told = _told(db, member_id)
    page = render_template(
        "consumer/copy.html",
        told={name: [_in_words(row) for row in rows] for name, rows in told.items() if rows},
        parts=PARTS,
        heads=HEADS,
        at=call.now(),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=1, default=str))
        files.writestr(f"{gettext('我的资料')}.html", page)
    answer = Response(packed.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="doorbell-data.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _in_words(row: Mapping[str, object]) -> dict[str, object]:
    return {
        name: f"{local(value):%Y-%m-%d} {clock_text(value)}"
        if isinstance(value, datetime)
        else ("" if value is None else value)
        for name, value in row.items()
    }


def _told(db: Session, member_id: int) -> personal.Told:
    """Return all that is kept of him, by each name under which it is kept."""
    all_told: dict[str, list[Mapping[str, object]]] = {}
    people = {row.name for row in staff_queries.accounts(db)} | dispatch.names(db)
    names = sorted(people - {""}, key=len, reverse=True)
    for row in merge_queries.rows_of(db, member_id):
        for part in (
            personal.told(db, row.id),
            booking.personal.told(db, row.id),
            conversations.personal.told(db, row.openid),
            notifications.personal.told(db, row.openid),
        ):
            for name, lines in part.items():
                all_told.setdefault(name, []).extend(_masked(line, names) for line in lines)
    return all_told


def _masked(line: Mapping[str, object], names: Iterable[str]) -> Mapping[str, object]:
    """Return the line without who of us is named in it."""
    told = dict(line)
    for key in _OURS:
        if key in told:
            words = "\n".join(masked(each) for each in str(told[key]).splitlines())
            for name in names:
                words = words.replace(name, f"{surname_of(name)}**")
            told[key] = words
    return told
