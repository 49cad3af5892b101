"""Appliances: the lists that vouch for them, the scan at the door, the warranty, on both databases."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking import asset_queries
from booking.asset_models import ApplianceModel, Asset, Serial, SerialImport
from booking.asset_queries import AssetMissing
from booking.assets import SerialTaken, SerialUnknown, Verdict
from booking.operations import assets
from booking.operations.assets import MembersOnly, NotAtWork
from booking.serial_list import COLUMNS, BadRows
from dispatch.queries import VisitMissing
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.outbox import OutboxRow
from tests.hands import at_once
from tests.house import DISPATCHER, MONDAY_NINE, a_member
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    booking_of,
    visit_of,
)

TUESDAY = date(2026, 11, 24)
SERIAL = "AB123456"


def a_list(*lines: str) -> bytes:
    return "\n".join([",".join(COLUMNS), *lines]).encode()


def imported(*lines: str) -> SerialImport:
    with transaction() as db:
        return assets.import_serials(
            db, raw=a_list(*lines), file_name="list.csv", by=DISPATCHER, now=MONDAY_NINE
        )


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_city()


@pytest.fixture
def neighbour(member: Actor) -> Actor:
    with transaction() as db:
        return a_member(db, openid="oTest000000000000000000002")


@pytest.fixture
def listed(app: Flask) -> None:
    imported(f"{SERIAL},KFR-35,挂机,72,12")


def count(model: type[Serial] | type[ApplianceModel] | type[SerialImport]) -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(model)) or 0


def scanned(number: str, by: Actor, *, serial: str = SERIAL) -> assets.Scanned:
    with transaction() as db:
        return assets.scan_serial(
            db, visit_number=visit_of(number).number, serial=serial, by=by, now=TUESDAY_TEN
        )


def bound(by: Actor, *, serial: str = SERIAL) -> Asset:
    with transaction() as db:
        return assets.bind_warranty(db, serial=serial, by=by, now=TUESDAY_TEN)


class TestImport:
    def test_takes_a_list_in(self, app: Flask) -> None:
        taken = imported("AB123456,KFR-35,挂机,72,12", "AB123457,KFR-35,挂机,72,12")

        assert (taken.rows, taken.added) == (2, 2)
        assert (count(Serial), count(ApplianceModel)) == (2, 1)

    def test_of_the_same_list_again_adds_nothing(self, listed: None) -> None:
        taken = imported(f"{SERIAL},KFR-35,挂机,72,12", "AB123457,KFR-35,挂机,72,12")

        assert (taken.rows, taken.added, count(Serial)) == (2, 1, 2)

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param("x,KFR-35,挂机,72,12", id="a_bad_row"),
            pytest.param("AB123457,KFR-35,挂机,36,12", id="a_known_model_that_changed"),
            pytest.param(f"{SERIAL},KFR-72,柜机,72,12", id="a_known_serial_of_another_model"),
        ],
    )
    def test_with_one_wrong_row_takes_nothing(self, listed: None, line: str) -> None:
        with pytest.raises(BadRows) as refused:
            imported("CD123456,XQG,洗衣机,36,0", line)

        faults = refused.value.facts["faults"]
        assert isinstance(faults, list)
        assert [fault["line"] for fault in faults] == [3]
        assert (count(Serial), count(ApplianceModel), count(SerialImport)) == (1, 1, 1)

    def test_takes_thousands_of_rows(self, app: Flask) -> None:
        taken = imported(*(f"AB{n:06d},KFR-35,挂机,72,12" for n in range(2_500)))

        assert (taken.rows, taken.added, count(Serial)) == (2_500, 2_500, 2_500)


class TestCheck:
    def test_tells_the_genuine_from_the_unknown(self, member: Actor, listed: None) -> None:
        with transaction(reads_only=True) as db:
            genuine = asset_queries.check_serial(db, serial="ab 123456", member_id=member.id)
            unknown = asset_queries.check_serial(db, serial="ZZ999999", member_id=member.id)

        assert (genuine.verdict, genuine.serial) == (Verdict.GENUINE, SERIAL)
        assert genuine.model is not None
        assert (unknown.verdict, unknown.model) == (Verdict.UNKNOWN, None)


class TestScan:
    def test_makes_the_appliance_the_members(self, member: Actor, listed: None) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)

        found = [scanned(number, technician) for _ in range(2)]

        assert [f.verdict for f in found] == [Verdict.GENUINE] * 2
        with transaction(reads_only=True) as db:
            [asset] = asset_queries.assets_of(db, member.id)
            history = asset_queries.history(db, asset.id)
            told = db.scalars(select(OutboxRow).where(OutboxRow.name == "AssetScanned")).all()
        assert (asset.installed_on, asset.next_maintenance_on, asset.bound_at) == (
            TUESDAY,
            date(2027, 11, 24),
            None,
        )
        assert [served.booking.number for served in history] == [number]
        assert len(told) == 1

    def test_before_the_work_begins_is_refused(self, member: Actor, listed: None) -> None:
        number = a_promise(member)
        technician = assigned(number)

        with pytest.raises(NotAtWork):
            scanned(number, technician)

    def test_at_another_technicians_visit_is_missing(self, member: Actor, listed: None) -> None:
        number = a_promise(member)
        at_work(number, assigned(number))

        with pytest.raises(VisitMissing):
            scanned(number, Actor(99, Role.TECHNICIAN))

    def test_of_an_unlisted_appliance_keeps_its_history_alone(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)

        found = scanned(number, technician)

        assert (found.verdict, found.asset.model_id) == (Verdict.UNKNOWN, None)
        with pytest.raises(SerialUnknown):
            bound(member)

    def test_of_somebody_elses_appliance_is_refused(
        self, member: Actor, neighbour: Actor, listed: None
    ) -> None:
        bound(neighbour)
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)

        with pytest.raises(SerialTaken):
            scanned(number, technician)


class TestWarranty:
    def test_runs_from_the_installation(self, member: Actor, listed: None) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        scanned(number, technician)

        with transaction() as db:
            asset = assets.bind_warranty(
                db, serial=SERIAL, by=member, now=TUESDAY_TEN + timedelta(days=40)
            )

        assert asset.warranty_until == date(2032, 11, 24)

    def test_by_one_tap_without_a_visit_runs_from_today(self, member: Actor, listed: None) -> None:
        first, second = bound(member), bound(member, serial=" ab123456 ")

        assert (first.id, first.warranty_until) == (second.id, date(2032, 11, 24))
        with transaction(reads_only=True) as db:
            told = db.scalars(select(OutboxRow).where(OutboxRow.name == "WarrantyBound")).all()
        assert [row.facts["asset_number"] for row in told] == [first.number]

    def test_of_an_appliance_listed_after_its_scan_can_be_bound(self, member: Actor) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        scanned(number, technician)
        imported(f"{SERIAL},KFR-35,挂机,72,12")

        asset = bound(member)

        assert (asset.warranty_until, asset.model_id) == (date(2032, 11, 24), 1)

    def test_is_one_members_only(self, member: Actor, neighbour: Actor, listed: None) -> None:
        bound(member)

        with pytest.raises(SerialTaken):
            bound(neighbour)
        with transaction(reads_only=True) as db:
            told = asset_queries.check_serial(db, serial=SERIAL, member_id=neighbour.id)
        assert told.verdict is Verdict.ALREADY_BOUND

    def test_is_not_bound_by_the_house(self, listed: None) -> None:
        with pytest.raises(MembersOnly):
            bound(DISPATCHER)

    def test_is_one_members_though_two_tap_at_once(
        self, app: Flask, member: Actor, neighbour: Actor, listed: None
    ) -> None:
        answers = at_once(
            app, [lambda: bound(member).member_id, lambda: bound(neighbour).member_id]
        )

        winners = [answer for answer in answers if isinstance(answer, int)]
        assert len(winners) == 1
        assert [type(answer) for answer in answers if not isinstance(answer, int)] == [SerialTaken]


class TestWhoSees:
    def test_the_owner_and_the_branch_that_served(
        self, member: Actor, neighbour: Actor, listed: None
    ) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        asset = scanned(number, technician).asset

        with transaction(reads_only=True) as db:
            for actor in (member, DISPATCHER_OF_ALL, Actor(1, Role.MANAGER)):
                assert asset_queries.asset(db, number=asset.number, by=actor).id == asset.id
            for actor in (neighbour, technician, Actor(2, Role.DISPATCHER, frozenset({2}))):
                with pytest.raises(AssetMissing):
                    asset_queries.asset(db, number=asset.number, by=actor)

    def test_what_is_due_for_maintenance(self, member: Actor, listed: None) -> None:
        number = a_promise(member)
        technician = assigned(number)
        at_work(number, technician)
        scanned(number, technician)

        with transaction(reads_only=True) as db:
            due = [
                len(asset_queries.maintenance_due(db, by_day=day, limit=10))
                for day in (date(2027, 11, 23), date(2027, 11, 24))
            ]
            assert asset_queries.assets_of_booking(db, booking_of(number).id)[0].serial == SERIAL
        assert due == [0, 1]
