"""What a household's people are there for, and how many of them we keep. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from kernel.errors import Conflict, Missing
from kernel.words import msg

CONTACTS_MAX = 6


class ContactRole(StrEnum):
    """What one of a household does about a visit."""

    AT_HOME = "at_home"
    DECIDES = "decides"
    PAYER = "payer"


ROLE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        ContactRole.AT_HOME: msg("在家"),
        ContactRole.DECIDES: msg("做主"),
        ContactRole.PAYER: msg("付款"),
    }
)


class ContactMissing(Missing):
    """There is no such contact of his."""

    says = msg("没有找到这位联系人。")


class TooManyContacts(Conflict):
    """There are CONTACTS_MAX already."""

    code = "too_many_contacts"
    says = msg("最多记 6 位，请先删掉一位。")


class ContactKnown(Conflict):
    """The household has somebody with that phone."""

    code = "contact_known"
    says = msg("这个手机号已经记过了。")
