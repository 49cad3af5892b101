"""A door that nobody opened: the record, the appeal, its outcome; and three of them."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image

from booking.operations import closing
from kernel.actor import Actor, Role
from kernel.db import transaction
from members import strike_queries
from members.operations import strikes
from members.risk import StrikeKind
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import TUESDAY_TEN
from tests.journeys.consumer.door import at, in_vain
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import book, fill_in

REVIEWER = Actor(7, Role.MANAGER)
STORY = "上午十点我一直在家，门铃坏了没有响。"


@pytest.fixture
def strike(phone: Phone, app: Flask) -> str:
    """The address of the page about a visit that nobody opened to."""
    number = book(phone)
    in_vain(app, number)
    with transaction(reads_only=True) as db:
        [row] = strike_queries.strikes_of(db, member_id=phone.member.id)
    return f"/c/strikes/{row.number}"


def decided(path: str, *, upheld: bool) -> None:
    """Let another person decide the appeal about the strike of that page."""
    with transaction() as db:
        [waiting], _ = strike_queries.appeals(db, by=REVIEWER)
        assert waiting.subject_number == path.rsplit("/", 1)[-1]
        closing.decide(
            db,
            appeal_number=waiting.number,
            upheld=upheld,
            words="门铃故障的照片属实，予以撤销。",
            by=REVIEWER,
            now=TUESDAY_TEN + timedelta(days=1, hours=2),
        )


def test_the_record_gives_facts_with_times_and_no_blame(phone: Phone, strike: str) -> None:
    page = phone.open(strike)

    assert "今天师傅到了，没能见到您" in page.text
    assert "拟扣 200 积分、记 1 次违约" in page.text
    assert "明天 10:20 前都可复议，之前不生效" in page.text
    assert "10:00 到达 定位距您门牌 0 米" in page.text
    assert "10:02、10:09 来电" in page.text
    assert "10:03 发出消息" in page.text
    assert "10:00–10:20 等候 20 分钟 规则为至少 15 分钟" in page.text
    assert "跑单" not in page.text


def test_the_booking_and_the_list_speak_of_it_without_blame(phone: Phone, strike: str) -> None:
    listed = phone.open("/c/bookings")

    assert "没能见到您" in listed.text
    assert "跑单" not in listed.text


def test_an_appeal_is_told_at_each_field_what_is_missing(phone: Phone, strike: str) -> None:
    form = phone.open(f"{strike}/appeal").form("/appeal")

    refused = phone.send(form, text="门铃坏了")

    assert refused.status == 422
    assert "请选一个原因。" in refused.said("reason-said")
    assert "还差 6 个字。写上大概时间，审核会更快。" in refused.said("text-said")
    assert "4/300" in refused.said("text-count")


@pytest.mark.walks("booking cancelled dispute", "strike pending contest")
def test_an_appeal_stops_the_strike_until_it_is_decided(phone: Phone, strike: str) -> None:
    form = phone.open(f"{strike}/appeal").form("/appeal")

    page = phone.send(form, reason="not_heard", text=STORY)
    again = phone.open(f"{strike}/appeal")
    decided(strike, upheld=True)
    after = phone.open(strike)

    assert page.path == strike
    assert "复议中，先不生效" in page.text
    assert STORY in page.text
    assert again.path == strike
    assert "这条记录已撤销，不扣积分、不记违约。" in after.text
    assert "门铃故障的照片属实" in after.text


def test_an_upheld_appeal_gives_back_what_was_taken(phone: Phone, strike: str, app: Flask) -> None:
    number, after = strike.rsplit("/", 1)[-1], TUESDAY_TEN + timedelta(days=1, hours=1)
    with transaction() as db:
        strikes.post_strike(db, number=number, now=after)
    at(app, after)
    taken = phone.open("/c/points")
    form = phone.open(f"{strike}/appeal").form("/appeal")

    phone.send(form, reason="not_heard", text=STORY)
    decided(strike, upheld=True)

    assert "可用积分 −200" in taken.said("points")
    assert "第 3 级，共 4 级" in taken.said("ladder")
    points = phone.open("/c/points")
    assert "可用积分 0" in points.said("points")
    assert "冲回：没能见到您" in points.text
    assert "200 积分已退回，违约已撤销。" in phone.open(strike).text


def test_pictures_go_up_one_by_one_and_belong_to_who_sent_them(
    phone: Phone, other_phone: Callable[[], Phone], strike: str
) -> None:
    drawn = BytesIO()
    Image.new("RGB", (8, 8), "white").save(drawn, "PNG")
    tile = phone.upload("/c/pictures", photo=drawn.getvalue())
    broken = phone.upload("/c/pictures", photo=b"no picture at all")
    token = tile.value("picture")
    form = phone.open(f"{strike}/appeal").form("/appeal")

    phone.send(form, reason="not_heard", text=STORY, picture=token)

    assert "这张照片打不开" in broken.said("pictures-said")
    assert phone.fetch(f"/c/pictures/{token}").status_code == 200
    assert other_phone().fetch(f"/c/pictures/{token}").status_code == 404
    with transaction(reads_only=True) as db:
        [appeal], _ = strike_queries.appeals(db, by=REVIEWER)
    assert len(appeal.photos) == 1


def test_anothers_record_is_missing(
    phone: Phone, other_phone: Callable[[], Phone], strike: str
) -> None:
    stranger = other_phone()

    assert stranger.fetch(strike).status_code == 404
    assert stranger.fetch(f"{strike}/appeal").status_code == 404
    assert stranger.post(f"{strike}/appeal", {"reason": "other", "text": STORY}).status == 404


@pytest.fixture
def stopped(phone: Phone, app: Flask) -> Phone:
    """A member whose bookings are stopped by three strikes."""
    numbers = [book(phone, f"2026-11-2{day}/36000-43200") for day in (6, 7, 8)]
    for number in numbers:
        with transaction() as db:
            opened = strikes.open_strike(
                db,
                member_id=phone.member.id,
                kind=StrikeKind.NO_SHOW,
                booking_number=number,
                branch_id=1,
                evidence={"arrived_at": MONDAY_NINE.isoformat()},
                now=MONDAY_NINE,
            )
        with transaction() as db:
            strikes.post_strike(db, number=opened.number, now=MONDAY_NINE + timedelta(days=1))
    at(app, MONDAY_NINE + timedelta(days=1))
    return phone


def test_who_may_not_book_reads_why_until_when_and_how_to_appeal(stopped: Phone) -> None:
    windows = fill_in(stopped)
    refused = stopped.send(windows.form("/windows"), window="2026-11-30/36000-43200")
    page = stopped.open("/c/blocked")

    assert refused.status == 403
    for each in (refused, page):
        assert "预约暂停到 2027年2月22日 周一" in each.text
        assert "您在 180 天内有 3 次没能见面" in each.text
        assert "申诉" in each.text
    assert "预约暂停到" in stopped.open("/c/").text
    assert "预约暂停到" in stopped.open("/c/points").said("ladder")


def test_the_stop_itself_is_appealed(stopped: Phone) -> None:
    form = stopped.open("/c/blocked/appeal").form("/appeal")

    short = stopped.send(form, reason="other", text="不对")
    done = stopped.send(form, reason="other", text=STORY)

    assert short.status == 422
    assert done.path == "/c/blocked"
    assert "审核中" in done.text
    assert stopped.open("/c/blocked/appeal").path == "/c/blocked"


def test_whose_bookings_are_free_has_no_such_page(phone: Phone) -> None:
    assert phone.open("/c/blocked").path == "/c/"
