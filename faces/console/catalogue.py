"""/console/catalogue: what is sold, at which price, how long it takes; on and off sale."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import checks, price_card, queries
from booking.operations import catalogue as operations
from booking.price_card import Row
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.catalogue_forms import NewServiceForm, SaleForm, ServiceForm
from faces.console.forms import PageQuery
from faces.console.routes import LEADERS, READERS, blueprint
from faces.console.technicians import skill_words
from kernel.db import transaction
from kernel.errors import Refusal
from kernel.words import msg

MINUTE_S = 60
# Empty rows below those that are filled in.
ROWS_MORE = 3
ICONS = {
    "wrench": msg("扳手"),
    "ac": msg("空调"),
    "washer": msg("洗衣机"),
    "fridge": msg("冰箱"),
    "tv": msg("电视"),
    "flame": msg("热水器"),
    "stove": msg("烟机灶具"),
    "droplet": msg("净水器"),
    "sparkles": msg("清洗"),
    "package": msg("送货"),
    "recycle": msg("以旧换新"),
}
CATEGORIES = {
    "delivery": msg("送货"),
    "installation": msg("安装"),
    "maintenance": msg("维修保养"),
    "tryout": msg("试用送取"),
}
KINDS = {"switch": msg("要或不要"), "count": msg("按数量"), "choice": msg("几选一")}
FIELDS = ("code", "category", "name", "short_name", "about", "icon")
NUMBERS = ("minutes", "skill", "level", "price", "options", "checks", "shots")
CARE = ("care_months", "care_code", "care_tips")
COLUMNS = ("code", "name", "kind", "most", "price", "minutes", "group")


@blueprint.get("/catalogue")
@signed_in(*READERS)
def catalogue() -> ResponseReturnValue:
    """List all services, also those off sale."""
    wanted = call.query(PageQuery())
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows = queries.catalogue(db)
        skills = skill_words(db)
    return render_template(
        "console/catalogue.html", rows=rows, skills=skills, categories=CATEGORIES
    )


@blueprint.get("/catalogue/new")
@signed_in(*LEADERS)
def new_service() -> ResponseReturnValue:
    """Ask what the new service is."""
    typed = {**dict.fromkeys((*FIELDS, *NUMBERS, *CARE), ""), "level": "1", "icon": "wrench"}
    return _form("", typed=typed, rows=[], errors={})


@blueprint.post("/catalogue/new")
@signed_in(*LEADERS)
def launch() -> ResponseReturnValue:
    """Put a new service on sale."""
    try:
        given = call.form(NewServiceForm())
        facts = _facts(given, before=())
        with call.once() as db:
            operations.launch(
                db,
                code=given["code"],
                category=given["category"],
                icon=given["icon"],
                place=len(queries.catalogue(db)),
                **facts,
            )
            done = call.leads_to("console.catalogue")
    except Refusal as refusal:
        return _again("", refusal)
    flash(gettext("已上架「%(name)s」。", name=given["name"]), "ok")
    return done


@blueprint.get("/catalogue/<code>")
@signed_in(*READERS)
def service(code: str) -> ResponseReturnValue:
    """Show one service with its price card."""
    with transaction(reads_only=True) as db:
        found = queries.service_by_code(db, code)
        typed = {
            "code": found.code,
            "category": found.category,
            "name": found.name,
            "short_name": found.short_name,
            "about": found.about,
            "icon": found.icon,
            "minutes": str(found.work_s // MINUTE_S),
            "skill": found.skill,
            "level": str(found.level),
            "price": price_card.yuan_text(found.price.fen),
            "checks": "\n".join(found.checks or []),
            "shots": "\n".join(found.shots or []),
            "care_months": str(found.care_months or 0),
            "care_code": found.care_code or "",
            "care_tips": found.care_tips or "",
        }
        rows = price_card.rows_of(found.options)
    return _form(code, typed=typed, rows=rows, errors={})


@blueprint.post("/catalogue/<code>")
@signed_in(*LEADERS)
def change_service(code: str) -> ResponseReturnValue:
    """Change what is sold from now on; what was booked keeps its price."""
    try:
        given = call.form(ServiceForm())
        with call.once() as db:
            before = queries.service_by_code(db, code).options
            operations.change_service(db, code=code, **_facts(given, before=before))
            done = call.leads_to("console.catalogue")
    except Refusal as refusal:
        return _again(code, refusal)
    flash(gettext("已保存「%(name)s」，新预约按新价目。", name=given["name"]), "ok")
    return done


@blueprint.post("/catalogue/<code>/sale")
@signed_in(*LEADERS)
def sell(code: str) -> ResponseReturnValue:
    """Put it on sale, or off."""
    given = call.form(SaleForm())
    with call.once() as db:
        found = operations.set_on_sale(db, code=code, on_sale=given["on_sale"])
        name = found.name
        done = call.leads_to("console.catalogue")
    flash(
        gettext("「%(name)s」已上架。", name=name)
        if given["on_sale"]
        else gettext("「%(name)s」已下架，约好的照旧上门。", name=name),
        "ok",
    )
    return done


def _facts(given: Mapping[str, Any], *, before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a service is made of. Raises BadPrice, BadRow, RowAlone, BadPoints."""
    return {
        "name": given["name"],
        "short_name": given["short_name"],
        "about": given["about"],
        "work_s": given["minutes"] * MINUTE_S,
        "skill": given["skill"],
        "level": given["level"],
        "price": price_card.yuan(given["price"]),
        "options": price_card.card_of(_rows(given), before=before),
        "checks": checks.points_of(given["checks"], field="checks"),
        "shots": checks.points_of(given["shots"], field="shots"),
        "care": operations.Care(given["care_months"], given["care_code"], given["care_tips"]),
    }


def _rows(given: Mapping[str, Any]) -> list[Row]:
    columns = [given[f"option_{column}"] for column in COLUMNS]
    return [Row(**dict(zip(COLUMNS, row, strict=True))) for row in zip(*columns, strict=False)]


def _again(code: str, refusal: Refusal) -> ResponseReturnValue:
    """Show the form once more as it was typed, with the sentence at the field at fault."""
    if refusal.field is None:
        raise refusal
    sent = {f"option_{column}": request.form.getlist(f"option_{column}") for column in COLUMNS}
    typed = filled.typed(*FIELDS, *NUMBERS, *CARE)
    errors = filled.errors_of(refusal, *FIELDS, *NUMBERS, *CARE)
    return _form(code, typed=typed, rows=_rows(sent), errors=errors), filled.STATUS


def _form(
    code: str, *, typed: Mapping[str, str], rows: Sequence[Row], errors: Mapping[str, str]
) -> str:
    empty = Row(code="", name="", kind="switch", most="1", price="", minutes="", group="")
    with transaction(reads_only=True) as db:
        frame.enter(db)
        skills = skill_words(db)
        on_sale = queries.service_by_code(db, code).on_sale if code else True
        others = [(row.code, row.name) for row in queries.services(db) if row.code != code]
    blank = ROWS_MORE - sum(not row.name for row in rows)
    return render_template(
        "console/service.html",
        code=code,
        typed=typed,
        rows=[*rows, *[empty] * max(0, blank)],
        errors=errors,
        on_sale=on_sale,
        skills=skills,
        categories=[(key, gettext(word)) for key, word in CATEGORIES.items()],
        category_words=CATEGORIES,
        kinds=[(key, gettext(word)) for key, word in KINDS.items()],
        icons=[(key, gettext(word)) for key, word in ICONS.items()],
        services=[("", gettext("这项服务自己")), *others],
    )
