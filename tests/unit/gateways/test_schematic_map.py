"""The schematic map that pages draw when no tile server is set."""

import json
from pathlib import Path

MAP = Path(__file__).parents[3] / "static/map/qingdao.geojson"
FEATURES = json.loads(MAP.read_text("utf-8"))["features"]


def test_the_map_is_small_enough_for_a_phone() -> None:
    assert MAP.stat().st_size < 120_000


def test_every_feature_has_a_kind_and_a_name() -> None:
    kinds = {feature["properties"]["kind"] for feature in FEATURES}

    assert kinds == {"sea", "land", "district", "road", "park", "place"}
    assert all(feature["properties"]["name"] for feature in FEATURES)


def test_every_road_has_a_rank_and_every_district_a_place_for_its_name() -> None:
    by_kind = {
        kind: [f["properties"] for f in FEATURES if f["properties"]["kind"] == kind]
        for kind in ("road", "district")
    }

    assert {road["rank"] for road in by_kind["road"]} == {1, 2, 3}
    assert all(len(district["label"]) == 2 for district in by_kind["district"])


def test_the_sea_comes_first_so_that_everything_else_is_drawn_upon_it() -> None:
    order = [feature["properties"]["kind"] for feature in FEATURES]

    assert order[:2] == ["sea", "land"]
    assert (
        order.index("district") < order.index("park") < order.index("road") < order.index("place")
    )
