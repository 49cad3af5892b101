"""What else lies on a dispatcher's desk: complaints, the waiting list, serial numbers, callers."""

import io

import pytest

from booking import queries, waiting_queries
from booking.feedback import Topic
from booking.operations import feedback, waiting
from kernel.actor import SYSTEM
from kernel.db import transaction
from kernel.phone import Phone
from members import queries as members
from members.contacts import ContactRole
from members.operations import contacts
from tests.house import MONDAY_NINE, a_draft, tomorrow
from tests.integration.booking.promised import a_service
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.consumer.pages import Page

GOOD = "序列号,型号,品名,质保月数,保养间隔月数\nAB123456,KFR-35,挂机空调,72,12\n"
BAD = GOOD + "x,KFR-35,挂机空调,72,12\nAB123456,KFR-35,挂机空调,72,12\n"


class TestComplaints:
    @pytest.fixture
    def complaint(self, town: Town) -> str:
        number = a_promise(town.member)
        with transaction() as db:
            return feedback.complain(
                db,
                booking_number=number,
                topic=Topic.LATENESS,
                text="说好上午来，下午还没到。",
                by=town.member,
                now=MONDAY_NINE,
            ).number

    @pytest.mark.walks("complaint open answer")
    def test_are_answered_once(self, desk: Desk, desk_of: DeskOf, complaint: str) -> None:
        assert complaint in desk.open("/console/complaints").text
        page = desk.open(f"/console/complaints/{complaint}")

        answered = desk.send(page.form("/answer"), words="师傅路上堵车，已赔付，抱歉让您久等。")
        again = desk_of("manager").post(
            f"/console/complaints/{complaint}/answer", {"words": "另一个答复，也来说一句"}
        )

        assert "已答复" in answered.text
        assert again.status == 409
        assert "另一个答复" not in again.text
        assert complaint not in desk.open("/console/complaints").text
        assert complaint in desk.open("/console/complaints?state=answered").text

    def test_without_words_are_not_answered(self, desk: Desk, complaint: str) -> None:
        page = desk.open(f"/console/complaints/{complaint}")

        assert desk.send(page.form("/answer"), words=" ").status == 400
        assert complaint in desk.open("/console/complaints").text

    def test_of_another_branch_are_missing(self, desk_of: DeskOf, complaint: str) -> None:
        stranger = desk_of("elsewhere")

        assert complaint not in stranger.open("/console/complaints").text
        assert stranger.open(f"/console/complaints/{complaint}").status == 404
        answer = {"words": "不该由我来答复这一条"}
        assert stranger.post(f"/console/complaints/{complaint}/answer", answer).status == 404


class TestWaiting:
    @pytest.fixture
    def place(self, town: Town) -> str:
        with transaction() as db:
            draft = a_draft(db, by=town.member)
        with transaction() as db:
            return waiting.join(
                db, draft_number=draft, day=tomorrow(), wanted=[], by=town.member, now=MONDAY_NINE
            ).number

    @pytest.mark.walks("waiting waiting withdraw")
    def test_shows_the_line_and_takes_somebody_out(
        self, desk: Desk, town: Town, place: str
    ) -> None:
        page = desk.open("/console/waiting")
        assert "浮山后三小区" in page.text
        assert "都行" in page.text

        gone = desk.send(page.form(f"{place}/remove"))

        assert "没有人在候补" in gone.text
        with transaction(reads_only=True) as db:
            assert not waiting_queries.open_of(db, town.member.id)

    def test_of_another_branch_is_missing(self, desk_of: DeskOf, place: str) -> None:
        stranger = desk_of("elsewhere")

        assert "浮山后三小区" not in stranger.open("/console/waiting").text
        assert stranger.post(f"/console/waiting/{place}/remove").status == 404


class TestSerials:
    def test_are_looked_at_before_they_are_imported(self, desk: Desk) -> None:
        preview = send_file(desk, "/console/serials/preview", GOOD)
        assert "1 行都没问题" in preview.text
        assert "还没有导入过清单" in desk.open("/console/serials").text

        done = send_file(desk, "/console/serials", GOOD)

        assert "list.csv" in done.text
        assert "正品" in desk.open("/console/serials?serial=ab123456").text

    def test_of_which_one_is_wrong_are_not_imported_at_all(self, desk: Desk) -> None:
        refused = send_file(desk, "/console/serials", BAD)

        assert refused.status == 422
        assert "一行都没有导入" in refused.text
        assert "和前面的行重复：AB123456" in refused.text
        assert "没有查到" in desk.open("/console/serials?serial=AB123456").text

    def test_need_a_file(self, desk: Desk) -> None:
        assert "请先选一个 CSV 文件。" in desk.post("/console/serials").text

    def test_that_cannot_be_one_are_said_at_the_field(self, desk: Desk) -> None:
        assert "序列号应为 6–40 位" in desk.open("/console/serials?serial=x").text

    def test_are_not_an_auditors_to_import(self, desk_of: DeskOf) -> None:
        auditor = desk_of("auditor")

        assert "先看看" not in auditor.open("/console/serials").text
        assert send_file(auditor, "/console/serials", GOOD).status == 403


