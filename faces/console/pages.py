"""All pages of the console: importing this module gives the blueprint its views."""

from faces.console import board, bookings, messages, plans, stores, technicians, visits
from faces.console.routes import blueprint

__all__ = [
    "blueprint",
    "board",
    "bookings",
    "messages",
    "plans",
    "stores",
    "technicians",
    "visits",
]
