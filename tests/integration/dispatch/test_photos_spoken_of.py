"""Which photos some row speaks of, so that the sweep leaves them: on both databases."""

from flask import Flask

from app import SPEAK_OF_PHOTOS
from dispatch.models import Evidence, VisitPhoto
from dispatch.states import Proof
from kernel.db import transaction
from tests.house import MONDAY_NINE, a_branch, a_member, a_service, a_technician
from tests.integration.members.cases import PHOTO, a_strike, an_appeal
from tests.journeys.technician.hands import given


def test_of_the_work_of_an_arrival_and_of_an_appeal(app: Flask) -> None:
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_service(db)
        member = a_member(db)
    visit = given(member)
    with transaction() as db:
        db.add(
            VisitPhoto(number="P1", visit_id=visit.visit_id, sha256="work", taken_at=MONDAY_NINE)
        )
        for facts in ({"reason": "没有信号", "sha256": "door"}, {"metres": 40}):
            db.add(
                Evidence(visit_id=visit.visit_id, kind=Proof.ARRIVAL, facts=facts, at=MONDAY_NINE)
            )
    an_appeal(a_strike())

    with transaction(reads_only=True) as db:
        asked = ["work", "door", PHOTO, "nobody"]
        known = set[str]().union(*(ask(db, asked) for ask in SPEAK_OF_PHOTOS))
        nothing = set[str]().union(*(ask(db, ["nobody"]) for ask in SPEAK_OF_PHOTOS))

    assert known == {"work", "door", PHOTO}
    assert nothing == set()
