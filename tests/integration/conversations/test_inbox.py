"""The inbox: each thing a person did is taken in once and answered the same."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from booking.operations import bookings, catalogue
from conversations import inbox, queries, words
from conversations.models import InboxRow
from dispatch import queries as dispatch
from dispatch.operations import roster
from dispatch.planner.problem import Window
from gateways.wechat.messages import (
    Followed,
    Incoming,
    LocationSent,
    MenuViewed,
    Scanned,
    TextSaid,
    Unfollowed,
    VoiceSent,
)
from kernel.db import transaction
from kernel.geo import Point
from kernel.outbox import OutboxRow
from members import queries as members
from members.models import Touch
from tests.hands import at_once
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)

OPENID = "oTest_00000000000000000000001"
WELCOME = "海尔路旗舰店欢迎您。"


@pytest.fixture(autouse=True)
def _store(app: Flask) -> None:
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        catalogue.add_store(
            db,
            code="HL",
            name="海尔路旗舰店",
            scene="st_hailu",
            branch_id=branch_id,
            welcome=WELCOME,
        )


def received(message: Incoming) -> str:
    with transaction() as db:
        return inbox.receive(
            db, [message], public_base="https://doorbell.localhost", now=MONDAY_NINE
        )[0]


def followed(*, scene: str = "", key: str = "1") -> Followed:
    return Followed(
        openid=OPENID, account="gh_1", sent_at_s=1, dedupe_key=key, scene=scene, ticket=""
    )


def scanned(*, scene: str, key: str = "2") -> Scanned:
    return Scanned(
        openid=OPENID, account="gh_1", sent_at_s=1, dedupe_key=key, scene=scene, ticket=""
    )


def said(text: str, *, key: str = "3") -> TextSaid:
    return TextSaid(openid=OPENID, account="gh_1", sent_at_s=1, dedupe_key=key, text=text)


def located(point: Point) -> LocationSent:
    return LocationSent(
        openid=OPENID, account="gh_1", sent_at_s=1, dedupe_key="6", point=point, label="某处"
    )


def heard(text: str) -> VoiceSent:
    return VoiceSent(
        openid=OPENID, account="gh_1", sent_at_s=1, dedupe_key="7", media_id="m", heard=text
    )


def left(*, at_s: int) -> Unfollowed:
    return Unfollowed(openid=OPENID, account="gh_1", sent_at_s=at_s, dedupe_key=f"left {at_s}")


def follows() -> bool:
    with transaction(reads_only=True) as db:
        member = members.member_by_openid(db, OPENID)
    assert member is not None
    return member.follows


class TestFollowing:
    def test_by_a_stores_code_is_greeted_by_the_store(self, app: Flask) -> None:
        assert received(followed(scene="st_hailu")) == WELCOME

        with transaction(reads_only=True) as db:
            member = members.member_by_openid(db, OPENID)
        assert member is not None
        assert (member.follows, member.first_scene) == (True, "st_hailu")

    @pytest.mark.parametrize("scene", ["", "st_unknown"])
    def test_by_no_store_is_greeted_by_the_house(self, scene: str) -> None:
        assert received(followed(scene=scene)) == words.WELCOME

    def test_three_deliveries_are_one_follow_with_one_answer(self, app: Flask) -> None:
        answers = [received(followed(scene="st_hailu")) for _ in range(3)]

        assert answers == [WELCOME] * 3
        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(OutboxRow)).all()) == 1
            assert len(db.scalars(select(Touch)).all()) == 1
            assert len(db.scalars(select(InboxRow)).all()) == 1

    def test_three_deliveries_at_once_are_one_follow_with_one_answer(self, app: Flask) -> None:
        answers = at_once(app, [lambda: received(followed(scene="st_hailu"))] * 3)

        assert answers == [WELCOME] * 3
        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(OutboxRow)).all()) == 1

    def test_and_scanning_at_once_are_both_taken_in(self, app: Flask) -> None:
        # A newcomer's two acts reach two processes at one moment: both would make the member.
        acts = [followed(key="a"), scanned(scene="st_hailu", key="b"), followed(key="c")]

        answers = at_once(app, [lambda act=act: received(act) for act in acts])  # type: ignore[misc]  # bound now

        assert all(answers)
        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(InboxRow)).all()) == 3

    def test_and_leaving_are_remembered(self, app: Flask) -> None:
        received(followed())

        assert received(left(at_s=2)) == words.NOTHING

        assert not follows()

    @pytest.mark.parametrize(("left_at_s", "stays"), [(1, True), (3, False)])
    def test_and_leaving_told_in_the_wrong_order_is_what_he_did_last(
        self, app: Flask, left_at_s: int, *, stays: bool
    ) -> None:
        acts: dict[int, Incoming] = {
            left_at_s: left(at_s=left_at_s),
            2: replace(followed(key="b"), sent_at_s=2),
            0: replace(followed(key="a"), sent_at_s=0),
        }

        for at_s in sorted(acts, reverse=True):
            received(acts[at_s])

        assert follows() is stays


class TestScanning:
    def test_a_stores_code_again_is_a_touch(self, app: Flask) -> None:
        received(followed())

        assert "海尔路旗舰店" in received(scanned(scene="st_hailu"))

        with transaction(reads_only=True) as db:
            assert [touch.scene for touch in db.scalars(select(Touch))] == ["st_hailu"]

    def test_a_bind_code_binds_the_technician_and_not_a_store(self, app: Flask) -> None:
        with transaction() as db:
            code = roster.new_bind_code(db, technician_id=1)

        answer = received(scanned(scene=words.BIND_SCENE_PREFIX + code))

        assert answer.startswith("王师傅")
        with transaction(reads_only=True) as db:
            technician = dispatch.technician_by_openid(db, OPENID)
            assert technician is not None
            assert technician.bind_code == ""
            # M4 reaches him only as a follower of the account.
            assert members.member_by_openid(db, OPENID) is not None

    def test_a_bind_code_twice_is_refused_but_its_repetition_is_not(self, app: Flask) -> None:
        with transaction() as db:
            code = roster.new_bind_code(db, technician_id=1)
        scene = words.BIND_SCENE_PREFIX + code

        first, repeated = received(scanned(scene=scene)), received(scanned(scene=scene))
        used_up = received(scanned(scene=scene, key="another"))

        assert first == repeated
        assert used_up == "绑定码无效，请让调度重新生成。"

    @pytest.mark.parametrize("scene", ["bind_", "bind_NONSENSE00"])
    def test_a_bind_code_that_is_none_binds_nobody(self, app: Flask, scene: str) -> None:
        assert received(scanned(scene=scene)) == "绑定码无效，请让调度重新生成。"

        with transaction(reads_only=True) as db:
            assert dispatch.technician_by_openid(db, OPENID) is None

    def test_a_bind_code_moves_a_wechat_from_one_technician_to_another(self, app: Flask) -> None:
        with transaction() as db:
            a_technician(db, branch_id=1)
            codes = [roster.new_bind_code(db, technician_id=i) for i in (1, 2)]
        for number, code in enumerate(codes):
            received(scanned(scene=words.BIND_SCENE_PREFIX + code, key=str(number)))

        with transaction(reads_only=True) as db:
            assert [dispatch.technician(db, i).openid for i in (1, 2)] == [None, OPENID]


class TestSaying:
    def test_something_known_leads_to_its_page(self, app: Flask) -> None:
        assert "https://doorbell.localhost/c/bookings" in received(said("我的预约"))

    def test_where_a_store_is_tells_of_ones_own_as_a_card(self, app: Flask) -> None:
        assert "/c/stores" in received(said("店地址", key="a stranger's"))
        received(followed(scene="st_hailu"))
        assert "https://doorbell.localhost/c/stores" in received(said("门店在哪里", key="8"))
        with transaction() as db:
            catalogue.change_store(
                db, code="HL", name="海尔路店", welcome="您好", address="海尔路 63 号", point=NORTH
            )

        name, about, url = words.card_of(received(said("门店", key="9"))) or ("", "", "")

        assert (name, url) == ("海尔路店", "https://doorbell.localhost/c/stores")
        assert "海尔路 63 号" in about

    def test_anything_else_is_helped(self, app: Flask) -> None:
        assert received(said("<xml>' OR 1=1 --")) == words.HELP

    def test_nothing_we_know_is_answered_by_silence(self, app: Flask) -> None:
        viewed = MenuViewed(
            openid=OPENID, account="gh_1", sent_at_s=1, dedupe_key="5", url="https://x"
        )

        assert received(viewed) == words.NOTHING

    def test_is_kept_with_its_answer(self, app: Flask) -> None:
        received(said("你好"))

        with transaction(reads_only=True) as db:
            row = db.scalars(select(InboxRow)).one()
        assert (row.openid, row.kind, row.text, row.answer) == (
            OPENID,
            "textsaid",
            "你好",
            words.HELP,
        )


class TestSeveralTogether:
    def test_are_answered_as_each_would_be_alone(self, app: Flask) -> None:
        with transaction() as db:
            a_service(db)
        words_said = ("预约", "我的预约", "你好", "几点到", "")

        def acts(who: str) -> list[Incoming]:
            told = [
                followed(scene="st_hailu", key="f"),
                scanned(scene="st_hailu", key="s"),
                scanned(scene="st_none", key="n"),
                heard("下午来市北区装空调"),
                left(at_s=0),
                *(said(text, key=f"t{text}") for text in words_said),
            ]
            return [
                replace(one, openid=f"o{who}{number}", dedupe_key=f"{who} {one.dedupe_key}")
                for number, one in enumerate(told)
            ]

        alone = [received(act) for act in acts("alone")]
        with transaction() as db:
            together = inbox.receive(
                db, acts("together"), public_base="https://doorbell.localhost", now=MONDAY_NINE
            )

        assert together == alone
        assert len(set(together)) > 5
        with transaction(reads_only=True) as db:
            kept = db.scalars(select(InboxRow.answer).order_by(InboxRow.id)).all()
            brought = {openid[:-1] for openid, *_ in members.brought(db)}
        assert sorted(kept[: len(alone)]) == sorted(kept[len(alone) :])
        assert brought == {"oalone", "otogether"}

    def test_one_who_comes_and_goes_meanwhile_is_gone(self, app: Flask) -> None:
        acts = [left(at_s=2), followed(key="a"), scanned(scene="st_hailu", key="b")]

        with transaction() as db:
            inbox.receive(db, acts, public_base="", now=MONDAY_NINE)

        assert not follows()

    def test_the_same_twice_is_one_with_one_answer(self, app: Flask) -> None:
        with transaction() as db:
            answers = inbox.receive(
                db, [followed(scene="st_hailu")] * 3, public_base="", now=MONDAY_NINE
            )

        assert answers == [WELCOME] * 3
        with transaction(reads_only=True) as db:
            assert len(db.scalars(select(OutboxRow)).all()) == 1
            assert len(db.scalars(select(InboxRow)).all()) == 1


class TestBeingAnsweredFromTheDatabase:
    def test_his_bookings_are_told(self, app: Flask) -> None:
        with transaction() as db:
            a_service(db)
            by = a_member(db, openid=OPENID)
            draft = a_draft(db, by=by)
        with transaction() as db:
            held = bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow(),
                window=Window(10 * HOUR_S, 12 * HOUR_S),
                by=by,
                now=MONDAY_NINE,
            )
        with transaction() as db:
            bookings.commit(db, number=held.number, by=by, now=MONDAY_NINE)

        answer = received(said("我的预约"))

        assert "11月24日 周二 10:00–12:00 空调安装\n浮山后三小区" in answer
        # Told again it is what he was told, though he has been there since.
        assert received(said("我的预约")) == answer

    def test_nobody_elses_bookings_are(self, app: Flask) -> None:
        assert "没有待上门的预约" in received(said("我的预约"))

    def test_a_place_that_is_served_gets_its_next_windows(self, app: Flask) -> None:
        with transaction() as db:
            a_service(db)

        answer = received(located(NORTH))

        card = words.card_of(answer)
        assert card is not None
        title, about, url = card
        assert "可以上门" in title
        assert about.count("11月23日 周一") == 3
        assert url == "https://doorbell.localhost/c/book/air_install?said=last"
        with transaction(reads_only=True) as db:
            place = queries.named_last(db, OPENID).place
            assert place
            assert place in title
            assert queries.named_last(db, "oSomebodyElse").place == ""

    def test_a_place_that_is_not_served_is_told_so(self, app: Flask) -> None:
        with transaction() as db:
            a_service(db)

        assert "不在我们的上门范围" in received(located(Point(39.9, 116.4)))

    def test_a_voice_is_told_what_was_understood(self, app: Flask) -> None:
        with transaction() as db:
            a_service(db)

        answer = received(heard("下午来市北区装空调"))

        for part in ("服务：空调安装", "区域：市北区", "时间：下午", "/c/book/air_install"):
            assert part in answer

    @pytest.mark.parametrize("text", ["下午来市北区装空调", "下午来市北区安装空调"])
    def test_a_line_that_says_as_much_as_a_voice_is_told_the_same(self, text: str) -> None:
        with transaction() as db:
            a_service(db)

        answer = received(said(text))

        for part in ("服务：空调安装", "区域：市北区", "时间：下午", "/c/book/air_install"):
            assert part in answer
        received(said("谢谢", key="8"))
        with transaction(reads_only=True) as db:
            named = queries.named_last(db, OPENID)
        assert (named.place, named.voice, named.part) == ("市北区", text, "afternoon")

    def test_a_line_that_asks_after_ones_own_is_no_wish(self, app: Flask) -> None:
        with transaction() as db:
            a_service(db)

        assert received(said("下午能送到吗", key="9")) == words.HELP
        assert "我的预约" in received(said("下午几点到，空调安装", key="10"))

    @pytest.mark.parametrize("silence", ["", "  "])
    def test_a_voice_that_nobody_heard_is_asked_for_kindly(self, silence: str) -> None:
        assert received(heard(silence)) == words.NOT_HEARD
