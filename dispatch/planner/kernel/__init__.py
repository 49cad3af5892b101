"""The compiled heart of the planner: labels, insertion and the search, over plain arrays.

Compiled or not (see `compiling`), it does the same: no Python object is met inside. Each room
imports only those before it: `labels` (how early and how late), `newcomers` (where one more visit
fits), `steps` (what the search does to routes, and undoes), `hunt` (the search).
"""

from dispatch.planner.kernel.hunt import (
    ABSENT,
    BEST,
    BOOK_SIZE,
    COST,
    IDLE,
    STAMP,
    STEPS,
    UNKNOWN,
    USED,
    search,
)
from dispatch.planner.kernel.labels import label
from dispatch.planner.kernel.newcomers import NEVER, drives, find, starts
from dispatch.planner.kernel.steps import remember

__all__ = [
    "ABSENT",
    "BEST",
    "BOOK_SIZE",
    "COST",
    "IDLE",
    "NEVER",
    "STAMP",
    "STEPS",
    "UNKNOWN",
    "USED",
    "drives",
    "find",
    "label",
    "remember",
    "search",
    "starts",
]
