"""What a member is owed and gets by post or by a code at a store. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.errors import Conflict, Invalid, Missing
from kernel.words import msg

NAME_MAX, ADDRESS_MIN, ADDRESS_MAX, TRACKING_MAX = 20, 6, 120, 40


class Way(StrEnum):
    """How it gets to him."""

    POST = "post"
    PICK_UP = "pick_up"


WAY_WORDS: Mapping[Way, str] = {Way.POST: msg("邮寄到家"), Way.PICK_UP: msg("到店自取")}


class CollectionMissing(Missing):
    """No such thing is owed, or not his to see."""

    says = msg("没有找到要领的东西。")


class NothingToCollect(Invalid):
    """No thing waits under that code where one hands out; said alike, so that nobody learns which were
    there."""

    code = "nothing_to_collect"
    says = msg("没有这个领取码，或者不在这家门店、已经领走。")


class CollectionOver(Conflict):
    """It was sent, handed over or cancelled."""

    code = "collection_over"
    says = msg("这件已经寄出、领走或取消，不能再改。")


class BadWay(Invalid):
    """It does not come that way."""

    code = "bad_way"
    says = msg("请选怎么拿到。")


class NoStore(Invalid):
    """What is fetched lies at some store."""

    code = "no_store"
    says = msg("请选去哪家门店取。")


class NoTracking(Invalid):
    """What was posted has a number by which it is found."""

    code = "no_tracking"
    says = msg("请写快递公司和单号。")
