"""The door of the consumer's face: its blueprint with every page on it."""

from faces.consumer import addresses, book, bookings, confirm, home, pay, photos, points, windows
from faces.consumer.routes import blueprint

__all__ = [
    "addresses",
    "blueprint",
    "book",
    "bookings",
    "confirm",
    "home",
    "pay",
    "photos",
    "points",
    "windows",
]
