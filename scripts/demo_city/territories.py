"""The three branches: which districts each serves, drawn as on our own map of the city."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from dispatch.models import Branch
from dispatch.operations import roster
from kernel.db import Session
from kernel.geo import Point
from scripts.demo_city.stage import HOUR_S

MAP = Path(__file__).parents[2] / "static" / "map" / "qingdao.geojson"
WINDOWS = tuple((hour * HOUR_S, (hour + 2) * HOUR_S) for hour in range(8, 20, 2))

Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One branch to be opened; Huangdao and Jimo belong to none, so that some places are refused."""

    code: str
    name: str
    depot: Point
    districts: tuple[str, ...]


GROUNDS: tuple[Ground, ...] = (
    Ground(
        code="QD1",
        name="青岛市北网点",
        depot=Point(36.1012, 120.3792),
        districts=("市南区", "市北区"),
    ),
    Ground(
        code="QD2",
        name="青岛崂山网点",
        depot=Point(36.1275, 120.4528),
        districts=("李沧区", "崂山区"),
    ),
    Ground(
        code="QD3",
        name="青岛城阳网点",
        depot=Point(36.3035, 120.3948),
        districts=("城阳区",),
    ),
)


def open_branches(db: Session) -> dict[str, Branch]:
    """Open every branch and return them by code."""
    rings = district_rings()
    return {
        ground.code: roster.add_branch(
            db,
            code=ground.code,
            name=ground.name,
            point=ground.depot,
            territory=joined(rings[name] for name in ground.districts),
            windows=WINDOWS,
        )
        for ground in GROUNDS
    }


def district_rings() -> Mapping[str, Ring]:
    """Return each district's outline as the schematic map draws it, not closed."""
    features: list[dict[str, Any]] = json.loads(MAP.read_text(encoding="utf-8"))["features"]
    return {
        feature["properties"]["name"]: _opened(feature["geometry"]["coordinates"][0])
        for feature in features
        if feature["properties"]["kind"] == "district"
    }


def joined(rings: Iterable[Sequence[Point]]) -> Ring:
    """Return the outline of neighbouring districts together: the edges that only one of them has.

    Raises ValueError when they do not form one piece without holes.
    """
    edges = [edge for ring in rings for edge in pairwise((*ring, ring[0]))]
    count = Counter(frozenset(edge) for edge in edges)
    following: dict[Point, list[Point]] = defaultdict(list)
    for start, end in edges:
        if count[frozenset((start, end))] == 1:
            following[start].append(end)
            following[end].append(start)
    outline = _walked(following)
    if len(outline) != len(following):
        raise ValueError("the districts do not form one piece")
    return outline


def _walked(following: Mapping[Point, Sequence[Point]]) -> Ring:
    """Walk once around, from the first corner back to it."""
    first = here = next(iter(following))
    before: Point | None = None
    corners = []
    for _ in following:
        corners.append(here)
        before, here = here, next(p for p in following[here] if p != before)
        if here == first:
            break
    return tuple(corners)


def _opened(corners: Sequence[Sequence[float]]) -> Ring:
    points = [Point(lat, lon) for lon, lat in corners]
    return tuple(points[:-1] if points[0] == points[-1] else points)
