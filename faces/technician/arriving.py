"""Arriving where the phone's place does not speak for itself: a photo of the door, and why."""

import functools
from datetime import datetime
from typing import Any

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from dispatch import photos
from dispatch.operations import trouble, visits
from dispatch.queries import VisitMissing
from dispatch.states import Proof, VisitState
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.technician import nobody
from faces.technician.acting import leads_away, refused, state_of
from faces.technician.forms import ReasonedPlaceForm
from faces.technician.photos import one_photo
from faces.technician.routes import blueprint
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Refusal


@blueprint.post("/visits/<number>/arrive-by-photo")
@signed_in(Role.TECHNICIAN)
def arrive_by_photo(number: str) -> ResponseReturnValue:
    """Arrive by a photo with its reason, or prove by them an arrival of before."""
    try:
        is_there = state_of(number) is VisitState.ARRIVED
        given, sha256 = _given()
        operation = functools.partial(_proves, arrives=not is_there, sha256=sha256, given=given)
        with call.once(again=lambda: leads_away(_page_of(is_there), number=number)) as db:
            operation(db, number=number, by=call.actor(), now=call.now())
    except VisitMissing:
        raise
    except Refusal as refusal:
        if state_of(number) is VisitState.ARRIVED:
            return nobody.refused(number, refusal, at="arrival")
        return refused(number, refusal, at="arrival")
    return leads_away(_page_of(is_there), number=number)


def _given() -> tuple[dict[str, Any], str]:
    try:
        given = call.form(ReasonedPlaceForm())
        return given, one_photo(given["media_id"])
    except RequestEntityTooLarge as error:
        raise photos.PhotoTooLarge(field="photo") from error


def _page_of(is_there: bool) -> str:
    return "technician.nobody_home" if is_there else "technician.visit"


def _proves(
    db: Session,
    *,
    number: str,
    by: Actor,
    now: datetime,
    arrives: bool,
    sha256: str,
    given: dict[str, Any],
) -> None:
    if arrives:
        visits.arrive(
            db, number=number, place=given["place"], reason=given["reason"], by=by, now=now
        )
    facts = {"reason": given["reason"], "sha256": sha256}
    trouble.add_proof(db, number=number, kind=Proof.ARRIVAL, facts=facts, by=by, now=now)
