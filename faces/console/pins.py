"""What the board's map shows: where the technicians are, what is unassigned, what is in danger."""

from dataclasses import dataclass
from typing import Any

from flask import url_for

from dispatch.board import Bar, Board
from dispatch.looks import Look
from faces.chrome.filters import gettext


@dataclass(frozen=True, slots=True)
class Scene:
    """Pins and routes in the map macro's words; counts for the line above the map."""

    pins: tuple[dict[str, Any], ...]
    routes: tuple[dict[str, Any], ...]
    technicians: int
    unassigned: int


def scene_of(board: Board) -> Scene:
    """Return the map of that board."""
    at_work = [row for row in board.rows if row.shift is not None]
    pins = [
        {
            "id": f"t{row.technician_id}",
            "kind": "technician",
            "lat": row.place.lat,
            "lon": row.place.lon,
            "label": f"{row.name} {row.work_number}",
        }
        for row in at_work
    ]
    in_danger = {bar.visit_id for bar in board.at_risk}
    waiting = [bar for bar in board.unassigned if bar.visit_id not in in_danger]
    pins += [_pin(bar, "unassigned") for bar in waiting]
    pins += [_pin(bar, "late" if bar.look is Look.LATE else "risk") for bar in board.at_risk]
    places = {row.technician_id: row.place for row in board.rows}
    routes = [
        {
            "kind": "late",
            "points": [
                [places[bar.technician_id].lat, places[bar.technician_id].lon],
                [bar.point.lat, bar.point.lon],
            ],
        }
        for bar in board.at_risk
        if bar.look is Look.LATE
    ]
    return Scene(tuple(pins), tuple(routes), len(at_work), len(board.unassigned))


def _pin(bar: Bar, kind: str) -> dict[str, Any]:
    return {
        "id": f"v{bar.visit_id}",
        "kind": kind,
        "lat": bar.point.lat,
        "lon": bar.point.lon,
        "label": gettext("%(label)s，%(name)s", label=bar.label, name=bar.technician),
        "href": url_for("console.visit", number=bar.number),
    }
