"""All pages of the console: importing this module gives the blueprint its views."""

from faces.console import (
    account,
    board,
    bookings,
    catalogue,
    handing,
    messages,
    plans,
    shifts,
    stores,
    technician,
    technicians,
    visits,
)
from faces.console.routes import blueprint

__all__ = [
    "account",
    "blueprint",
    "board",
    "bookings",
    "catalogue",
    "handing",
    "messages",
    "plans",
    "shifts",
    "stores",
    "technician",
    "technicians",
    "visits",
]
