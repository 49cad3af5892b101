"""Travel times: what a proof relies on, for any points."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.maps.travel import GreatCircle
from kernel.geo import Point, great_circle_m

# A nation's extent, and a street's, where rounding matters most.
near = st.builds(
    Point,
    st.floats(36.10, 36.1005, allow_nan=False),
    st.floats(120.40, 120.4005, allow_nan=False),
)
far = st.builds(Point, st.floats(20, 50, allow_nan=False), st.floats(75, 130, allow_nan=False))
on_a_line = st.builds(lambda step: Point(36.1 + step / 10_000, 120.4), st.integers(0, 500))
points = st.one_of(
    st.lists(near, min_size=1, max_size=7),
    st.lists(far, min_size=1, max_size=7),
    st.lists(on_a_line, min_size=1, max_size=7),
)
travels = st.builds(
    GreatCircle,
    detour=st.floats(1, 3),
    speed_kmh=st.floats(3, 120),
    leg_s=st.integers(1, 600),
)


@given(points, travels)
def test_going_by_way_of_a_third_place_is_never_shorter(
    places: list[Point], travel: GreatCircle
) -> None:
    seconds = travel.matrix(places).astype(np.int64)

    for a, b, c in itertools.product(range(len(places)), repeat=3):
        assert seconds[a, c] <= seconds[a, b] + seconds[b, c]


@given(points, travels)
def test_the_way_back_takes_as_long_and_staying_takes_nothing(
    places: list[Point], travel: GreatCircle
) -> None:
    seconds = travel.matrix(places)

    assert seconds.dtype == np.int32
    assert (seconds == seconds.T).all()
    assert (np.diag(seconds) == 0).all()
    assert (seconds >= 0).all()


@given(points, travels)
def test_a_newcomer_costs_what_the_matrix_would_say(
    places: list[Point], travel: GreatCircle
) -> None:
    *known, newcomer = places

    to_s, from_s = travel.to_from(known, newcomer)

    matrix = travel.matrix(places)
    assert to_s.tolist() == matrix[:-1, -1].tolist()
    assert from_s.tolist() == matrix[-1, :-1].tolist()


@given(near | far, near | far)
def test_the_time_is_the_drive_rounded_up_plus_the_leg(start: Point, end: Point) -> None:
    travel = GreatCircle()

    seconds = int(travel.matrix([start, end])[0, 1])

    drive_s = great_circle_m(start, end) * 1.35 / (24 / 3.6)
    assert start == end or drive_s + 90 - 0.01 <= seconds <= drive_s + 91.01


def test_the_default_is_cautious_across_the_city() -> None:
    # 五四广场 to 青岛北站: 11.4 km as the crow flies.
    seconds = int(GreatCircle().matrix([Point(36.0618, 120.3846), Point(36.1690, 120.3757)])[0, 1])

    assert 39 * 60 <= seconds <= 42 * 60


def test_no_points_give_an_empty_matrix() -> None:
    travel = GreatCircle()

    assert travel.matrix([]).shape == (0, 0)
    assert [side.shape for side in travel.to_from([], Point(36, 120))] == [(0,), (0,)]


def test_the_fingerprint_tells_parameters_apart() -> None:
    prints = {
        GreatCircle().fingerprint,
        GreatCircle(detour=1.4).fingerprint,
        GreatCircle(speed_kmh=25).fingerprint,
        GreatCircle(leg_s=91).fingerprint,
    }

    assert len(prints) == 4
    assert GreatCircle().fingerprint == GreatCircle(leg_s=90).fingerprint


@pytest.mark.parametrize("bad", [{"detour": 0.9}, {"speed_kmh": 0}, {"leg_s": 0}])
def test_parameters_that_would_break_a_proof_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="travel needs"):
        GreatCircle(**bad)  # type: ignore[arg-type]  # one dict for floats and ints
