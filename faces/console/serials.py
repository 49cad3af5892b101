"""/console/serials: the lists of genuine appliances, taken in whole or not at all, and the check."""

from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import asset_queries, serial_list
from booking.operations import assets
from booking.serial_list import COLUMNS, FAULTS_SHOWN_MAX, BadRows, BadSerial, Preview
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext, said
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.case_forms import SerialsQuery
from faces.console.cases import names_of
from faces.console.forms import NoForm
from faces.console.paging import Page
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.words import msg
from members import queries as members

ROWS_SHOWN_MAX = 8
NO_FILE = msg("请先选一个 CSV 文件。")


class FileMissing(Invalid):
    """No file was chosen."""

    code = "file_missing"
    says = NO_FILE


@blueprint.get("/serials")
@signed_in(*READERS)
def serials() -> ResponseReturnValue:
    """List what was taken in; ?serial= looks one up."""
    return _page(call.query(SerialsQuery()))


@blueprint.post("/serials/preview")
@signed_in(*WRITERS)
@repeatable("the file is read and judged; nothing is kept")
def preview_serials() -> ResponseReturnValue:
    """Say what the file holds and which rows are wrong, before anything is taken in."""
    call.form(NoForm())
    try:
        _, raw = _file()
        with transaction(reads_only=True) as db:
            found = asset_queries.preview(db, raw)
    except Invalid as refusal:
        return _part(error=sentence_of(refusal)), status_of(refusal)
    return _part(preview=found)


@blueprint.post("/serials")
@signed_in(*WRITERS)
def import_serials() -> ResponseReturnValue:
    """Take the file in: every row, or none."""
    call.form(NoForm())
    try:
        name, raw = _file()
        with call.once() as db:
            taken = assets.import_serials(
                db, raw=raw, file_name=name, by=call.actor(), now=call.now()
            )
            rows, added = taken.rows, taken.added
            done = call.leads_to("console.serials")
    except BadRows as refusal:
        with transaction(reads_only=True) as db:
            found = asset_queries.preview(db, raw)
        return _page(None, error=sentence_of(refusal), preview=found), status_of(refusal)
    except Invalid as refusal:
        return _page(None, error=sentence_of(refusal)), status_of(refusal)
    flash(gettext("已导入 %(rows)s 行，其中新的 %(added)s 行。", rows=rows, added=added), "ok")
    return done


def _file() -> tuple[str, bytes]:
    """Return the name and content of the file that was sent. Raises FileMissing, ListTooLong."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise FileMissing(field="file")
    raw = file.stream.read(serial_list.BYTES_MAX + 1)
    file.stream.seek(0)
    return file.filename, raw


def _part(*, preview: Preview | None = None, error: str = "") -> str:
    return render_template("console/serials_preview.html", error=error, **_shown(preview))


def _shown(preview: Preview | None) -> dict[str, Any]:
    faults = preview.faults if preview else ()
    return {
        "preview": preview,
        "rows_shown": preview.rows[:ROWS_SHOWN_MAX] if preview else (),
        "faults": [
            (fault.line, fault.column, said(fault.says, {"value": fault.value}))
            for fault in faults[:FAULTS_SHOWN_MAX]
        ],
        "faults_count": len({fault.line for fault in faults}),
    }


def _page(wanted: dict[str, Any] | None, *, error: str = "", preview: Preview | None = None) -> str:
    asked = wanted or {"branch": None, "page": 1, "serial": ""}
    page = Page(number=asked["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=asked["branch"])
        rows, page.total = asset_queries.imports(db, limit=page.size, offset=page.offset)
        return render_template(
            "console/serials.html",
            imports=rows,
            names=names_of(db, {row.actor_id for row in rows}),
            columns=COLUMNS,
            wanted=asked,
            error=error,
            page_=page,
            **_checked(db, asked["serial"]),
            **_shown(preview),
        )


def _checked(db: Session, serial: str) -> dict[str, Any]:
    """Return what is known of a serial number."""
    shown: dict[str, Any] = {"checked": "", "model": None, "asset": None, "owner": None, "bad": ""}
    if not serial.strip():
        return shown
    try:
        plain = serial_list.normal(serial)
    except BadSerial as refusal:
        return shown | {"bad": sentence_of(refusal)}
    asset = asset_queries.asset_of_serial(db, plain)
    return shown | {
        "checked": plain,
        "model": asset_queries.model_of_serial(db, plain),
        "asset": asset,
        "owner": members.member(db, asset.member_id) if asset else None,
    }