class TestCallers:
    @pytest.fixture
    def book(self, town: Town) -> str:
        with transaction(reads_only=True) as db:
            number = members.member(db, town.member.id).number
        return f"/console/members/{number}/book"

    def test_are_booked_for_on_the_telephone(self, desk: Desk, book: str) -> None:
        page = desk.open(f"{book}?service=air_install")

        windows = desk.send(
            page.form("/book"),
            address="浮山后三小区",
            door="12-2-402",
            contact="林女士",
            phone="138 0000 2046",
            **{"option-pipe": "2"},
        )
        assert windows.path.endswith("/windows")
        assert "¥340.00" in windows.text
        booked = desk.send(windows.form("/windows"), window=windows.windows[-1])

        assert "预约成功" in booked.text
        assert "调度员" in booked.text

    def test_name_somebody_of_the_household_whose_phone_is_not_shown(
        self, desk: Desk, town: Town, book: str
    ) -> None:
        with transaction() as db:
            granny = contacts.add_contact(
                db,
                member_id=town.member.id,
                name="王奶奶",
                phone=Phone("13800009999"),
                roles=[ContactRole.AT_HOME],
                now=MONDAY_NINE,
            )
        page = desk.open(f"{book}?service=air_install")
        assert "王奶奶 · 在家" in page.text
        assert "13800009999" not in page.text
        asked = {"address": "浮山后三小区", "door": "12-2-402"}

        windows = desk.send(page.form("/book"), who=granny.number, contact="", phone="", **asked)
        gone = desk.send(page.form("/book"), who="H0", contact="林", phone="13800002046", **asked)

        with transaction(reads_only=True) as db:
            draft = queries.draft(db, number=windows.path.split("/")[-2], by=SYSTEM)
        assert (draft.contact, draft.phone) == ("王奶奶", "13800009999")
        assert "13800009999" not in windows.text
        assert (gone.status, "请写师傅怎么称呼他。" in gone.text) == (400, True)

    def test_may_have_the_delivery_come_first(self, desk: Desk, book: str) -> None:
        with transaction() as db:
            a_service(db, code="air_delivery", category="delivery")
            a_service(db, code="air_both", delivery_code="air_delivery")
        page = desk.open(f"{book}?service=air_both")
        assert "送装一体：先送货，再安装" in page.text

        windows = desk.send(
            page.form("/book"),
            address="浮山后三小区",
            door="12-2-402",
            contact="林女士",
            phone="13800002046",
            with_delivery="1",
        )
        assert "· 送货 " in windows.text
        booked = desk.send(windows.form("/windows"), window=windows.windows[-1])

        with transaction(reads_only=True) as db:
            found = queries.booking(db, number=booked.path.split("/")[-1], by=SYSTEM)
            delivery, installation = queries.standing_promises(db, found.id)
        assert delivery.ends_at <= installation.starts_at

    def test_are_asked_about_a_delivery_only_where_there_is_one(
        self, desk: Desk, book: str
    ) -> None:
        assert "送装一体" not in desk.open(f"{book}?service=air_install").text

    def test_give_a_whole_phone_number(self, desk: Desk, book: str) -> None:
        page = desk.open(f"{book}?service=air_install")

        refused = desk.send(
            page.form("/book"), address="浮山后三小区", door="1", contact="林", phone="1380000204"
        )

        assert refused.status == 400
        assert "手机号少 1 位，请核对。" in refused.text
        assert refused.value("address") == "浮山后三小区"

    def test_are_another_branchs_when_they_live_there(self, desk_of: DeskOf, book: str) -> None:
        stranger = desk_of("elsewhere")
        page = stranger.open(f"{book}?service=air_install")

        refused = stranger.send(
            page.form("/book"),
            address="浮山后三小区",
            door="12-2-402",
            contact="林女士",
            phone="13800002046",
        )

        assert refused.status == 400
        assert "这个地址归别的网点" in refused.text


def send_file(desk: Desk, path: str, text: str) -> Page:
    """Send a CSV file as a browser does."""
    answer = desk.ask(
        "POST",
        path,
        data={"file": (io.BytesIO(text.encode()), "list.csv"), "csrf_token": desk.csrf_token},
        content_type="multipart/form-data",
        follow_redirects=True,
    )
    return Page(answer)
