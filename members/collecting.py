"""What a member is owed and gets by post or by a code at a store. Pure."""

from enum import StrEnum

from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg

NAME_MAX, ADDRESS_MIN, ADDRESS_MAX, PARCEL_MIN, PARCEL_MAX = 20, 6, 100, 2, 40


class Way(StrEnum):
    """How it gets to him."""

    POST = "post"
    PICK_UP = "pick_up"


class CollectionMissing(Missing):
    """No such thing is owed, or not his to see."""

    says = msg("没有找到要领的东西。")


class NothingToCollect(Invalid):
    """No thing waits under that code; said alike, so that nobody learns which were there."""

    code = "nothing_to_collect"
    says = msg("没有这个领取码，或者已经领走。")


class CollectionOver(Conflict):
    """It was sent or handed over."""

    code = "collection_over"
    says = msg("这件已经寄出或领走，不能再改。")
