"""/console/codes: the QR codes that bring followers, how far each one's people came, and their printing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import code_queries, coupon_queries
from booking import queries as booking
from booking.code_queries import CodeMissing
from booking.codes import KIND_WORDS, SCENE_HEADS, Came, CodeKind, Source, together
from booking.operations import codes as operations
from conversations import queries as conversations
from conversations.operations import account
from dispatch import queries as dispatch
from faces.chrome import call, qr
from faces.chrome.filters import gettext
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.code_forms import CodeForm, CodesQuery, NewCodeForm
from faces.console.forms import NoForm, PageQuery
from faces.console.paging import Page
from faces.console.routes import LEADERS, READERS, STAFF, WRITERS, blueprint
from gateways.wechat.errors import WeChatError
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import staff_queries

FIELDS = ("kind", "name", "store", "bearer", "service", "coupon", "welcome", "about")


@blueprint.get("/codes")
@signed_in(*STAFF)
def codes() -> ResponseReturnValue:
    """List the codes with how far people came by each."""
    wanted = call.query(CodesQuery())
    page = Page(number=wanted["page"])
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        found = [
            source
            for source in code_queries.sources(db, branch_id=branch.id, by=by)
            if wanted["q"] in source.name + source.bearer + source.store
            and wanted["kind"] in (None, source.kind)
        ]
        came = code_queries.came(
            db,
            [source.scene for source in found],
            since=now - timedelta(days=wanted["days"]),
            by=wanted["by"],
        )
        step = conversations.account_step(db)
    rows = page.part(found)
    return render_template(
        "console/codes.html",
        rows=[(source, came.get(source.scene, Came())) for source in rows],
        whole=together(came[source.scene] for source in found if source.scene in came),
        people_max=code_queries.PEOPLE_MAX,
        kinds=KIND_WORDS,
        branch=branch,
        wanted=wanted,
        page_=page,
        step=step,
        is_homeless=by.role is Role.STORE and not by.store_ids,
        may_print=by.role is not Role.AUDITOR,
    )


@blueprint.post("/codes/<scene>/qr")
@signed_in(*WRITERS, Role.STORE)
@repeatable("WeChat answers the same code for the same scene")
def code_qr(scene: str) -> ResponseReturnValue:
    """Show a code; WeChat answers the same one for the same scene."""
    call.form(NoForm())
    source, picture = _pictured(scene)
    return render_template("console/code_dialog.html", source=source, picture=picture)


@blueprint.get("/codes/<scene>/print")
@signed_in(*STAFF)
def print_code(scene: str) -> ResponseReturnValue:
    """Show a code on a sheet of paper."""
    source, picture = _pictured(scene)
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=source.branch_id)
    return render_template("console/code_print.html", source=source, picture=picture)


@blueprint.get("/codes/new")
@signed_in(*WRITERS)
def new_code() -> ResponseReturnValue:
    """Ask what the new code is for."""
    wanted = call.query(PageQuery())
    typed = {**dict.fromkeys(FIELDS, ""), "kind": CodeKind.BADGE.value}
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        return _form(db, branch, None, typed=typed, errors={})


@blueprint.post("/codes/new")
@signed_in(*WRITERS)
def make_code() -> ResponseReturnValue:
    """Hand out a new code."""
    try:
        given = call.form(NewCodeForm())
        frame.check_branch(given["branch"])
        with call.once() as db:
            made = operations.make(
                db,
                kind=given["kind"],
                name=given["name"],
                branch_id=given["branch"],
                store_code=given["store"],
                bearer=given["bearer"],
                service_code=given["service"],
                coupon=given["coupon"],
                welcome=given["welcome"],
                about=given["about"],
                by=call.actor(),
                now=call.now(),
            )
            account.ask(db)
            name, done = made.name, call.leads_to("console.codes", branch=given["branch"])
    except Refusal as refusal:
        return _again(request.form.get("branch", type=int), None, refusal)
    flash(gettext("已做好「%(name)s」的二维码，可以打印了。", name=name), "ok")
    return done


@blueprint.get("/codes/<scene>")
@signed_in(*READERS)
def code(scene: str) -> ResponseReturnValue:
    """Show one code to be changed; a store's own is changed with the store."""
    with transaction(reads_only=True) as db:
        source = _changeable(db, scene)
        branch = frame.enter(db, branch_id=source.branch_id)
        typed = {"name": source.name, "welcome": source.welcome, "about": source.about}
        return _form(db, branch, source, typed=typed, errors={})


