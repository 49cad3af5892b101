"""The frame of every page: which branch one stands in, which day, and what the top bar offers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, g, request, url_for

from dispatch import queries
from faces.chrome import call
from faces.chrome.filters import day_text, gettext, pgettext
from kernel.actor import Role
from kernel.clock import local_date
from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg

BRANCH_COOKIE = "console_branch"
COOKIE_S = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch in the actor's scope."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The branch one stands in, those one may go to, and the day when the page has one."""

    branch: Branch
    branches: tuple[Branch, ...]
    day: date | None
    search: str


def enter(
    db: Session, *, branch_id: int | None = None, day: date | None = None, search: str = ""
) -> Branch:
    """Choose the page's branch: the one asked for, else the last one picked, else the first.

    Raises Missing when the branch is not in the actor's scope.
    """
    actor = call.actor()
    rows = queries.branches(db)
    visible = tuple(Branch(row.id, row.name) for row in rows if actor.sees_branch(row.id))
    kept = call.cookie(BRANCH_COOKIE)
    wanted = branch_id or next((b.id for b in visible if str(b.id) == kept), None)
    found = [b for b in visible if wanted in (b.id, None)]
    if not found:
        raise Missing
    g.console_frame = Frame(found[0], visible, day, search)
    return found[0]


def check_branch(branch_id: int) -> None:
    """Refuse what belongs to a branch out of scope, as if it were not there. Raises Missing."""
    if not call.actor().sees_branch(branch_id):
        raise Missing


def entered() -> Frame | None:
    """Return the frame that this call has entered."""
    found: Frame | None = g.get("console_frame")
    return found


def keep(answer: Response, branch_id: int) -> None:
    """Let the browser remember the branch."""
    answer.set_cookie(
        BRANCH_COOKIE,
        str(branch_id),
        max_age=COOKIE_S,
        secure=True,
        httponly=True,
        samesite="Lax",
        path="/console",
    )


def shell() -> dict[str, object]:
    """Return what the page's skeleton shows; also on error pages, where no branch was entered."""
    actor = g.get("actor")
    if actor is None or actor.role not in _ROLE_WORDS:
        return {}
    shown: dict[str, object] = {
        "rail": _rail(actor.role),
        "is_store": actor.role is Role.STORE,
        "user": {
            "name": g.get("staff_name", ""),
            "role": gettext(_ROLE_WORDS[actor.role]),
            "account": url_for("console.account"),
            "sign_out": url_for("console_sign_in.leave"),
        },
    }
    frame = entered()
    if frame is None:
        return shown
    if actor.role is not Role.STORE:
        shown["search"] = {"href": url_for("console.bookings"), "value": frame.search}
    shown["branch"] = {"name": frame.branch.name}
    if len(frame.branches) > 1:
        shown["branches"] = [
            {"name": b.name, "href": _here(branch=b.id), "current": b == frame.branch}
            for b in frame.branches
        ]
    if frame.day is not None:
        shown["day"] = _stepper(frame.branch.id, frame.day)
    return shown


def today() -> date:
    """Return the day of this call."""
    return local_date(call.now())


def _stepper(branch_id: int, day: date) -> dict[str, str]:
    def on(other: date) -> str:
        return _here(branch=branch_id, day=other.isoformat())

    label = day_text(day)
    if day.year != today().year:
        label = gettext("%(year)s年%(day)s", year=day.year, day=label)
    return {
        "label": label,
        "prev": on(day - timedelta(days=1)),
        "next": on(day + timedelta(days=1)),
        "today": on(today()),
    }


def _here(**changes: object) -> str:
    """Return this page's address with other parameters; from within a thing, the list it is in."""
    endpoint = _LIST_OF.get(request.endpoint or "", "console.board")
    kept = {name: value for name, value in request.args.items() if name in ("view", "day")}
    return url_for(endpoint, **{**kept, **changes})  # type: ignore[arg-type]  # names of parameters


def _rail(role: Role) -> list[dict[str, Any]]:
    """Return the areas of the console with their pages; the first page is the area's own address. A
    store has few pages, each of which stands for itself."""
    names = _names()
    if role is Role.STORE:
        return [_way(key, names[key]) for key in _STORE_PAGES]
    more = _MORE_OF.get(role, ())
    areas = []
    for key, (word, kept) in _AREAS.items():
        pages = [_way(one, names[one]) for one in kept if one not in _SOME or one in more]
        if pages:
            areas.append({"key": key, "name": word(), "href": pages[0]["href"], "pages": pages})
    return areas


def _way(key: str, name: str) -> dict[str, Any]:
    return {"key": key, "name": name, "href": url_for(f"console.{key}")}


