"""What members tells the house."""

from dataclasses import dataclass
from datetime import datetime

from kernel.events import Event

# The live pages of those who decide.
APPEALS = "appeals"
# Those of who rules.
RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFollowed(Event):
    """A person followed the service account; `scene` is empty when no QR code brought him."""

    member_id: int
    scene: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScanned(Event):
    """Somebody who follows already scanned the QR code of that scene."""

    member_id: int
    scene: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPosted(Event):
    """Points were booked on a member's account, for a posting of that kind."""

    member_id: int
    points: int
    balance: int
    kind: str = ""
    evidence: str = ""

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryAnnounced(Event):
    """A member is told that so many of his points expire at `expires_at`, unless he spends them before."""

    member_id: int
    points: int
    expires_at: datetime

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationPosted(Event):
    """A voucher was booked on a member's account, or taken from it; `fen` and `balance` are money."""

    member_id: int
    fen: int
    balance: int
    evidence: str

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsPosted(Event):
    """A technician was credited or debited; `fen` and `balance` are money."""

    technician_id: int
    fen: int
    balance: int
    evidence: str

    def topics(self) -> tuple[str, ...]:
        return (f"technician:{self.technician_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StrikeEvent(Event):
    """What befell a strike; of `member_id` and `technician_id`, one is 0."""

    strike_number: str
    kind: str
    booking_number: str
    member_id: int
    technician_id: int

    def topics(self) -> tuple[str, ...]:
        return (
            f"member:{self.member_id}",
            f"technician:{self.technician_id}",
            f"booking:{self.booking_number}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeOpened(_StrikeEvent):
    """A strike was recorded; uncontested it is posted at `posts_at`, and takes `points` then."""

    posts_at: datetime
    contest_until: datetime
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikePosted(_StrikeEvent):
    """The strike counts and took its points; the member now stands on `tier`."""

    points: int
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeWaived(_StrikeEvent):
    """The strike never counted: vetoed, or an appeal was upheld before it was posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeReversed(_StrikeEvent):
    """The strike was undone by counter-entries; the member now stands on `tier`."""

    points: int
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _AppealEvent(Event):
    """What befell an appeal; of `member_id` and `technician_id`, one is 0."""

    appeal_number: str
    subject_kind: str
    subject_number: str
    booking_number: str
    member_id: int
    technician_id: int

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}", f"technician:{self.technician_id}", APPEALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealOpened(_AppealEvent):
    """Somebody contests what was recorded about him; a person decides by `due_at`."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealProposed(_AppealEvent):
    """The first of two persons would uphold it; the second decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealDecided(_AppealEvent):
    """The appeal was upheld or rejected."""

    upheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Blacklisted(Event):
    """The member's bookings are stopped until `until`."""

    blacklisting_number: str
    member_id: int
    cause: str
    until: datetime

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}", APPEALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlacklistEnded(Event):
    """A blacklisting ran out, was released or reversed; `is_free` unless another one still stands."""

    blacklisting_number: str
    member_id: int
    ending: str
    is_free: bool

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}", APPEALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideAsked(Event):
    """Somebody asked for a release or a blacklisting by hand; a second person decides."""

    override_number: str
    member_id: int
    kind: str

    def topics(self) -> tuple[str, ...]:
        return (APPEALS,)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideSettled(Event):
    """What was asked for was confirmed or refused."""

    override_number: str
    member_id: int
    kind: str
    confirmed: bool

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}", APPEALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRedeemed(Event):
    """One of us took the points that a member had offered by a code, for `what`."""

    redemption_number: str
    member_id: int
    points: int
    what: str

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionReversed(Event):
    """Points that had been taken on the spot were given back."""

    redemption_number: str
    member_id: int
    points: int

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesTried(Event):
    """A version of the rules came into force at one branch, or for one store of it (0 for all), or is
    in force there no longer."""

    version: str
    branch_id: int
    store_id: int
    is_over: bool

    def topics(self) -> tuple[str, ...]:
        return (RULES,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPublished(Event):
    """A version of the rules came into force at every branch that tries no other one."""

    version: str

    def topics(self) -> tuple[str, ...]:
        return (RULES,)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeChanged(Event):
    """A member rose or fell to the grade of that name at `place`, 0 for the first; `before` is where he
    was."""

    member_id: int
    place: int
    before: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionMoved(Event):
    """A thing that the member was owed was sent, handed over or cancelled: it came to `state`."""

    collection_number: str
    member_id: int
    what: str
    state: str

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsOrdered(Event):
    """A campaign's news is to be told to a member of its segment."""

    campaign_number: str
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersMerged(Event):
    """Two members were one person: `gone_id` is a pointer to `member_id` from now on."""

    merge_number: str
    member_id: int
    gone_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneConfirmed(Event):
    """The phone that a member gave was proven to be his."""

    member_id: int
