"""What members may do when. Pure."""

from datetime import timedelta

from kernel.actor import Actor, Role
from kernel.errors import Conflict, Missing
from kernel.words import msg

HOLD_LIFE = timedelta(minutes=10)
HOLDS_MAX = 2


class BookingMissing(Missing):
    """No such booking, or somebody else's: said alike, so that nobody learns which exist."""

    says = msg("没有找到这张预约单。")


class TooManyHolds(Conflict):
    """HOLDS_MAX windows are already held for this member."""

    code = "too_many_holds"
    says = msg("您已锁定 2 个时段，请先确认或等其中一个放开。")


def check_own(*, owner_id: int, by: Actor) -> None:
    """Refuse another member. Raises BookingMissing."""
    if by.role is Role.MEMBER and by.id != owner_id:
        raise BookingMissing


def check_may_hold(*, holds: int) -> None:
    """Refuse a member who hoards. Raises TooManyHolds."""
    if holds >= HOLDS_MAX:
        raise TooManyHolds
