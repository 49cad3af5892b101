"""The door of the technician's face: its blueprint with every page on it."""

from faces.technician import days, photos, visits
from faces.technician.routes import blueprint

__all__ = ["blueprint", "days", "photos", "visits"]
