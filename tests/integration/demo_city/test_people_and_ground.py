"""Who lives and works in the demo city, and who may sign in."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking import addresses, shop_queries
from booking import queries as booking
from booking.code_models import Code
from booking.models import Booking, Draft
from booking.operations.drafts import Address
from booking.states import BookingState
from dispatch import queries as dispatch
from gateways.maps.gazetteer import qingdao
from kernel.actor import CONSOLE_ROLES, Role
from kernel.db import transaction
from kernel.demo import DemoClockRow
from members import ledger_queries
from members.collecting import Way
from members.models import Member, Staff, Touch
from members.operations import sign_ins
from scripts.demo_city.stage import NOW, TODAY, day_at
from tests.integration.demo_city.conftest import Seeded


class TestGround:
    def test_has_three_branches_with_their_own_windows_and_four_stores(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            branches, stores = dispatch.branches(db), booking.stores(db)

        assert [b.name for b in branches] == ["青岛市北网点", "青岛崂山网点", "青岛城阳网点"]
        assert all(len(b.windows) >= 5 for b in branches)
        assert len({store.scene for store in stores}) == 4
        assert "st_hailu" in {store.scene for store in stores}
        assert all(len(store.welcome) > 20 for store in stores)

    def test_refuses_huangdao_and_jimo(self, city: Flask) -> None:
        outside = [e for e in qingdao().entries if e.district in ("黄岛区", "即墨区")]

        with transaction(reads_only=True) as db:
            for entry in outside:
                with pytest.raises(dispatch.OutOfArea):
                    dispatch.branch_serving(db, entry.point)

    def test_sells_eight_services_or_more_with_price_cards(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            services = booking.services(db)

        assert len(services) >= 8
        assert "air_install" in {service.code for service in services}
        assert all(service.options for service in services)
        for option in (option for service in services for option in service.options):
            assert option["kind"] in ("count", "switch")
            assert option["most"] >= 1
            assert option["price_fen"] > 0

    def test_has_gifts_and_coupons_for_points_and_a_coupon_for_a_scan(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            articles = shop_queries.on_sale(db)
            codes = db.scalars(select(Code).where(Code.coupon_kind_id.is_not(None))).all()

        assert {bool(article.stock) for article in articles} == {True, False}
        assert {Way.PICK_UP in one.ways for one in articles} == {True, False}
        # One booking's points are enough for the first; what has no stock is not sold out.
        assert [one.points for one in articles] == [60, 200, 480, 600]
        assert len(codes) == 1


class TestTechnicians:
    def test_are_forty_and_live_in_their_territory(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            branches = dispatch.branches(db)
            team = {b.id: dispatch.technicians(db, branch_id=b.id) for b in branches}

            assert [len(team[b.id]) for b in branches] == [16, 13, 11]
            for technician in (t for technicians in team.values() for t in technicians):
                assert dispatch.branch_serving(db, technician.point).id == technician.branch_id

    def test_have_skills_for_every_service_on_every_day(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            for branch in dispatch.branches(db):
                known = {t.id: t.skills for t in dispatch.technicians(db, branch_id=branch.id)}
                for offset in range(14):
                    shifts = dispatch.shifts(db, branch_id=branch.id, day=day_at(offset))
                    for service in booking.services(db):
                        able = [
                            t for t in shifts if known[t].get(service.skill, 0) >= service.level
                        ]
                        assert len(able) >= 2, (branch.name, offset, service.name)

    def test_work_on_when_the_demo_clock_is_moved_by_weeks(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            shifts = dispatch.shifts(db, branch_id=1, day=TODAY + timedelta(days=40))

        assert len(shifts) >= 10


class TestMembers:
    def test_are_many_with_names_phones_and_scenes(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            members = db.scalars(select(Member)).all()
            touches = db.scalar(select(func.count()).select_from(Touch))

        assert len(members) >= 150
        assert all(m.name and len(m.phone) == 11 and m.follows for m in members)
        scenes = Counter(m.last_scene for m in members)
        assert len(scenes) == 5
        assert touches == len(members) - scenes[""]

    def test_some_have_booked_again_and_again_and_hold_points(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            done = Counter(
                db.scalars(select(Booking.member_id).where(Booking.state == BookingState.COMPLETED))
            )
            regulars = [member_id for member_id, times in done.items() if times >= 3]

            assert len(regulars) >= 10
            assert all(ledger_queries.points_balance(db, m) >= 150 for m in regulars)

    def test_live_at_addresses_that_the_house_would_keep_alike(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            kept = db.scalars(select(Draft).order_by(Draft.id).limit(200)).all()

        for draft in kept:
            found = addresses.check(draft.address, draft.door, qingdao())
            assert found.is_sure
            assert found.address == Address(
                text=draft.address, compound=draft.compound, door=draft.door, point=draft.point
            )

    def test_have_followed_before_they_booked(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            early = db.scalar(
                select(func.count())
                .select_from(Booking)
                .join(Member, Member.id == Booking.member_id)
                .where(Booking.made_at <= Member.joined_at)
            )

        assert early == 0


class TestSignIns:
    def test_open_one_account_for_each_role(self, city: Flask, seeded: Seeded) -> None:
        lines = (seeded.folder / "sign-ins.txt").read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if not line.startswith("#")]

        # Checking takes a lock; right passwords change nothing.
        with transaction() as db:
            staff = {row.login: row for row in db.scalars(select(Staff))}
            for _, login, password, _, page in rows:
                found = sign_ins.check_password(db, login=login, password=password, now=NOW)
                assert found is staff[login]
                assert page == "https://doorbell.localhost/console/"

        assert {row.role for row in staff.values()} == CONSOLE_ROLES
        assert len(rows) == len(CONSOLE_ROLES)
        assert (seeded.folder / "sign-ins.txt").stat().st_mode & 0o777 == 0o600

    def test_keep_the_dispatcher_to_the_first_branch(self, city: Flask) -> None:
        with transaction(reads_only=True) as db:
            first = dispatch.branches(db)[0]
            [dispatcher] = db.scalars(select(Staff).where(Staff.role == Role.DISPATCHER))

        assert dispatcher.branch_ids == [first.id]

    def test_have_passwords_of_each_installation_alone(
        self, sqlite_city: Seeded, postgres_city: Seeded
    ) -> None:
        first, second = (
            set((seeded.folder / "sign-ins.txt").read_text(encoding="utf-8").split())
            for seeded in (sqlite_city, postgres_city)
        )

        assert not {word for word in first & second if word.count("-") == 3}


def test_the_demo_clock_was_set_to_nine_at_the_end(seeded: Seeded, city: Flask) -> None:
    with transaction(reads_only=True) as db:
        row = db.get(DemoClockRow, 1)

    assert row is not None
    was_set = NOW - timedelta(seconds=row.offset_s)
    assert seeded.began <= was_set <= seeded.ended + timedelta(seconds=1)
