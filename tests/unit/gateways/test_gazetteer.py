"""Finding addresses of Qingdao, and the quality of the gazetteer itself."""

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.maps.gazetteer import Kind, qingdao
from gateways.maps.places import Confidence, Door
from kernel.geo import Point, great_circle_m

REPOSITORY = Path(__file__).parents[3]
DISTRICTS = {"市南区", "市北区", "李沧区", "崂山区", "城阳区", "黄岛区", "即墨区"}

gazetteer = qingdao()


class TestGeocode:
    @pytest.mark.parametrize(
        "text",
        [
            "青岛市市北区浮山后三小区12号楼2单元402",
            "山东省青岛市市北区浮山后三小区12号楼2单元402室",
            "浮山后三小区 12-2-402",
            "浮山后3小区12栋2单元402户",
            "市北区劲松四路浮山后三小区１２号楼２单元４０２",
            "浮山后三小区十二号楼二单元四零二",
            "中国山东省青岛市，市北区，浮山后三小区，12#2-402",
        ],
    )
    def test_finds_the_compound_and_the_door_however_written(self, text: str) -> None:
        found = gazetteer.geocode(text)

        assert found is not None
        assert found.confidence is Confidence.COMPOUND
        assert (found.district, found.compound, found.street) == (
            "市北区",
            "浮山后三小区",
            "劲松四路",
        )
        assert found.door == Door(building="12", unit="2", room="402")
        assert found.label == "市北区浮山后三小区 12-2-402"

    @pytest.mark.parametrize(
        ("text", "door"),
        [
            ("海信花园", Door()),
            ("海信花园A座1203", Door(building="A", room="1203")),
            ("海信花园5号楼", Door(building="5")),
            ("海信花园3-401", Door(building="3", room="401")),
            ("海信花园7号楼东单元201", Door(building="7", unit="东", room="201")),
            ("海信花园二十号楼十一单元", Door(building="20", unit="11")),
        ],
    )
    def test_reads_as_much_of_the_door_as_is_there(self, text: str, door: Door) -> None:
        found = gazetteer.geocode(text)

        assert found is not None
        assert found.door == door

    def test_guesses_one_wrong_character(self) -> None:
        found = gazetteer.geocode("市北区水清勾小区5号楼")

        assert found is not None
        assert (found.compound, found.confidence) == ("水清沟小区", Confidence.LIKELY)
        assert found.door == Door(building="5")

    @pytest.mark.parametrize("text", ["浮山后七小区", "浮山后小区"])
    def test_never_guesses_a_number(self, text: str) -> None:
        assert gazetteer.geocode(text) is None

    def test_doubts_a_compound_that_lies_in_another_district(self) -> None:
        found = gazetteer.geocode("市南区浮山后三小区")

        assert found is not None
        assert (found.district, found.confidence) == ("市北区", Confidence.LIKELY)

    def test_falls_back_to_the_street_with_its_number(self) -> None:
        found = gazetteer.geocode("青岛市市南区香港中路10号2号楼")

        assert found is not None
        assert (found.confidence, found.compound) == (Confidence.STREET, "")
        assert found.label == "市南区香港中路10号 2"

    def test_prefers_the_street_that_was_said_to_a_compound_that_was_not(self) -> None:
        found = gazetteer.geocode("同安路小区旁")

        assert found is not None
        assert (found.street, found.confidence) == ("同安路", Confidence.STREET)

    def test_takes_a_street_for_itself_and_not_for_the_area_in_its_name(self) -> None:
        found = gazetteer.geocode("台东一路10号")

        assert found is not None
        assert (found.street, found.compound) == ("台东一路", "")

    def test_takes_a_compound_for_itself_and_not_for_the_district_in_its_name(self) -> None:
        found = gazetteer.geocode("即墨古城小区3号楼")

        assert found is not None
        assert (found.compound, found.confidence) == ("即墨古城小区", Confidence.COMPOUND)

    def test_asks_for_the_district_of_a_street_that_several_have(self) -> None:
        assert gazetteer.geocode("滨海大道100号") is None

        found = gazetteer.geocode("西海岸新区滨海大道100号")
        assert found is not None
        assert found.district == "黄岛区"

    def test_falls_back_to_the_district(self) -> None:
        found = gazetteer.geocode("青岛市城阳区某某村")

        assert found is not None
        assert (found.district, found.confidence) == ("城阳区", Confidence.DISTRICT)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "青岛市",
            "啊",
            "济南市历下区泉城路10号",
            "北京市朝阳区建国路",
            "江苏省南京市中山路",
        ],
    )
    def test_knows_nothing_of_other_places(self, text: str) -> None:
        assert gazetteer.geocode(text) is None

    def test_does_not_take_a_road_for_the_province_of_its_name(self) -> None:
        found = gazetteer.geocode("山东路9号")

        assert found is not None
        assert found.street == "山东路"

    @given(st.text(max_size=200))
    def test_answers_every_text(self, text: str) -> None:
        found = gazetteer.geocode(text)

        assert found is None or found.district in DISTRICTS

    def test_finds_every_compound_by_its_name_in_its_district(self) -> None:
        lost = [
            entry.name
            for entry in gazetteer.entries
            if entry.kind is Kind.COMPOUND
            and (
                (found := gazetteer.geocode(f"青岛市{entry.district}{entry.name}1号楼")) is None
                or (found.compound, found.confidence) != (entry.name, Confidence.COMPOUND)
            )
        ]

        assert lost == []


