"""The risk ladder as a member's page draws it."""

from dataclasses import dataclass

from faces.chrome.filters import date_text, gettext, note_text
from kernel.words import msg
from members.risk import BLACKLISTED_NAME, TIER_NAMES, Standing

_MEANS = (
    msg("上门前 24 小时问 1 次是否在家"),
    msg("上门前 48、24 小时各问 1 次"),
    msg("问 3 次，收押金"),
    msg("问 3 次，收押金；2 小时前不确认就放开"),
)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder; the last, without a number, is the pause."""

    place: str
    name: str
    words: tuple[str, ...]
    is_current: bool


def rungs(standing: Standing) -> list[Rung]:
    """Return the ladder with the member's own step, and why he stands there."""
    reasons = tuple(note_text(note) for note in standing.reasons)
    until = standing.blacklisted_until
    shown = [
        Rung(
            str(tier + 1),
            gettext(name),
            (gettext(_MEANS[tier]), *(reasons if tier == standing.tier else ())),
            tier == standing.tier and until is None,
        )
        for tier, name in enumerate(TIER_NAMES)
    ]
    paused = gettext("到 %(date)s", date=date_text(until)) if until else gettext("两人复核才解除")
    shown.append(Rung("×", gettext(BLACKLISTED_NAME), (paused,), until is not None))
    return shown


def rises(now: Standing, posted: Standing, *, waiting: int) -> str:
    """Return what becomes of him when all that waits is posted; "" when nothing changes."""
    if not waiting:
        return ""
    if posted.blacklisted_until is not None and now.blacklisted_until is None:
        return gettext(
            "待生效的 %(count)s 次若成立，预约暂停到 %(date)s",
            count=waiting,
            date=date_text(posted.blacklisted_until),
        )
    if posted.tier == now.tier:
        return gettext("待生效的 %(count)s 次若成立，等级不变", count=waiting)
    return gettext(
        "待生效的 %(count)s 次若成立，升到第 %(rung)s 级", count=waiting, rung=posted.tier + 1
    )
