"""The door of the API: its blueprint with every route on it."""

from faces.api import bookings, catalogue, changes, goods, people, serials
from faces.api.routes import blueprint

__all__ = ["blueprint", "bookings", "catalogue", "changes", "goods", "people", "serials"]