def _names() -> dict[str, str]:
    return {
        "board": gettext("看板"),
        "plans": gettext("排班"),
        "bookings": pgettext("list", "预约"),
        "members": pgettext("list", "会员"),
        "care": gettext("关怀"),
        "appeals": pgettext("list", "复议"),
        "complaints": pgettext("list", "投诉"),
        "waiting": pgettext("list", "候补"),
        "serials": pgettext("list", "序列号"),
        "technicians": pgettext("list", "师傅"),
        "chats": gettext("客服"),
        "messages": gettext("消息"),
        "catalogue": gettext("目录"),
        "stores": pgettext("list", "门店"),
        "codes": pgettext("list", "二维码"),
        "redemptions": gettext("积分"),
        "rulebook": gettext("规则"),
        "draws": pgettext("list", "活动"),
        "bills": gettext("对账"),
        "users": gettext("用户"),
        "audit": gettext("审计"),
        "account": gettext("我的账号"),
        "trials": pgettext("list", "试点"),
        "own_store": pgettext("list", "门店"),
        "followers": gettext("粉丝"),
    }


_AREAS: Mapping[str, tuple[Callable[[], str], tuple[str, ...]]] = {
    "dispatching": (
        lambda: pgettext("list", "调度"),
        ("board", "plans", "bookings", "waiting", "technicians"),
    ),
    "people": (
        lambda: pgettext("list", "会员"),
        ("members", "chats", "messages", "care", "appeals", "complaints"),
    ),
    "growth": (lambda: gettext("增长"), ("draws", "redemptions", "stores")),
    "money": (lambda: gettext("账目"), ("bills",)),
    "settings": (
        lambda: gettext("设置"),
        ("catalogue", "serials", "rulebook", "users", "audit"),
    ),
}
# What not every role of the console reads.
_SOME = frozenset({"bills", "users", "audit"})
_MORE_OF = {
    Role.MANAGER: ("bills",),
    Role.ADMINISTRATOR: ("bills", "users", "audit"),
    Role.AUDITOR: ("bills", "audit"),
}
_STORE_PAGES = (
    "own_store",
    "followers",
    "chats",
    "draws",
    "messages",
    "codes",
    "care",
    "redemptions",
    "trials",
    "account",
)
_RAIL = tuple(key for _, pages in _AREAS.values() for key in pages)
_LIST_OF = {
    **{f"console.{key}": f"console.{key}" for key in _RAIL},
    **{f"console.{key}": f"console.{key}" for key in ("own_store", "followers")},
    "console.plan": "console.plans",
    "console.booking": "console.bookings",
    "console.move_booking": "console.bookings",
    "console.member": "console.members",
    "console.phone_booking": "console.members",
    "console.new_care": "console.members",
    "console.care_plan": "console.care",
    "console.leaks": "console.leaks",
    "console.phone_windows": "console.members",
    "console.appeal": "console.appeals",
    "console.complaint": "console.complaints",
    "console.chat": "console.chats",
    "console.canned": "console.canned",
    **dict.fromkeys(("console.new_rules", "console.rules_version"), "console.rulebook"),
    **dict.fromkeys(("console.technician", "console.shift"), "console.technicians"),
    **dict.fromkeys(("console.shop", "console.article", "console.new_article"), "console.shop"),
    **dict.fromkeys(("console.coupons", "console.coupon", "console.new_coupon"), "console.coupons"),
    "console.service": "console.catalogue",
    "console.store": "console.stores",
    **dict.fromkeys(("console.codes", "console.code", "console.new_code"), "console.codes"),
    "console.estates": "console.estates",
    "console.show_ties": "console.show_ties",
    **dict.fromkeys(("console.draw", "console.new_draw"), "console.draws"),
    **dict.fromkeys(("console.campaign", "console.new_campaign"), "console.campaigns"),
    **dict.fromkeys(("console.sample", "console.new_sample"), "console.tryouts"),
    **dict.fromkeys(("console.survey", "console.new_survey"), "console.surveys"),
    **{
        f"console.{key}": f"console.{key}"
        for key in ("campaigns", "referrals", "surveys", "tags", "tryouts")
    },
    "console.collections": "console.collections",
    "console.ways": "console.board",
    "console.technician_options": "console.board",
    "console.visit_options": "console.board",
}
_ROLE_WORDS = {
    Role.DISPATCHER: msg("调度员"),
    Role.MANAGER: msg("经理"),
    Role.ADMINISTRATOR: msg("管理员"),
    Role.AUDITOR: msg("审计员"),
    Role.STORE: msg("门店店员"),
}