@blueprint.post("/codes/<scene>")
@signed_in(*WRITERS)
def change_code(scene: str) -> ResponseReturnValue:
    """Change how it greets."""
    with transaction(reads_only=True) as db:
        source = _changeable(db, scene)
    try:
        given = call.form(CodeForm())
        with call.once() as db:
            operations.change(db, scene=scene, **given, by=call.actor())
            done = call.leads_to("console.codes", branch=source.branch_id)
    except Refusal as refusal:
        return _again(source.branch_id, source, refusal)
    flash(gettext("已保存「%(name)s」。", name=given["name"]), "ok")
    return done


@blueprint.post("/codes/<scene>/end")
@signed_in(*WRITERS)
def end_code(scene: str) -> ResponseReturnValue:
    """Take it out of use."""
    call.form(NoForm())
    with transaction(reads_only=True) as db:
        source = _changeable(db, scene)
    with call.once() as db:
        operations.end(db, scene=scene, by=call.actor(), now=call.now())
        done = call.leads_to("console.codes", branch=source.branch_id)
    flash(gettext("「%(name)s」已停用，印出去的码扫了会说明。", name=source.name), "ok")
    return done


@blueprint.post("/codes/step")
@signed_in(*LEADERS)
def step_account() -> ResponseReturnValue:
    """Have menu and tags at WeChat brought in step now."""
    call.form(NoForm())
    with call.once() as db:
        account.introduce(db)
        done = call.leads_to("console.codes")
    flash(gettext("马上同步菜单和标签。"), "ok")
    return done


def _pictured(scene: str) -> tuple[Source, str]:
    """Return a code in scope with its picture, "" when WeChat does not answer. Raises CodeMissing."""
    with transaction(reads_only=True) as db:
        source = code_queries.source_in_scope(db, scene=scene, by=call.actor())
    try:
        return source, qr.picture(qr.wechat().create_qr(scene=source.scene, seconds=None).url)
    except WeChatError:
        return source, ""


def _changeable(db: Session, scene: str) -> Source:
    source = code_queries.source_in_scope(db, scene=scene, by=call.actor())
    if source.kind is CodeKind.STORE:
        raise CodeMissing
    return source


def _again(branch_id: int | None, source: Source | None, refusal: Refusal) -> ResponseReturnValue:
    """Show the form once more as it was filled in. Raises what no field of it can say."""
    if refusal.field not in FIELDS:
        raise refusal
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        errors = filled.errors_of(refusal, *FIELDS)
        return _form(db, branch, source, typed=filled.typed(*FIELDS), errors=errors), filled.STATUS


def _form(
    db: Session,
    branch: frame.Branch,
    source: Source | None,
    *,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
) -> str:
    return render_template(
        "console/code.html",
        branch=branch,
        source=source,
        typed=typed,
        errors=errors,
        kinds=[(kind.value, gettext(KIND_WORDS[kind])) for kind in SCENE_HEADS],
        kind_words=KIND_WORDS,
        **({} if source else _choices(db, branch.id)),
    )


def _choices(db: Session, branch_id: int) -> dict[str, Any]:
    people = [
        (f"technician:{one.id}", f"{one.name} {one.work_number}")
        for one in dispatch.technicians(db, branch_id=branch_id)
        if one.disabled_at is None
    ]
    people += [
        (f"staff:{one.id}", f"{one.name} {one.login}")
        for one in staff_queries.of_branch(db, branch_id)
    ]
    return {
        "stores": [
            (one.code, one.name) for one in booking.stores(db) if one.branch_id == branch_id
        ],
        "people": people,
        "services": [(one.code, one.name) for one in booking.services(db)],
        "coupons": [
            (one.kind.number, one.kind.name)
            for one in coupon_queries.kinds(db)
            if one.kind.ended_at is None
        ],
    }
