"""Days to plan, as VROOM's JSON: a branch's day of home visits, and instances read from files."""

import math
import random
import re
from pathlib import Path
from typing import Any

HOUR_S = 3_600
OPEN_S, SHUT_S = 8 * HOUR_S + 1_800, 18 * HOUR_S
LUNCH = {"time_windows": [[11 * HOUR_S + 1_800, 12 * HOUR_S + 2_700]], "service": 2_700}
HUBS = 14
KM_A_DEGREE = 111.2
SOUTH, NORTH, WEST, EAST = 36.05, 36.20, 120.32, 120.48
SKILL_SHARES = (0.75, 0.65, 0.5, 0.35)
ASKED_SHARES = (0.4, 0.3, 0.2, 0.1)
WORK_MIN = {30: 30, 45: 30, 60: 25, 75: 10, 90: 5}
WINDOWS_H = {(8.5, 10.5): 0.25, (10, 12): 0.2, (13, 15): 0.25, (15, 17): 0.2, (16, 18): 0.1}

Point = tuple[float, float]


def city(seed: int, *, technicians: int, visits: int, lunch: bool) -> dict[str, Any]:
    """Make a district's day: homes in clusters, four skills, two-hour windows, shifts from 8:30 to 18:00.

    The order of the draws is part of what a seed means: who makes them so has the same day.
    """
    rng = random.Random(seed)
    hubs = [
        (rng.uniform(SOUTH, NORTH), rng.uniform(WEST, EAST), rng.uniform(0.5, 1.5))
        for _ in range(HUBS)
    ]

    def point(astray: float) -> Point:
        if rng.random() < astray:
            return rng.uniform(SOUTH, NORTH), rng.uniform(WEST, EAST)
        [(lat, lon, _)] = rng.choices(hubs, weights=[hub[2] for hub in hubs])
        step = 0.8 / KM_A_DEGREE
        return lat + rng.gauss(0, step), lon + rng.gauss(0, step) / math.cos(math.radians(lat))

    points, vehicles, jobs = [], [], []
    for nth in range(technicians):
        vehicles.append(_technician(rng, nth, lunch=lunch))
        points.append(point(0.4))
    for nth in range(visits):
        jobs.append(_visit(rng, nth, technicians + nth))
        points.append(point(0.15))
    durations = [[_drive_s(a, b) for b in points] for a in points]
    return {"vehicles": vehicles, "jobs": jobs, "matrices": {"car": {"durations": durations}}}


def _technician(rng: random.Random, nth: int, *, lunch: bool) -> dict[str, Any]:
    skills = [skill + 1 for skill, share in enumerate(SKILL_SHARES) if rng.random() < share]
    vehicle = {
        "id": nth + 1,
        "start_index": nth,
        "skills": skills or [rng.randrange(len(SKILL_SHARES)) + 1],
        "time_window": [OPEN_S, SHUT_S],
    }
    return {**vehicle, "breaks": [{"id": nth + 1, **LUNCH}]} if lunch else vehicle


def _visit(rng: random.Random, nth: int, place: int) -> dict[str, Any]:
    [minutes] = rng.choices(list(WORK_MIN), weights=list(WORK_MIN.values()))
    [(opens_h, shuts_h)] = rng.choices(list(WINDOWS_H), weights=list(WINDOWS_H.values()))
    [skill] = rng.choices(range(len(ASKED_SHARES)), weights=ASKED_SHARES)
    shuts_s = min(int(shuts_h * HOUR_S), SHUT_S - minutes * 60)
    return {
        "id": nth + 1,
        "location_index": place,
        "service": minutes * 60,
        "skills": [skill + 1],
        "time_windows": [[int(opens_h * HOUR_S), shuts_s]],
    }


def _drive_s(a: Point, b: Point) -> int:
    """Return the great circle with a detour of 35 % at 24 km/h, and a minute and a half to park."""
    if a == b:
        return 0
    lat = math.sin(math.radians(b[0] - a[0]) / 2) ** 2
    lon = math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    h = lat + math.cos(math.radians(a[0])) * math.cos(math.radians(b[0])) * lon
    return round(2 * 6371 * math.asin(math.sqrt(h)) * 1.35 / 24 * HOUR_S) + 90


def instance(path: Path) -> dict[str, Any]:
    """Read an instance in the format of Solomon and of Homberger, in tenths of its unit."""
    lines = path.read_text().splitlines()
    at = next(nth for nth, line in enumerate(lines) if "CAPACITY" in line)
    fleet, capacity = map(int, lines[at + 1].split())
    rows = [
        list(map(float, line.split())) for line in lines if re.match(r"^(\s+[\d.]+){7}\s*$", line)
    ]
    # Distances are cut off to a tenth, as the published best solutions have it.
    durations = [[int(10 * math.dist(a[1:3], b[1:3]) + 1e-9) for b in rows] for a in rows]
    vehicle = {
        "start_index": 0,
        "end_index": 0,
        "capacity": [capacity],
        "time_window": [int(rows[0][4]) * 10, int(rows[0][5]) * 10],
    }
    jobs = [
        {
            "id": nth,
            "location_index": nth,
            "service": int(row[6]) * 10,
            "delivery": [int(row[3])],
            "time_windows": [[int(row[4]) * 10, int(row[5]) * 10]],
        }
        for nth, row in enumerate(rows)
        if nth
    ]
    vehicles = [{"id": nth + 1, **vehicle} for nth in range(fleet)]
    return {"vehicles": vehicles, "jobs": jobs, "matrices": {"car": {"durations": durations}}}


def best_known(path: Path) -> int:
    """Return the cost of the best solution known, from the file beside an instance, in tenths."""
    text = path.with_suffix(".sol").read_text()
    found = re.search(r"^cost\s+([\d.]+)", text, re.IGNORECASE | re.MULTILINE)
    assert found is not None, path
    return round(float(found[1]) * 10)
