"""Why a visit is whose it is, in sentences: names instead of ids, minutes rounded up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch import policy
from dispatch.planner.constraints import RULES
from dispatch.planner.explain import Kind, Relaxation
from dispatch.planner.judge import Breach
from dispatch.reasons import Reason, Reasons, Standing
from faces.chrome.filters import gettext, length_text, more_text, second_text
from faces.console.roster_forms import REASONS

MINUTE_S = 60
_SENTENCES = {rule.name: rule.sentence for rule in RULES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All technicians in words; `skills` says what each skill allows."""

    reasons: Reasons
    skills: Mapping[str, str]

    def row(self, row: Reason) -> str:
        """Say in one line what it costs him, or what stands against it."""
        match row.standing:
            case Standing.OWN if row.witness is None:
                return gettext("现在归他，守不住：%(why)s", why=self._against(row))
            case Standing.OWN:
                return gettext("现在归他 · %(time)s 到", time=second_text(self._reached_s(row)))
            case Standing.FITS:
                return gettext(
                    "%(extra)s路程 · %(time)s 到",
                    extra=more_text(_extra_s(row)),
                    time=second_text(self._reached_s(row)),
                )
            case Standing.PRICED:
                return gettext("要加班 %(length)s，需本人同意", length=whole(row.overtime_s))
            case Standing.AWAY:
                return _away(row)
            case Standing.BREAKS:
                return self._against(row)

    def slack(self, row: Reason) -> str:
        """Say what is left of the window when he comes."""
        left_s = self.reasons.visit.shuts_s - self._reached_s(row)
        return gettext("余量 %(length)s", length=length_text(left_s))

    def head(self) -> str:
        """Say why he who has it does, or why nobody has."""
        holder, takers = self.reasons.holder, self.reasons.takers
        if holder is None:
            return self._nobody()
        if holder.witness is None:
            return gettext("%(name)s守不住：%(why)s。", name=holder.name, why=self._against(holder))
        own = more_text(_extra_s(holder))
        if not takers:
            return gettext("只有%(name)s守得住这个时段：%(own)s路程。", name=holder.name, own=own)
        facts = {
            "name": holder.name,
            "own": own,
            "other": takers[0].name,
            "more": more_text(_extra_s(takers[0])),
        }
        if _extra_s(takers[0]) < _extra_s(holder):
            return gettext(
                "现在归%(name)s，%(own)s路程；给%(other)s只要 %(more)s，改派更省。", **facts
            )
        return gettext("归%(name)s最省：%(own)s路程；第二省的是%(other)s，%(more)s。", **facts)

    def way(self, way: Relaxation) -> str:
        """Say what would have to give way for that technician to take it."""
        name, length = self._name(way.worker_id), whole(way.amount)
        match way.kind:
            case Kind.STARTS_LATER:
                return gettext("时段往后放宽 %(length)s，%(name)s能接", length=length, name=name)
            case Kind.STARTS_EARLIER:
                return gettext("时段往前放宽 %(length)s，%(name)s能接", length=length, name=name)
            case Kind.CLOSED:
                return gettext(
                    "不许施工的时段缩短 %(length)s，%(name)s就能接", length=length, name=name
                )
            case Kind.OVERTIME:
                return gettext("%(name)s加班 %(length)s就能接", length=length, name=name)
            case Kind.ROOM:
                return gettext(
                    "%(name)s的车腾出 %(count)s 件的空间就能接", count=way.amount, name=name
                )
            case Kind.TIE:
                return gettext("%(given)s，%(name)s就能接", given=self._given(way), name=name)
            case Kind.RULE:
                return gettext("%(name)s：%(why)s", name=name, why=self._way(way))

    def both(self, ways: Sequence[Relaxation]) -> str:
        """Say what two things would have to give way at once for that technician to take it."""
        first, second = map(self._given, ways)
        name = self._name(ways[0].worker_id)
        return gettext(
            "两样同时放宽，%(name)s能接：%(first)s；%(second)s",
            name=name,
            first=first,
            second=second,
        )

    def _given(self, way: Relaxation) -> str:
        length = whole(way.amount)
        match way.kind:
            case Kind.STARTS_LATER:
                return gettext("时段往后放宽 %(length)s", length=length)
            case Kind.STARTS_EARLIER:
                return gettext("时段往前放宽 %(length)s", length=length)
            case Kind.CLOSED:
                return gettext("不许施工的时段缩短 %(length)s", length=length)
            case Kind.OVERTIME:
                return gettext("加班 %(length)s", length=length)
            case Kind.ROOM:
                return gettext("车上腾出 %(count)s 件的空间", count=way.amount)
            case Kind.TIE | Kind.RULE:
                return self._waived(way)

    def _waived(self, way: Relaxation) -> str:
        match way.rule:
            case "visits_over_quota":
                return gettext("「%(tie)s」的配额多给 %(count)s 单", tie=way.tie, count=way.amount)
            case "tools_missing":
                return gettext("「%(tie)s」多备 %(count)s 件", tie=way.tie, count=way.amount)
            case _:
                return gettext("破例：%(why)s", why=self._rule(way))

    def _nobody(self) -> str:
        takers = self.reasons.takers
        if takers:
            return gettext(
                "还没有师傅。给%(name)s最省：%(extra)s路程。",
                name=takers[0].name,
                extra=more_text(_extra_s(takers[0])),
            )
        counts = Counter(_class_of(row) for row in self.reasons.rows)
        parts = [
            gettext("%(count)s 位没有这项技能", count=counts["skill"]),
            gettext("%(count)s 位不能派这一单", count=counts["rule"]),
            gettext("%(count)s 位受派单关联限制", count=counts["tie"]),
            gettext("%(count)s 位这个时段排不进", count=counts["time"]),
            gettext("%(count)s 位要加班", count=counts["priced"]),
            gettext("%(count)s 位当天不上班", count=counts["away"]),
        ]
        told = [
            part
            for part, key in zip(
                parts, ("skill", "rule", "tie", "time", "priced", "away"), strict=True
            )
            if counts[key]
        ]
        return gettext("派不出去：%(parts)s。", parts=gettext("，").join(told))

    def _against(self, row: Reason) -> str:
        assert row.answer is not None
        if row.answer.relaxations:
            return self._way(row.answer.relaxations[0])
        broken = sorted(row.answer.breaches, key=self._weight)
        if not broken:
            return gettext("这一天排不进")
        first = self._breach(broken[0])
        if len(broken) == 1:
            return first
        return gettext("%(first)s，另破坏 %(count)s 处", first=first, count=len(broken) - 1)

    def _way(self, way: Relaxation) -> str:
        match way.kind:
            case Kind.STARTS_LATER:
                assert way.window is not None
                at = second_text(_minute_up(way.window.shut_s + way.amount))
                return gettext(
                    "最早 %(time)s 能开始，晚 %(length)s", time=at, length=whole(way.amount)
                )
            case Kind.STARTS_EARLIER:
                assert way.window is not None
                at = second_text(way.window.open_s - way.amount)
                return gettext(
                    "最晚 %(time)s 就要开始，早 %(length)s", time=at, length=whole(way.amount)
                )
            case Kind.CLOSED:
                return gettext("正是不许施工的时段，差 %(length)s", length=whole(way.amount))
            case Kind.OVERTIME:
                most = length_text(policy.OVERTIME_MAX_S)
                return gettext(
                    "要加班 %(length)s，超过上限 %(most)s", length=whole(way.amount), most=most
                )
            case Kind.ROOM:
                return gettext("车上还差 %(count)s 件的空间", count=way.amount)
            case Kind.TIE | Kind.RULE:
                return self._rule(way)

    def _rule(self, way: Relaxation) -> str:
        match way.rule:
            case "skills_missing":
                skill = self.reasons.visit.skill
                return gettext("没有「%(skill)s」技能", skill=self.skills.get(skill, skill))
            case "levels_short":
                return gettext("技能差 %(count)s 级", count=way.amount)
            case "bars_broken":
                return gettext("他拒过这一单，不再派给他")
            case _:
                return self._sentence(way.rule, way.words)

    def _breach(self, breach: Breach) -> str:
        length = whole(breach.excess)
        match breach.rule:
            case "seconds_late" if breach.stop_id == self.reasons.visit.id:
                return gettext("赶到要晚 %(length)s", length=length)
            case "seconds_late":
                stop = self.reasons.labels.get(breach.stop_id or 0, "")
                return gettext("会让 %(stop)s 晚到 %(length)s", stop=stop, length=length)
            case "seconds_of_overtime":
                return gettext("要加班 %(length)s", length=length)
            case "seconds_of_late_rest":
                return gettext("休息要推迟 %(length)s", length=length)
            case _:
                return self._sentence(breach.rule, breach.words)

    def _sentence(self, rule: str, words: Mapping[str, Any]) -> str:
        """Return the planner's own sentence with names for its ids."""
        stop = self.reasons.labels.get(words["stop"] or 0, "")
        facts = {**words, "worker": self._name(words["worker"] or 0), "stop": stop}
        return gettext(_SENTENCES[rule], **facts)

    def _weight(self, breach: Breach) -> tuple[bool, bool, int]:
        """What breaks for others comes first, then the promise itself, the worst of each before."""
        is_own = breach.stop_id == self.reasons.visit.id
        return breach.rule != "seconds_late", is_own, -breach.excess

    def _name(self, technician_id: int) -> str:
        return next((r.name for r in self.reasons.rows if r.technician_id == technician_id), "")

    def _reached_s(self, row: Reason) -> int:
        """Return when the visit would begin with him, or when it does as it stands."""
        if row.standing is Standing.OWN and self.reasons.now is not None:
            return self.reasons.now.start_s
        assert row.witness is not None
        return row.witness.start_s


