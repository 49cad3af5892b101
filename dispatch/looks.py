"""What a bar of the board tells at first sight. Pure."""

from enum import StrEnum

from dispatch.states import OWED, VisitState

# A promise is at risk when less than this is left of its window, and the window shuts soon: an
# estimate for the far end of the day says little, and colour is for exceptions.
RISK_SLACK_S = 15 * 60
RISK_AHEAD_S = 3 * 3600
# So it is when it is missed with at least this chance.
LIKELY_PERCENT = 30


class Look(StrEnum):
    """What a bar tells at first sight."""

    HELD = "held"
    PLANNED = "planned"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_WAY = "on_way"
    IN_SERVICE = "in_service"
    PAUSED = "paused"
    WORK_DONE = "work_done"
    DONE = "done"
    FAILED = "failed"
    RISK = "risk"
    LATE = "late"


_LOOK_OF = {
    VisitState.HELD: Look.HELD,
    VisitState.PLANNED: Look.PLANNED,
    VisitState.READY: Look.PLANNED,
    VisitState.ASSIGNED: Look.ASSIGNED,
    VisitState.ACCEPTED: Look.ACCEPTED,
    VisitState.EN_ROUTE: Look.ON_WAY,
    VisitState.ARRIVED: Look.ON_WAY,
    VisitState.IN_SERVICE: Look.IN_SERVICE,
    VisitState.PAUSED: Look.PAUSED,
    VisitState.WORK_DONE: Look.WORK_DONE,
    VisitState.DONE: Look.DONE,
    VisitState.NO_SHOW: Look.FAILED,
    VisitState.REFUSED: Look.FAILED,
    VisitState.ACCESS_FAILED: Look.FAILED,
    VisitState.INCOMPLETE: Look.FAILED,
}
_EXPECTED = OWED | {VisitState.EN_ROUTE}


def look_of(
    state: VisitState, *, slack_s: int, shuts_in_s: int | None, late_percent: int = 0
) -> Look:
    """Return what the bar tells; `shuts_in_s` is None on any day but today, where nothing is at risk."""
    if state in _EXPECTED and shuts_in_s is not None:
        if slack_s < 0:
            return Look.LATE
        is_near = slack_s < RISK_SLACK_S or late_percent >= LIKELY_PERCENT
        if is_near and shuts_in_s <= RISK_AHEAD_S:
            return Look.RISK
    return _LOOK_OF[state]
