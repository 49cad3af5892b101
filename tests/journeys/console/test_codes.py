"""Codes are handed out, scanned, and reckoned by what they bring."""

from datetime import timedelta

import pytest

from booking import code_queries
from booking.codes import By, CodeKind, Source
from conversations import inbox
from dispatch import queries as dispatch
from gateways.wechat.messages import Followed, Scanned
from kernel.actor import SYSTEM
from kernel.db import transaction
from members import queries as members
from tests.house import MONDAY_NINE
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise

OPENID = "oFollower0000000000000000001"


def a_code(desk: Desk, town: Town, **fields: str) -> Source:
    """Hand out a code over the form and return it."""
    page = desk.post("/console/codes/new", {"branch": str(town.here), "name": "新码", **fields})
    assert page.status == 200, page.text
    return codes(town)[0]


def codes(town: Town) -> list[Source]:
    with transaction(reads_only=True) as db:
        found = code_queries.sources(db, branch_id=town.here, by=SYSTEM)
        return [source for source in found if source.kind is not CodeKind.STORE]


def told(message: type[Followed | Scanned], scene: str, *, openid: str = OPENID) -> str:
    with transaction() as db:
        act = message(
            openid=openid,
            account="gh_1",
            sent_at_s=int(MONDAY_NINE.timestamp()),
            dedupe_key=f"{message.__name__} {scene} {openid}",
            scene=scene,
            ticket="",
        )
        return inbox.receive(db, [act], public_base="https://x", now=MONDAY_NINE)[0]


def test_a_badge_vouches_for_its_bearer_until_it_is_stopped(town: Town, desk: Desk) -> None:
    with transaction(reads_only=True) as db:
        person = dispatch.technicians(db, branch_id=town.here)[0]
    badge = a_code(desk, town, kind="badge", bearer=f"technician:{person.id}")
    again = desk.post(
        "/console/codes/new",
        {
            "branch": str(town.here),
            "name": "再来",
            "kind": "badge",
            "bearer": f"technician:{person.id}",
        },
    )
    assert again.said("field-bearer-error")
    assert person.work_number in told(Scanned, badge.scene)

    desk.post(f"/console/codes/{badge.scene}/end")

    assert "不要让他进门" in told(Scanned, badge.scene, openid="oAnother000000000000000000001")


def test_the_funnel_goes_from_the_scan_to_the_booking(town: Town, desk: Desk) -> None:
    event = a_code(desk, town, kind="event", about="清洗半价")
    with transaction(reads_only=True) as db:
        own = members.member(db, town.member.id).openid
    assert "清洗半价" in told(Followed, event.scene)
    told(Scanned, event.scene, openid=own)
    a_promise(town.member)

    with transaction(reads_only=True) as db:
        since = MONDAY_NINE - timedelta(days=7)
        came = code_queries.came(db, [event.scene], since=since, by=By.LAST)[event.scene]
    assert (came.scans, came.people, came.follows, came.booked) == (2, 2, 1, 1)
    assert "合计 2 2 1 50% 1 0 0%" in desk.open("/console/codes?days=7").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"kind": "badge"}, "bearer", id="a_badge_of_nobody"),
        pytest.param({"kind": "product"}, "service", id="a_product_without_a_service"),
        pytest.param({"kind": "event", "store": "NONE"}, "store", id="a_store_that_is_none"),
        pytest.param({"kind": "badge", "bearer": "staff:999"}, "bearer", id="somebody_elses"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    town: Town, desk: Desk, fields: dict[str, str], field: str
) -> None:
    page = desk.post("/console/codes/new", {"branch": str(town.here), "name": "新码", **fields})

    assert page.said(f"field-{field}-error")
    assert codes(town) == []


def test_a_store_reads_its_own_and_makes_none(town: Town, desk: Desk, desk_of: DeskOf) -> None:
    manager = desk_of("manager")
    for code in ("AA", "BB"):
        manager.post(
            "/console/stores/new",
            {"branch": str(town.here), "code": code, "name": f"{code} 店", "welcome": "您好。"},
        )
    event = a_code(desk, town, kind="event", store="BB")
    store = desk_of("store")

    page = store.open("/console/codes")

    assert "AA 店" in page.text
    assert "BB 店" not in page.text
    assert store.open(f"/console/codes/{event.scene}/print").status == 404
    assert store.open("/console/codes/new").status == 403
