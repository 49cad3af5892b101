"""Points and rings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.geo import Point, great_circle_m, in_ring, roughly

SQUARE = (Point(36.0, 120.0), Point(36.0, 121.0), Point(37.0, 121.0), Point(37.0, 120.0))
# A letter C: open towards the east.
HOOK = (
    Point(0, 0),
    Point(0, 3),
    Point(1, 3),
    Point(1, 1),
    Point(2, 1),
    Point(2, 3),
    Point(3, 3),
    Point(3, 0),
)


class TestPoint:
    @pytest.mark.parametrize(("lat", "lon"), [(90.1, 0), (-90.1, 0), (0, 180.1), (0, -180.1)])
    def test_lies_on_earth(self, lat: float, lon: float) -> None:
        with pytest.raises(ValueError, match="no such place"):
            Point(lat, lon)

    def test_is_never_not_a_number(self) -> None:
        with pytest.raises(ValueError, match="no such place"):
            Point(float("nan"), 120.0)


class TestGreatCircle:
    def test_from_qingdao_to_shanghai_is_about_550_km(self) -> None:
        there = great_circle_m(Point(36.0662, 120.3829), Point(31.2304, 121.4737))

        assert 540_000 < there < 560_000

    def test_is_nothing_to_the_same_place_and_half_the_earth_to_the_other_side(self) -> None:
        assert great_circle_m(Point(36, 120), Point(36, 120)) == 0
        assert great_circle_m(Point(0, 0), Point(0, 180)) == pytest.approx(20_015_087, abs=1)


class TestInRing:
    @pytest.mark.parametrize(
        ("lat", "lon", "inside"),
        [
            pytest.param(36.5, 120.5, True, id="the_middle"),
            pytest.param(36.5, 119.9, False, id="west"),
            pytest.param(36.5, 121.1, False, id="east"),
            pytest.param(37.1, 120.5, False, id="north"),
            pytest.param(35.9, 120.5, False, id="south"),
        ],
    )
    def test_of_a_square(self, lat: float, lon: float, *, inside: bool) -> None:
        assert in_ring(Point(lat, lon), SQUARE) is inside

    def test_knows_the_gap_of_a_hook(self) -> None:
        assert in_ring(Point(0.5, 2), HOOK)
        assert in_ring(Point(1.5, 0.5), HOOK)
        assert not in_ring(Point(1.5, 2), HOOK)

    @given(lat=st.floats(-89, 89), lon=st.floats(-179, 179))
    def test_does_not_care_where_the_ring_begins_or_which_way_it_runs(
        self, lat: float, lon: float
    ) -> None:
        point = Point(lat, lon)

        inside = in_ring(point, HOOK)

        assert in_ring(point, (*HOOK[3:], *HOOK[:3])) is inside
        assert in_ring(point, HOOK[::-1]) is inside

    def test_two_neighbours_share_no_place_on_their_border(self) -> None:
        east = tuple(Point(corner.lat, corner.lon + 1) for corner in SQUARE)
        border = Point(36.5, 121.0)

        assert [in_ring(border, SQUARE), in_ring(border, east)].count(True) == 1


class TestRoughly:
    def test_tells_the_neighbourhood_and_not_the_door(self) -> None:
        doors = [Point(36.0921, 120.3742), Point(36.0919, 120.3755)]

        told = {roughly(door) for door in doors}

        assert len(told) == 1
        assert all(great_circle_m(door, *told) < 360 for door in doors)
