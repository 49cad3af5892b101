"""The door of the technician's face: its blueprint with every page on it."""

from faces.technician import (
    arriving,
    care,
    collect,
    days,
    mine,
    nobody,
    photos,
    redeeming,
    signing,
    uploads,
    visits,
    ways,
    work,
)
from faces.technician.routes import blueprint

__all__ = [
    "arriving",
    "blueprint",
    "care",
    "collect",
    "days",
    "mine",
    "nobody",
    "photos",
    "redeeming",
    "signing",
    "uploads",
    "visits",
    "ways",
    "work",
]
