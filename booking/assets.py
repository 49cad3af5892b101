"""Appliances in members' homes: is it genuine, and how long is it covered. Pure."""

import calendar
from datetime import date
from enum import StrEnum

from kernel.errors import Conflict, Invalid
from kernel.words import msg

INSTALLATION, MAINTENANCE = "installation", "maintenance"


class Verdict(StrEnum):
    """What the genuine check says of a serial number."""

    GENUINE = "genuine"
    UNKNOWN = "unknown"
    ALREADY_BOUND = "already_bound"


class SerialTaken(Conflict):
    """The appliance is another member's."""

    code = "already_bound"
    says = msg("这个序列号已经登记在别人名下，请联系客服核实。")


class SerialUnknown(Invalid):
    """No list of genuine appliances has it."""

    code = "serial_unknown"
    says = msg("没有查到这个序列号，请核对机身铭牌，或联系客服。")


def verdict(*, is_listed: bool, owner_id: int | None, member_id: int) -> Verdict:
    """Return what the check says to `member_id`, when `owner_id` is whose it is so far."""
    if owner_id is not None and owner_id != member_id:
        return Verdict.ALREADY_BOUND
    return Verdict.GENUINE if is_listed else Verdict.UNKNOWN


def months_after(day: date, months: int) -> date:
    """Return the last day of a term of whole months that begins on `day`.

    It is the day of the same number, or the last of its month when that has none such (Civil Code,
    article 202).
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
