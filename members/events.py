"""What members tells the house."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFollowed(Event):
    """A person followed the service account; `scene` is empty when no QR code brought him."""

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
