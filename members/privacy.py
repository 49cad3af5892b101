"""What members are asked to agree to, and why one may not be forgotten yet. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from kernel.errors import Conflict
from kernel.words import msg


class ConsentKind(StrEnum):
    """What is agreed to, each for itself: that we keep what a booking needs; that we use where he is."""

    PRIVACY = "privacy"
    LOCATION = "location"


# The version of each notice that is asked for now: agreed to is what was read.
VERSIONS: Mapping[ConsentKind, str] = MappingProxyType(
    {ConsentKind.PRIVACY: "2026-11", ConsentKind.LOCATION: "2026-11"}
)


class StillBooked(Conflict):
    """A booking is not at its end."""

    code = "still_booked"
    says = msg("您还有没完成的预约。请先取消，或等服务完成，再注销。")


class StillToCome(Conflict):
    """What he took for points, or won, has not gone out yet."""

    code = "still_to_come"
    says = msg("您的礼品或奖品还没有寄出或取走。请等收到，再注销。")
