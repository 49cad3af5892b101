"""What dispatch tells the house."""

from dataclasses import dataclass
from datetime import date

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(Event):
    """The live plan of a branch and day has another version."""

    branch_id: int
    day: date

    def topics(self) -> tuple[str, ...]:
        return (f"day:{self.branch_id}:{self.day.isoformat()}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _VisitEvent(Event):
    visit_id: int
    visit_number: str
    branch_id: int
    day: date
    # 0 while nobody was told that he is the one.
    technician_id: int

    def topics(self) -> tuple[str, ...]:
        return (
            f"visit:{self.visit_number}",
            f"day:{self.branch_id}:{self.day.isoformat()}",
            f"technician:{self.technician_id}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitAssigned(_VisitEvent):
    """A technician was given the visit; he and the member may be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitAccepted(_VisitEvent):
    """The technician took it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDeparted(_VisitEvent):
    """The technician is on his way; he expects to arrive at second `eta_s` of the day."""

    eta_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitArrived(_VisitEvent):
    """The technician is at the door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitStarted(_VisitEvent):
    """The service code was right and the work began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPaused(_VisitEvent):
    """The work rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitResumed(_VisitEvent):
    """The work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFinished(_VisitEvent):
    """The work is finished; the member has not signed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDone(_VisitEvent):
    """Signed and paid, or left so for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTaken(_VisitEvent):
    """The visit was given to somebody else; `technician_id` is he who lost it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReadied(_VisitEvent):
    """Everything that the visit needs is there, or no longer (`ready` says which)."""

    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDeclined(_VisitEvent):
    """`technician_id` will not do it and is never asked again; `reason` is his."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitUnserved(_VisitEvent):
    """A promised visit stands in no route any more: a named broken promise that waits for a person."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitForced(_VisitEvent):
    """A dispatcher gave it to `technician_id` though that breaks something: `breaks` names the visits
    that come late, and "rest" and "over" what it asks of him; `reason` is the dispatcher's."""

    reason: str
    breaks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDelayed(_VisitEvent):
    """The plan cannot keep the window any more; arrival is expected at second `eta_s` of the day."""

    eta_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCancelled(_VisitEvent):
    """The visit is off before anybody was at the door; `cause` says why."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFailed(_VisitEvent):
    """He was at the door and left without the work done: `state` and `cause` say how and why."""

    state: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAdded(_VisitEvent):
    """One more proof for the evidence clock."""

    kind: str
