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
    """Points were booked on a member's account."""

    member_id: int
    points: int
    balance: int

    def topics(self) -> tuple[str, ...]:
        return (f"member:{self.member_id}",)
