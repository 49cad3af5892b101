"""One member, from the home page to the points."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

from flask import Flask
from PIL import Image

from booking import queries
from booking.operations import visits as endings
from dispatch import photos
from dispatch import queries as dispatch
from dispatch.operations import publishing, visits
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import FixedClock, instant_at
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import HOME, book
from tests.journeys.databases import BOTH

TODAY_TEN = "2026-11-23/36000-43200"


@BOTH
def test_a_member_books_step_by_step(phone: Phone) -> None:
    home = phone.open("/c/")
    form = phone.open("/c/book/air_install")
    windows = phone.send(form.form("/c/book/air_install"), **HOME, **{"option-pipe": "1"})
    confirm = phone.send(windows.form("/windows"))
    booking = phone.send(confirm.form("/confirm"))

    assert "空调安装" in home.text
    assert "¥180.00" in form.text
    # Fourteen days of the four windows, but for those of today that have passed.
    assert windows.text.count("余 4") == 13
    assert "¥260.00" in confirm.text
    assert "时段已为您锁定" in confirm.text
    assert booking.path.startswith("/c/bookings/B")
    assert "预约成功" in booking.text
    assert "已预约" in booking.text


def test_the_page_follows_the_visit_to_its_end(phone: Phone, app: Flask, tmp_path: Path) -> None:
    clock: FixedClock = app.extensions["doorbell.clock"]
    number = book(phone, TODAY_TEN)
    path = f"/c/bookings/{number}"
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=MONDAY, by=DISPATCHER, now=clock.now())
    with transaction(reads_only=True) as db:
        visit_id = queries.booking(db, number=number, by=SYSTEM).visit_id
        visit = dispatch.visit(db, visit_id)
    assert visit.technician_id is not None
    technician = Actor(visit.technician_id, Role.TECHNICIAN)

    seen = {"assigned": phone.open(path)}
    with transaction() as db:
        visits.accept(db, number=visit.number, by=technician, now=clock.now())
    clock.move_to(instant_at(MONDAY, 10 * HOUR_S))
    with transaction() as db:
        visits.depart(db, number=visit.number, by=technician, now=clock.now())
    seen["en_route"] = phone.open(path)
    clock.move_to(clock.now() + timedelta(minutes=5))
    with transaction() as db:
        visits.arrive(db, number=visit.number, by=technician, now=clock.now())
    seen["arrived"] = phone.open(path)
    with transaction() as db:
        visits.start(
            db, number=visit.number, code=visit.service_code, by=technician, now=clock.now()
        )
    seen["started"] = phone.open(path)
    picture = photos.clean_photo(_picture())
    sha256 = photos.store_photo(tmp_path / "photos", picture)
    with transaction() as db:
        photo = visits.add_photo(
            db, number=visit.number, sha256=sha256, by=technician, now=clock.now()
        )
    with transaction() as db:
        done = endings.finish_visit(db, number=visit.number, by=technician, now=clock.now())
    with transaction() as db:
        member = Actor(done.member_id, Role.MEMBER)
        endings.sign_off(db, number=done.number, by=member, now=clock.now())
    seen["done"] = phone.open(path)

    code = " ".join(visit.service_code)
    assert "王师傅" in seen["assigned"].text
    assert code in seen["assigned"].text
    assert "预计到达" in seen["en_route"].text
    assert "home-map" in seen["en_route"].ids
    assert "师傅已到达" in seen["arrived"].said("answer")
    assert "服务中" in seen["started"].said("answer")
    assert code not in seen["started"].text
    assert "积分 +180 已到账" in seen["done"].said("answer")
    assert phone.fetch(f"{path}/photos/{photo.number}").data == picture
    assert "完成：空调安装" in phone.open("/c/points").text
    assert "再约一次「空调安装」" in phone.open("/c/").text


def test_what_was_booked_once_is_booked_again_by_one_press(phone: Phone) -> None:
    number = book(phone)

    windows = phone.post(f"/c/bookings/{number}/again", {})

    assert windows.path.endswith("/windows")
    assert "浮山后三小区 12号楼2单元402" in windows.text
    assert len(windows.windows) > 0


def test_the_page_is_patched_by_its_moving_part_alone(phone: Phone) -> None:
    number = book(phone)

    part = phone.fetch(f"/c/bookings/{number}", htmx=True).get_data(as_text=True)

    assert part.lstrip().startswith('<div id="progress"')
    assert "<html" not in part


def test_the_home_shows_what_is_held_and_what_comes_first(phone: Phone) -> None:
    first = book(phone)
    book(phone, "2026-11-26/36000-43200")
    home = phone.open("/c/")

    live = phone.fetch("/c/", htmx=True).get_data(as_text=True)

    assert f"/c/bookings/{first}" in live
    assert "明天 10:00–12:00" in home.said("live")
    assert "还有 1 个预约" in home.said("live")


def test_large_print_is_switched_on_and_asks_one_question(phone: Phone) -> None:
    home = phone.open("/c/")

    phone.send(home.form("/c/care"))
    windows = phone.send(phone.open("/c/book/air_install").form("/c/book/air_install"), **HOME)

    assert "您哪天方便在家？" in windows.text
    assert len(windows.windows) == 3
    assert len({window[:10] for window in windows.windows}) == 3


def _picture() -> bytes:
    held = BytesIO()
    Image.new("RGB", (8, 8), "white").save(held, "JPEG")
    return held.getvalue()