def tie_sentences(
    torn: Sequence[Breach], visits: Mapping[int, Any], people: Mapping[int, Any] | None = None
) -> list[str]:
    """Say what is broken across routes, in the planner's own words with names for its ids; with `people`,
    by whom, too."""
    return [
        gettext(
            _SENTENCES[breach.rule],
            **breach.words
            | {
                "stop": visits[breach.stop_id].label if breach.stop_id else "",
                "worker": people[breach.worker_id].name if people and breach.worker_id else "",
            },
        )
        for breach in torn
    ]


def whole(seconds: int) -> str:
    """A length in minutes that is enough."""
    return length_text(_minute_up(seconds))


def _minute_up(seconds: int) -> int:
    return -(-seconds // MINUTE_S) * MINUTE_S


def _extra_s(row: Reason) -> int:
    assert row.witness is not None
    return row.witness.extra_s


def _away(row: Reason) -> str:
    if not row.absent:
        return gettext("当天不上班")
    return gettext("当天%(reason)s", reason=gettext(REASONS.get(row.absent, REASONS["other"])))


def _class_of(row: Reason) -> str:
    if row.standing is Standing.AWAY or row.answer is None:
        return "away"
    if row.standing is Standing.PRICED:
        return "priced"
    rules = {way.rule for way in row.answer.relaxations if way.kind is Kind.RULE}
    if rules & {"skills_missing", "levels_short"}:
        return "skill"
    if not rules and any(way.kind is Kind.TIE for way in row.answer.relaxations):
        return "tie"
    return "rule" if row.is_ruled_out else "time"
