"""The bridges between our geocoders and geopy's."""

import math
from typing import Any

import pytest
from geopy.exc import GeocoderTimedOut
from geopy.location import Location

from gateways.maps.datum import Datum, to_gcj02
from gateways.maps.gazetteer import qingdao
from gateways.maps.geocoders import AsGeopy, FromGeopy
from gateways.maps.places import Confidence
from kernel.errors import Unavailable
from kernel.geo import Point, great_circle_m


class Remote:
    """A geocoder of geopy's kind that knows one place, or is away."""

    def __init__(self, place: Location | None, *, is_away: bool = False) -> None:
        self.place = place
        self.is_away = is_away
        self.asked: list[str] = []

    def geocode(self, text: str, **options: Any) -> Location | None:
        self.asked.append(text)
        if self.is_away:
            raise GeocoderTimedOut("away")
        return self.place


def behind(remote: Remote, datum: Datum = Datum.GCJ02) -> FromGeopy:
    return FromGeopy(remote, datum=datum, local=qingdao())


class TestAsGeopy:
    def test_speaks_geopy_to_who_knows_geopy(self) -> None:
        place = AsGeopy(qingdao()).geocode("浮山后三小区12号楼")

        assert isinstance(place, Location)
        assert place.address == "市北区浮山后三小区 12"
        assert (place.latitude, place.longitude) == (36.103, 120.4118)

    def test_answers_none_as_geopy_does(self) -> None:
        ours = AsGeopy(qingdao())

        assert ours.geocode("没有这个地方") is None
        assert ours.reverse("36.0, 120.9") is None

    def test_turns_points_into_names(self) -> None:
        places = AsGeopy(qingdao()).reverse((36.1032, 120.4120), exactly_one=False)

        assert isinstance(places, list)
        assert [place.address for place in places] == ["市北区浮山后三小区"]


class TestFromGeopy:
    def test_does_not_ask_for_what_we_know(self) -> None:
        remote = Remote(None)

        found = behind(remote).geocode("浮山后三小区12号楼")

        assert found is not None
        assert found.is_exact
        assert remote.asked == []

    def test_takes_the_remote_point_with_our_names(self) -> None:
        remote = Remote(Location("", (36.1032, 120.4120), {}))

        found = behind(remote).geocode("市北区某某公寓3号楼201")

        assert found is not None
        assert (found.point, found.confidence) == (Point(36.1032, 120.4120), Confidence.LIKELY)
        assert (found.district, found.street, found.compound) == ("市北区", "劲松四路", "")
        assert found.door.short == "3-201"

    def test_does_with_what_we_know_when_the_remote_is_away(self) -> None:
        found = behind(Remote(None, is_away=True)).geocode("香港中路10号")

        assert found is not None
        assert found.confidence is Confidence.STREET

    def test_says_so_when_nobody_can_answer(self) -> None:
        with pytest.raises(Unavailable):
            behind(Remote(None, is_away=True)).geocode("某某公寓")

    def test_ignores_places_outside_the_city(self) -> None:
        remote = Remote(Location("", (39.9, 116.4), {}))

        assert behind(remote).geocode("某某公寓") is None


class TestDatum:
    # 天安门 in the three datums, as the maps' own converters give them.
    WGS84 = (39.90733, 116.39124)
    GCJ02 = Point(39.908735, 116.397486)

    def test_moves_gps_by_what_china_moves_it(self) -> None:
        moved = to_gcj02(*self.WGS84, Datum.WGS84)

        assert great_circle_m(moved, self.GCJ02) < 5

    def test_leaves_its_own_datum_alone(self) -> None:
        assert to_gcj02(36.1, 120.4, Datum.GCJ02) == Point(36.1, 120.4)

    def test_brings_baidu_back(self) -> None:
        place = Point(36.1690, 120.3757)
        # Baidu's published way there.
        turn = math.pi * 3000 / 180
        length = math.hypot(place.lon, place.lat) + 0.00002 * math.sin(place.lat * turn)
        angle = math.atan2(place.lat, place.lon) + 0.000003 * math.cos(place.lon * turn)
        lat, lon = length * math.sin(angle) + 0.006, length * math.cos(angle) + 0.0065

        back = to_gcj02(lat, lon, Datum.BD09)

        assert great_circle_m(Point(lat, lon), place) > 800
        assert great_circle_m(back, place) < 1
