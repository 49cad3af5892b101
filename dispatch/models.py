"""Branches, technicians, visits and the rows of the live plan."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.keeping import Keeping
from dispatch.planner.problem import Window
from dispatch.states import (
    PROPOSAL_MACHINE,
    VISIT_MACHINE,
    ProposalAction,
    ProposalState,
    VisitAction,
    VisitState,
)
from kernel.db import Base, Instant
from kernel.geo import Point
from kernel.leases import Leased

_STATE = Enum(VisitState, native_enum=False, length=32, values_callable=list)


class Branch(Base):
    """A depot with a territory and technicians."""

    __tablename__ = "dispatch_branch"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    # The territory: a ring of [lat, lon] corners.
    territory: Mapped[list[list[float]]] = mapped_column(JSON)
    # The windows sold each day: [opens_s, shuts_s] pairs, seconds of the day; arrival lies within.
    windows: Mapped[list[list[int]]] = mapped_column(JSON)
    # Whether plans spread the hours of the month evenly.
    is_fair: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Windows kept for the members with a tag until so many hours before they open; none without a tag.
    kept_tag_id: Mapped[int | None] = mapped_column(ForeignKey("members_tag.id"))
    kept_windows: Mapped[list[list[int]] | None] = mapped_column(JSON)
    kept_hours: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)

    @property
    def keeping(self) -> Keeping | None:
        """Return which windows are kept for whom, None when none are."""
        if self.kept_tag_id is None:
            return None
        windows = frozenset(Window(a, b) for a, b in self.kept_windows or ())
        return Keeping(self.kept_tag_id, windows, self.kept_hours)


class Technician(Base):
    """Somebody who visits homes."""

    __tablename__ = "dispatch_technician"

    id: Mapped[int] = mapped_column(primary_key=True)
    work_number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str]
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"), index=True)
    # Where his day begins and ends.
    lat: Mapped[float]
    lon: Mapped[float]
    # Skill code to level.
    skills: Mapped[dict[str, int]] = mapped_column(JSON)
    openid: Mapped[str | None] = mapped_column(unique=True)
    # Shown once as a QR code to bind his WeChat; empty when none is open.
    bind_code: Mapped[str] = mapped_column(default="", index=True)
    # When he left; he has no shifts from then on, and cannot sign in.
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    # The districts and 小区 he serves only, all when there are none; and those to which he never goes.
    areas: Mapped[list[str] | None] = mapped_column(JSON)
    no_go: Mapped[list[str] | None] = mapped_column(JSON)
    # How long after his shift he may be asked for each day; whether he comes when needed only.
    overtime_s: Mapped[int] = mapped_column(default=0, server_default="0")
    is_standby: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What takes him so many minutes takes others a hundred.
    pace_percent: Mapped[int] = mapped_column(default=100, server_default="100")
    # Skill to the last day on which its certificate holds, as 2026-12-31; others need none.
    certificates: Mapped[dict[str, str] | None] = mapped_column(JSON)
    # How many units his van holds; none for no limit.
    van_room: Mapped[int | None]

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)


class Estate(Base):
    """A 小区 in a branch's books: when nobody may work there, and what the way to a door takes."""

    __tablename__ = "dispatch_estate"
    __table_args__ = (UniqueConstraint("branch_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    name: Mapped[str]
    district: Mapped[str]
    # [[from_s, to_s], …], seconds of the day.
    closed: Mapped[list[list[int]]] = mapped_column(JSON)
    access_s: Mapped[int]


class Partner(Base):
    """Technicians of another firm, and how many visits a day they may be given in all."""

    __tablename__ = "dispatch_partner"
    __table_args__ = (UniqueConstraint("branch_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    name: Mapped[str]
    technician_ids: Mapped[list[int]] = mapped_column(JSON)
    visits_max: Mapped[int]


class Tool(Base):
    """What a branch has `count` of; who makes such a visit takes one along for the day."""

    __tablename__ = "dispatch_tool"
    __table_args__ = (UniqueConstraint("branch_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    name: Mapped[str]
    # The codes of the services that need it.
    services: Mapped[list[str]] = mapped_column(JSON)
    count: Mapped[int]


class Load(Base):
    """What a visit for that service brings, and what it takes along, in units of a van's room."""

    __tablename__ = "dispatch_load"
    __table_args__ = (UniqueConstraint("branch_id", "service"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    service: Mapped[str]
    down: Mapped[int]
    up: Mapped[int]


class Crew(Base):
    """Visits of one day that begin in the same second, each with a technician of its own."""

    __tablename__ = "dispatch_crew"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    day: Mapped[date] = mapped_column(index=True)
    visit_ids: Mapped[list[int]] = mapped_column(JSON)
    # When the plan has them meet, second of the day; none until a plan was made of it.
    meets_s: Mapped[int | None]


class Shift(Base):
    """One technician's working hours on one day, with breaks [[opens_s, shuts_s, length_s], …]."""

    __tablename__ = "dispatch_shift"
    __table_args__ = (
        UniqueConstraint("technician_id", "day"),
        CheckConstraint("opens_s < shuts_s", name="shift_has_length"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("dispatch_technician.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    day: Mapped[date] = mapped_column(index=True)
    opens_s: Mapped[int]
    shuts_s: Mapped[int]
    breaks: Mapped[list[list[int]]] = mapped_column(JSON)
    # Why he does not work it after all (leave, illness); empty when he does.
    absent: Mapped[str] = mapped_column(default="", server_default=text("''"))


class BranchDay(Base):
    """The lock and the version of one branch's live plan on one day."""

    __tablename__ = "dispatch_branch_day"
    __table_args__ = (UniqueConstraint("branch_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    day: Mapped[date]
    version: Mapped[int] = mapped_column(default=0)
    # The travel provider with its parameters, under which every proof of this day was made.
    travel: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None] = mapped_column(Instant)


class RouteRow(Base):
    """One technician's day: visits in order with their times, seconds of the day.

    `stops` is [[visit_id, arrive_s, start_s, depart_s], …], `breaks` [[start_s, end_s], …]. The
    order is the truth; the times are what people were last told to expect.
    """

    __tablename__ = "dispatch_route"
    __table_args__ = (
        UniqueConstraint("technician_id", "day"),
        Index("ix_dispatch_route_branch_day", "branch_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    technician_id: Mapped[int] = mapped_column(ForeignKey("dispatch_technician.id"))
    day: Mapped[date]
    stops: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    breaks: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class Visit(Base):
    """One technician at one door. Times of the window are seconds of the day, for the arrival."""

    __tablename__ = "dispatch_visit"
    __table_args__ = (
        CheckConstraint("opens_s <= shuts_s", name="window_in_order"),
        CheckConstraint("work_s > 0", name="work_positive"),
        Index("ix_dispatch_visit_branch_day", "branch_id", "day", "state"),
        Index("ix_dispatch_visit_technician_day", "technician_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    day: Mapped[date]
    opens_s: Mapped[int]
    shuts_s: Mapped[int]
    work_s: Mapped[int]
    skill: Mapped[str]
    level: Mapped[int] = mapped_column(default=1)
    lat: Mapped[float]
    lon: Mapped[float]
    # What stands on the board: service and 小区, such as 空调装 浮山后.
    label: Mapped[str] = mapped_column(default="")
    # The service's code and the 小区, by which the time that such visits take is learned.
    service: Mapped[str] = mapped_column(default="", server_default=text("''"))
    estate: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # What the price card says it takes, while `work_s` is what is planned; from how many visits like
    # it that was learned. None of those planned before there was such a thing.
    card_s: Mapped[int | None]
    learned_from: Mapped[int] = mapped_column(default=0, server_default="0")
    # The technician whom the member would like to come; no promise.
    wish_id: Mapped[int | None]
    # The route that holds it; none once released.
    route_id: Mapped[int | None] = mapped_column(ForeignKey("dispatch_route.id"), index=True)
    # The technician people were told about; the live plan may already prefer another.
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("dispatch_technician.id"))
    # The technician with whom a dispatcher wants it to stay: no plan moves it, a hand may.
    pinned_id: Mapped[int | None]
    held_until: Mapped[datetime | None] = mapped_column(Instant, index=True)
    service_code: Mapped[str] = mapped_column(default="")
    departed_at: Mapped[datetime | None] = mapped_column(Instant)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    # When he left the door, whatever came of it.
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    signed_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    # What went wrong, one of `states.Trouble`; empty when nothing did.
    cause: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # When the plan first could not keep the window any more; none while it can.
    late_since: Mapped[datetime | None] = mapped_column(Instant)
    # The late arrival that was told last, second of the day; it outlives the delay.
    told_late_s: Mapped[int | None]
    # Its goods, or its crew, are there only then, second of the day; no reason to come later than promised.
    not_before_s: Mapped[int | None]
    # The visit that is over before this one begins: the delivery before its installation.
    after_id: Mapped[int | None]
    # The visit that this one makes good, and the number of the try: 1 for the first.
    parent_id: Mapped[int | None]
    attempt: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[VisitState] = mapped_column(_STATE, default=VisitState.HELD)
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)

    def advance(self, action: VisitAction, *, now: datetime) -> None:
        """Move along VISIT_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = VISIT_MACHINE.after(self.state, action)
        self.state_since = now


class VisitStep(Base):
    """One move of a visit, with who made it; contiguous per visit, never changed."""

    __tablename__ = "dispatch_visit_step"
    __table_args__ = (UniqueConstraint("visit_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"))
    seq: Mapped[int]
    action: Mapped[str]
    state: Mapped[VisitState] = mapped_column(_STATE)
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    # Why, where there is a choice; empty where the action says it all.
    cause: Mapped[str] = mapped_column(default="", server_default=text("''"))
    at: Mapped[datetime] = mapped_column(Instant)


class BarredPair(Base):
    """A technician who will never be given this visit: he declined it."""

    __tablename__ = "dispatch_barred_pair"
    __table_args__ = (UniqueConstraint("visit_id", "technician_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"), index=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("dispatch_technician.id"))
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Evidence(Base):
    """One thing that proves what happened at the door; never changed."""

    __tablename__ = "dispatch_evidence"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"), index=True)
    # One of `states.Proof`.
    kind: Mapped[str]
    # {"metres": 40} of an arrival by place, {"reason": …, "sha256": …} of one by photo,
    # {"reason": …} of a release that is asked for, {"strokes": [[[x, y], …], …]} of a signature.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(Instant)


class VisitPhoto(Base):
    """A photo of the work; the file lies under DATA_DIR/photos by its sha256."""

    __tablename__ = "dispatch_visit_photo"
    __table_args__ = (UniqueConstraint("visit_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"), index=True)
    sha256: Mapped[str]
    taken_at: Mapped[datetime] = mapped_column(Instant)


class Proposal(Leased, Base):
    """A better plan for one branch and day: asked for, solved on a worker, then accepted or dropped.

    `state` (of Leased) holds a ProposalState's value; it is pending while the solving waits or runs.
    """

    __tablename__ = "dispatch_proposal"

    number: Mapped[str] = mapped_column(unique=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    day: Mapped[date]
    asked_by: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    seconds: Mapped[int]
    seed: Mapped[int]
    # The day's version and each route's version when the problem was frozen.
    base_version: Mapped[int] = mapped_column(default=0)
    route_versions: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    # Technician id to visit ids in order, before and after.
    before: Mapped[dict[str, list[int]]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, list[int]]] = mapped_column(JSON, default=dict)
    # {"elapsed_s": [...], "cost": [...]} while solving and after.
    curve: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # Totals before and after: {"travel_s": [a, b], "unserved": [a, b], …}.
    totals: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    fingerprint: Mapped[str] = mapped_column(default="")
    stop_asked: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(default="")
    # What broke the day, as `causes.Cause` writes it; none for one that was asked for.
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # What was made of it and what not, as `outcomes.written` has it; none until it is accepted.
    accepted: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # What accepting changed, as `undoing.Before` writes it; none until then.
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    def advance(self, action: ProposalAction) -> None:
        """Move along PROPOSAL_MACHINE, but for the solving, which a lease ends. Raises IllegalMove."""
        self.state = PROPOSAL_MACHINE.after(ProposalState(self.state), action).value
