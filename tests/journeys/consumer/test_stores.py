"""Where the stores are: one's own first, in WeChat's map or any other."""

import pytest
from flask import Flask

from booking.operations import catalogue
from kernel.db import transaction
from kernel.geo import Point
from members.operations import following
from tests.house import MONDAY_NINE, a_branch, a_member
from tests.journeys.consumer.pages import Phone

STORES = {
    "HL": ("海尔路店", "海尔路 63 号"),
    "TD": ("台东店", "台东一路 49 号"),
    "XX": ("新店", ""),
}


@pytest.fixture
def phone(app: Flask) -> Phone:
    with transaction() as db:
        branch_id = a_branch(db)
        for code, (name, address) in STORES.items():
            catalogue.add_store(
                db,
                code=code,
                name=name,
                scene=f"st_{code}",
                branch_id=branch_id,
                welcome="您好",
                address=address,
                point=Point(36.0846, 120.3541) if code == "TD" else None,
            )
        member = a_member(db, openid="oStores0000000000000000000001")
    return Phone(app, member)


def follows(phone: Phone, scene: str) -> None:
    with transaction() as db:
        openid = "oStores0000000000000000000001"
        following.follow(db, openid=openid, scene=scene, now=MONDAY_NINE)


def test_ones_own_store_comes_first_and_leads_there(phone: Phone) -> None:
    follows(phone, "st_TD")

    page = phone.open("/c/stores")

    assert "/c/stores" in phone.open("/c/").links
    assert page.text.index("台东店 您的门店") < page.text.index("海尔路店")
    html = page.answer.get_data(as_text=True)
    for there in ('data-place="台东店"', 'data-lat="36.0846"', 'data-lon="120.3541"'):
        assert html.count(there) == 1
    [way] = [link for link in page.links if link.startswith("https://uri.amap.com/")]
    assert "120.354100%2C36.084600" in way


def test_a_store_that_is_nowhere_yet_is_not_listed(phone: Phone) -> None:
    text = phone.open("/c/stores").text

    assert "海尔路 63 号" in text
    assert "您的门店" not in text
    assert "新店" not in text
