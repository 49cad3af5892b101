"""The door of the technician's face: its blueprint with every page on it."""

from faces.technician import collect, days, photos, visits
from faces.technician.routes import blueprint

__all__ = ["blueprint", "collect", "days", "photos", "visits"]