class TestSuggest:
    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("浮山后三", "浮山后三小区"),
            ("浮山后3", "浮山后三小区"),
            ("市北区浮山后三", "浮山后三小区"),
            ("浮后三", "浮山后三小区"),
            ("理想之城", "绿城理想之城"),
            ("水清勾", "水清沟小区"),
            ("即墨古", "即墨古城小区"),
            ("浮山后三小区12号楼", "浮山后三小区"),
            ("香港中", "香港中路"),
        ],
    )
    def test_puts_the_meant_one_first(self, typed: str, first: str) -> None:
        assert gazetteer.suggest(typed)[0].name == first

    def test_offers_the_whole_family(self) -> None:
        names = [one.name for one in gazetteer.suggest("浮山后")]

        assert names == [f"浮山后{n}小区" for n in "一二三四五六"]

    def test_keeps_to_the_district_that_was_typed(self) -> None:
        assert {one.district for one in gazetteer.suggest("黄岛区长江", limit=20)} == {"黄岛区"}

    @pytest.mark.parametrize("limit", [0, 1, 5])
    def test_gives_no_more_than_asked(self, limit: int) -> None:
        assert len(gazetteer.suggest("路", limit=limit)) <= limit

    @given(st.text(max_size=200))
    def test_answers_every_text(self, text: str) -> None:
        assert len(gazetteer.suggest(text)) <= 8


class TestReverse:
    def test_finds_the_nearest_compound(self) -> None:
        near = gazetteer.reverse(Point(36.1032, 120.4120))

        assert near is not None
        assert near.name == "浮山后三小区"
        assert near.distance_m < 50

    def test_finds_nobody_at_sea(self) -> None:
        assert gazetteer.reverse(Point(36.00, 120.60)) is None


def _rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    is_one = geometry["type"] == "Polygon"
    return [geometry["coordinates"][0]] if is_one else [p[0] for p in geometry["coordinates"]]


def _holds(ring: list[list[float]], point: Point) -> bool:
    """Tell whether the ring is around the point: an eastward ray crosses it an odd number of times."""
    crossings = 0
    for (x, y), (to_x, to_y) in itertools.pairwise(ring):
        if (y > point.lat) != (to_y > point.lat):
            crossings += point.lon < x + (point.lat - y) / (to_y - y) * (to_x - x)
    return crossings % 2 == 1


class TestTheData:
    """The gazetteer and the schematic map must agree: people look at both."""

    def test_cover_every_district(self) -> None:
        count = Counter((entry.kind, entry.district) for entry in gazetteer.entries)

        assert {district for _, district in count} == DISTRICTS
        assert all(count[Kind.COMPOUND, district] >= 20 for district in DISTRICTS)
        assert all(count[Kind.STREET, district] >= 10 for district in DISTRICTS)

    def test_name_nothing_twice(self) -> None:
        names = Counter(
            key for entry in gazetteer.entries if entry.kind is Kind.COMPOUND for key in entry.keys
        )
        streets = Counter(
            (entry.district, entry.name) for entry in gazetteer.entries if entry.kind is Kind.STREET
        )

        assert [name for name, times in (names + streets).items() if times > 1] == []

    def test_put_every_compound_on_a_street_of_its_district(self) -> None:
        streets = {(e.district, e.name) for e in gazetteer.entries if e.kind is Kind.STREET}

        lost = [
            entry.name
            for entry in gazetteer.entries
            if entry.kind is Kind.COMPOUND and (entry.district, entry.street) not in streets
        ]
        assert lost == []

    def test_lie_on_land_in_their_district(self) -> None:
        features = json.loads((REPOSITORY / "static/map/qingdao.geojson").read_text("utf-8"))
        around = {
            feature["properties"]["name"]: _rings(feature["geometry"])
            for feature in features["features"]
            if feature["properties"]["kind"] == "district"
        }
        land = next(
            _rings(feature["geometry"])
            for feature in features["features"]
            if feature["properties"]["kind"] == "land"
        )

        adrift = [
            (entry.district, entry.name)
            for entry in gazetteer.entries
            if not any(_holds(ring, entry.point) for ring in around[entry.district])
            or not any(_holds(ring, entry.point) for ring in land)
        ]
        assert adrift == []

    def test_keep_their_distance(self) -> None:
        compounds = [entry for entry in gazetteer.entries if entry.kind is Kind.COMPOUND]

        stacked = [
            (one.name, other.name)
            for place, one in enumerate(compounds)
            for other in compounds[:place]
            if great_circle_m(one.point, other.point) < 20
        ]
        assert stacked == []
