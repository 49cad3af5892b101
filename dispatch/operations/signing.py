"""A signature by finger: strokes on a sheet, kept with the visit as evidence of the sign-off."""

from collections.abc import Sequence
from datetime import datetime

from dispatch.models import Evidence, Visit
from dispatch.operations.visits import own
from dispatch.states import VISIT_MACHINE, Proof, VisitAction
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Invalid
from kernel.words import msg

# Points lie on a sheet of this width; its height is what the strokes need, SHEET_MAX at most.
SHEET_MAX = 1000
STROKES_MAX = 100
POINTS_MAX = 2000
# Fewer points are a slip of the finger.
POINTS_MIN = 8

Strokes = Sequence[Sequence[Sequence[int]]]


class NoSignature(Invalid):
    """Nothing that could be a name was written, or far too much."""

    code = "bad_signature"
    says = msg("还没有看到签名，请业主用手指写上名字。")


def keep_signature(
    db: Session, *, number: str, strokes: Strokes, by: Actor, now: datetime
) -> Visit:
    """Keep what a member signed on the technician's phone for work that is done.

    Raises VisitMissing, NoSignature, IllegalMove when there is nothing to sign.
    """
    visit = own(db, number, by)
    VISIT_MACHINE.after(visit.state, VisitAction.SIGN)
    check_strokes(strokes)
    facts = {"strokes": [[list(point) for point in stroke] for stroke in strokes]}
    db.add(Evidence(visit_id=visit.id, kind=Proof.SIGNATURE.value, facts=facts, at=now))
    db.flush()
    return visit


def check_strokes(strokes: Strokes) -> None:
    """Refuse what is no signature: too little, too much, or off the sheet. Raises NoSignature."""
    points = [point for stroke in strokes for point in stroke]
    if len(strokes) > STROKES_MAX or not POINTS_MIN <= len(points) <= POINTS_MAX:
        raise NoSignature(field="strokes")
    if any(
        len(point) != 2 or not all(0 <= each <= SHEET_MAX for each in point) for point in points
    ):
        raise NoSignature(field="strokes")
