"""/console/audit: who did what at the console, filtered."""

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.paging import Page
from faces.console.routes import blueprint
from faces.console.user_forms import AuditQuery
from faces.console.users import ROLES
from kernel import audit as log
from kernel.actor import Role
from kernel.clock import midnight
from kernel.db import transaction
from kernel.words import msg
from members import staff_queries

READERS = (Role.ADMINISTRATOR, Role.AUDITOR)
# What the code calls an act, in words; another is shown as the code calls it.
ACTIONS = {
    "console.publish": msg("发布排班"),
    "console.ask": msg("要优化方案"),
    "console.accept_plan": msg("接受方案"),
    "console.hand_over": msg("改派"),
    "console.set_shift": msg("改班次"),
    "console.remove_shift": msg("取消班次"),
    "console.take_leave": msg("登记请假"),
    "console.call_back": msg("销假"),
    "console.set_skills": msg("改技能"),
    "console.hire": msg("添加师傅"),
    "console.disable": msg("停用师傅"),
    "console.enable": msg("启用师傅"),
    "console.launch": msg("新增服务"),
    "console.change_service": msg("改服务和价目"),
    "console.sell": msg("上架或下架"),
    "console.open_store": msg("开门店"),
    "console.change_store": msg("改门店"),
    "console.member_phone": msg("查看手机号"),
    "console.member_ledger": msg("导出账本"),
    "staff.add": msg("新增账号"),
    "staff.disable": msg("停用账号"),
    "staff.enable": msg("启用账号"),
    "staff.change_scope": msg("改角色或网点"),
    "staff.reset_password": msg("重置密码"),
    "staff.reset_totp": msg("重置动态码"),
}


@blueprint.get("/audit")
@signed_in(*READERS)
def audit() -> ResponseReturnValue:
    """List what was done, newest first."""
    wanted = call.query(AuditQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        until = wanted["until"]
        rows, page.total = log.entries(
            db,
            staff_ids=_whose(wanted["staff"], staff_queries.within_scope(db, call.actor())),
            action=wanted["action"],
            about=wanted["about"],
            since=midnight(wanted["since"]) if wanted["since"] else None,
            until=midnight(until + timedelta(days=1)) if until else None,
            limit=page.size,
            offset=page.offset,
        )
        names = staff_queries.names(db, {row.actor_id for row in rows})
        people = [(row.id, f"{row.name} {row.login}") for row in staff_queries.accounts(db)]
    return render_template(
        "console/audit.html",
        rows=rows,
        names=names,
        people=people,
        roles={role.value: word for role, word in ROLES.items()},
        actions=ACTIONS,
        wanted=wanted,
        is_filtered=any(wanted[name] for name in ("staff", "action", "about", "since", "until")),
        page_=page,
    )


def _whose(staff_id: int | None, seen: frozenset[int] | None) -> frozenset[int] | None:
    """Return whose acts are shown: of one, as far as they may be seen; None for all."""
    if staff_id is None:
        return seen
    return frozenset({staff_id}) if seen is None else seen & {staff_id}
