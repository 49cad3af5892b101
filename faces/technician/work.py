"""What he does at a visit besides moving it on: load, scan, ask for additions."""

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema

from booking.operations import additions, assets, checks, goods
from dispatch import queries
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.technician.acting import Operation, do, refused
from faces.technician.forms import ActForm, AdditionForm, ChecksForm, GoodsForm, SerialForm
from faces.technician.routes import blueprint
from kernel.actor import Actor, Role
from kernel.db import Session


@blueprint.post("/visits/<number>/goods")
@signed_in(Role.TECHNICIAN)
def load(number: str) -> ResponseReturnValue:
    """Put one thing on the van by its label."""
    return _typed(number, GoodsForm(), "goods", lambda given: _loads(given["code"]))


@blueprint.post("/visits/<number>/checks")
@signed_in(Role.TECHNICIAN)
def tick(number: str) -> ResponseReturnValue:
    """Let exactly what is ticked on the page be ticked."""
    return _typed(number, ChecksForm(), "checks", lambda given: _ticks(given["point"]))


@blueprint.post("/visits/<number>/serials")
@signed_in(Role.TECHNICIAN)
def scan_serial(number: str) -> ResponseReturnValue:
    """Write down which appliance he stands before."""
    return _typed(number, SerialForm(), "serial", lambda given: _scans(given["serial"]))


@blueprint.post("/visits/<number>/additions")
@signed_in(Role.TECHNICIAN)
def ask_addition(number: str) -> ResponseReturnValue:
    """Ask the member for something off the price card."""
    return _typed(number, AdditionForm(), "addition", _asks)


@blueprint.post("/visits/<number>/additions/<addition>/withdraw")
@signed_in(Role.TECHNICIAN)
def withdraw_addition(number: str, addition: str) -> ResponseReturnValue:
    """Take back what he asked for."""
    call.form(ActForm())
    return do(number, functools.partial(_withdraws, addition=addition), at="addition")


def _typed(
    number: str, schema: Schema, at: str, operation: Callable[[Mapping[str, Any]], Operation]
) -> ResponseReturnValue:
    """Load what was typed, then act; what is wrong stands at the form."""
    try:
        given = call.form(schema)
    except call.BadField as refusal:
        return refused(number, refusal, at=at)
    return do(number, operation(given), at=at)


def _loads(code: str) -> Operation:
    def operation(db: Session, *, number: str, by: Actor, now: datetime) -> object:
        return goods.scan(db, visit_number=number, code=code, by=by, now=now)

    return operation


def _scans(serial: str) -> Operation:
    def operation(db: Session, *, number: str, by: Actor, now: datetime) -> object:
        return assets.scan_serial(db, visit_number=number, serial=serial, by=by, now=now)

    return operation


def _ticks(points: Sequence[str]) -> Operation:
    def operation(db: Session, *, number: str, by: Actor, now: datetime) -> object:
        return checks.tick(db, number=number, points=points, by=by, now=now)

    return operation


def _asks(given: Mapping[str, Any]) -> Operation:
    def operation(db: Session, *, number: str, by: Actor, now: datetime) -> object:
        return additions.ask(
            db,
            visit_number=number,
            code=given["option"],
            count=given["count"],
            reason=given["reason"],
            by=by,
            now=now,
        )

    return operation


def _withdraws(db: Session, *, number: str, by: Actor, now: datetime, addition: str) -> object:
    queries.own_visit(db, number=number, technician_id=by.id)
    return additions.withdraw(db, number=addition, by=by, now=now)
