"""Following: one person is one member, however often he is met at once."""

from flask import Flask
from sqlalchemy import select

from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from members import queries
from members.models import Member
from members.operations import following
from tests.hands import at_once
from tests.house import MONDAY_NINE

OPENID = "oTest_00000000000000000000001"


def followed(*, scene: str = "") -> int:
    with transaction() as db:
        return following.follow(db, openid=OPENID, scene=scene, now=MONDAY_NINE).id


def the_member(db: Session) -> Member:
    return db.scalars(select(Member)).one()


class TestMeet:
    def test_makes_a_member_once(self, app: Flask) -> None:
        numbers = set()
        for _ in range(2):
            with transaction() as db:
                numbers.add(following.meet(db, openid=OPENID, now=MONDAY_NINE).number)

        assert len(numbers) == 1
        with transaction(reads_only=True) as db:
            assert not the_member(db).follows

    def test_by_many_hands_at_once_is_one_member(self, app: Flask) -> None:
        # He scans at the till while the menu signs him in: two callbacks and a page at one moment.
        def meet() -> int:
            with transaction() as db:
                return following.meet(db, openid=OPENID, now=MONDAY_NINE).id

        ids = at_once(app, [meet] * 6)

        # PostgreSQL spends a number on every row that another hand's came before.
        with transaction(reads_only=True) as db:
            assert set(ids) == {the_member(db).id}


class TestFollow:
    def test_is_told_with_the_scene_that_brought_him(self, app: Flask) -> None:
        followed(scene="st_1")

        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow)).one()
            member = the_member(db)
        assert (told.name, told.facts["scene"]) == ("MemberFollowed", "st_1")
        assert (member.follows, member.first_scene, member.last_scene) == (True, "st_1", "st_1")

    def test_keeps_the_first_scene_for_ever_and_moves_the_last(self, app: Flask) -> None:
        for scene in ("st_1", "st_2", ""):
            followed(scene=scene)

        with transaction(reads_only=True) as db:
            member = the_member(db)
            touches = [touch.scene for touch in queries.touches(db, member.id)]
        assert (member.first_scene, member.last_scene, touches) == (
            "st_1",
            "st_2",
            ["st_1", "st_2"],
        )

    def test_again_after_leaving_is_the_same_member(self, app: Flask) -> None:
        first = followed()
        with transaction() as db:
            following.unfollow(db, openid=OPENID)
            assert not the_member(db).follows

        assert followed() == first
        with transaction(reads_only=True) as db:
            assert the_member(db).follows

    def test_to_leave_without_having_come_is_nothing(self, app: Flask) -> None:
        with transaction() as db:
            following.unfollow(db, openid="oNobody")

        with transaction(reads_only=True) as db:
            assert db.scalars(select(Member)).all() == []
