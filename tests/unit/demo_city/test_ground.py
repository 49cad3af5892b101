"""The branches on the map, and what they sell."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from gateways.maps.gazetteer import Kind, qingdao
from kernel.geo import Point, in_ring
from scripts.demo_city import households, people
from scripts.demo_city.catalogue import SHOPS, WARES
from scripts.demo_city.stage import AHEAD_DAYS, PAST_DAYS
from scripts.demo_city.territories import GROUNDS, district_rings, joined

ICONS = Path(__file__).parents[3] / "templates" / "_parts" / "icons.html"
OUTSIDE = ("黄岛区", "即墨区")


def square(lat: float, lon: float, side: float = 1.0) -> tuple[Point, ...]:
    return (
        Point(lat, lon),
        Point(lat, lon + side),
        Point(lat + side, lon + side),
        Point(lat + side, lon),
    )


def territories() -> dict[str, tuple[Point, ...]]:
    rings = district_rings()
    return {ground.code: joined(rings[name] for name in ground.districts) for ground in GROUNDS}


class TestJoinedDistricts:
    def test_neighbours_lose_the_border_between_them(self) -> None:
        outline = joined([square(0, 0), square(0, 1)])

        assert len(outline) == 6
        assert in_ring(Point(0.5, 1.0), outline)

    def test_districts_that_do_not_touch_are_refused(self) -> None:
        with pytest.raises(ValueError, match="one piece"):
            joined([square(0, 0), square(0, 2)])


class TestTerritories:
    def test_hold_every_compound_of_their_districts_once_and_of_no_others(self) -> None:
        rings = territories()

        for entry in (e for e in qingdao().entries if e.kind is Kind.COMPOUND):
            holders = [code for code, ring in rings.items() if in_ring(entry.point, ring)]
            expected = [g.code for g in GROUNDS if entry.district in g.districts]
            assert holders == expected, entry.name

    def test_leave_some_districts_of_the_city_unserved(self) -> None:
        served = {name for ground in GROUNDS for name in ground.districts}

        assert set(district_rings()) - served == set(OUTSIDE)

    def test_do_not_overlap(self) -> None:
        grid = [
            Point(36.03 + 0.005 * row, 120.13 + 0.005 * column)
            for row in range(72)
            for column in range(120)
        ]

        inside = {
            code: {p for p in grid if in_ring(p, ring)} for code, ring in territories().items()
        }

        assert all(inside.values())
        assert not any(inside[a] & inside[b] for a, b in combinations(inside, 2))

    def test_have_their_depots_inside(self) -> None:
        rings = territories()

        assert all(in_ring(ground.depot, rings[ground.code]) for ground in GROUNDS)


class TestCatalogue:
    def test_wears_icons_that_the_pages_can_draw(self) -> None:
        known = set(re.findall(r'^  "([a-z-]+)":', ICONS.read_text(encoding="utf-8"), re.MULTILINE))

        assert {ware.icon for ware in WARES} <= known

    def test_has_names_that_fit_the_board(self) -> None:
        assert all(2 <= len(ware.short_name) <= 4 for ware in WARES)

    def test_has_one_of_each_code_and_all_of_the_demand(self) -> None:
        assert len({ware.code for ware in WARES}) == len(WARES) >= 8
        assert sum(ware.share for ware in WARES) == 100

    def test_sells_deliveries_installations_and_maintenance(self) -> None:
        assert {w.category for w in WARES} == {"delivery", "installation", "maintenance", "tryout"}

    def test_stores_belong_to_a_branch_and_have_scenes_of_their_own(self) -> None:
        codes = {ground.code for ground in GROUNDS}

        assert {shop.branch_code for shop in SHOPS} <= codes
        assert len({shop.scene for shop in SHOPS}) == len(SHOPS) == 4


class TestTechnicians:
    def test_are_forty_with_names_of_their_own(self) -> None:
        names = [name for names in people.NAMES.values() for name in names]

        assert len(set(names)) == len(names) == 40

    @pytest.mark.parametrize("place", range(40))
    def test_have_one_day_of_the_week_off(self, place: int) -> None:
        week = [people.hours_on(place, offset) for offset in range(7)]

        assert week.count(None) == 1

    def test_cover_early_and_late_hours_of_every_branch_each_day(self) -> None:
        first = 0
        for names in people.NAMES.values():
            for offset in range(-PAST_DAYS, AHEAD_DAYS + 1):
                hours = [people.hours_on(first + n, offset) for n in range(len(names))]
                assert hours.count(people.EARLY) >= 3
                assert hours.count(people.LATE) >= 2
            first += len(names)


class TestHouseholds:
    def test_are_the_same_each_time(self) -> None:
        compounds = households.compounds_by_branch()

        assert households.settle(compounds) == households.settle(compounds)

    def test_have_openids_and_phones_that_nobody_shares(self) -> None:
        settled = households.settle(households.compounds_by_branch())

        everyone = [home for homes in settled.values() for home in homes]
        assert len({home.openid for home in everyone}) == len(everyone)
        assert len({home.phone for home in everyone}) == len(everyone)
        assert {len(home.openid) for home in everyone} == {28}
