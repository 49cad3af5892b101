"""The risk ladder as a member's page draws it."""

from dataclasses import dataclass

from faces.chrome.filters import date_text, gettext, note_text
from members.risk import BLACKLISTED_NAME, TIER_NAMES, Standing
from members.rules import Rules


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder; the last, without a number, is the pause."""

    place: str
    name: str
    words: tuple[str, ...]
    is_current: bool


def rungs(standing: Standing, rules: Rules) -> list[Rung]:
    """Return the ladder with the member's own step, and why he stands there."""
    reasons = tuple(note_text(note) for note in standing.reasons)
    until = standing.blacklisted_until
    shown = [
        Rung(
            str(tier + 1),
            gettext(name),
            (means(tier, rules), *(reasons if tier == standing.tier else ())),
            tier == standing.tier and until is None,
        )
        for tier, name in enumerate(TIER_NAMES)
    ]
    paused = gettext("到 %(date)s", date=date_text(until)) if until else gettext("两人复核才解除")
    shown.append(Rung("×", gettext(BLACKLISTED_NAME), (paused,), until is not None))
    return shown


def means(tier: int, rules: Rules) -> str:
    """Say what it means to stand on that step: how often he is asked, and what else follows."""
    hours = gettext("、").join(
        str(int(at.total_seconds()) // 3600) for at in rules.ask_before[tier]
    )
    said = [gettext("上门前 %(hours)s 小时问是否在家", hours=hours)]
    if tier >= rules.deposit_from_tier:
        said.append(gettext("收押金"))
    if tier >= rules.call_from_tier:
        said.append(gettext("不答复有人打电话"))
    if tier >= rules.release_from_tier:
        said.append(gettext("还不确认就放开"))
    return gettext("，").join(said)


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
