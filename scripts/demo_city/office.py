"""One branch as the days see it: who works there, who lives around it, who publishes its plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kernel.actor import Actor
from scripts.demo_city.desk import Desk
from scripts.demo_city.households import Neighbourhood
from scripts.demo_city.people import Colleague


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A branch at work; `share` is its part of the city's demand."""

    code: str
    branch_id: int
    share: float
    colleagues: Sequence[Colleague]
    neighbourhood: Neighbourhood
    publisher: Actor

    def open_desk(self, day: date) -> Desk:
        """Open the books of a day on which nothing is planned yet."""
        return Desk.opened(self.branch_id, day, self.colleagues)
