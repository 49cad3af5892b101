"""The rules as text: YAML that is read safely, and refused with a sentence that names the line. Pure."""

import hashlib
import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from kernel.errors import Invalid
from kernel.money import Money
from kernel.words import msg
from members.rule_schema import BOUNDS, EXAMPLE_KINDS, MISSING, UNKNOWN, Path, loaded
from members.rules import Example, Measure, MemberTier, Rules, ScoreFormula, StrikeKind

TEXT_MAX = 20_000
STANDARD_VERSION = "2026-11"
_STANDARD = pathlib.Path(__file__).with_name("rules.yaml")


class RulesUnreadable(Invalid):
    """No YAML, or YAML that says more than plain values."""

    code = "rules_unreadable"
    says = msg("第 %(line)s 行读不懂。常见的是缩进不齐、冒号后面少一个空格、括号没有合上。")


class WrittenTwice(Invalid):
    """The same key twice in one section."""

    code = "written_twice"
    says = msg("第 %(line)s 行：这一项在同一段里写了两次。")


class RulesTooLong(Invalid):
    """Longer than TEXT_MAX characters."""

    code = "rules_too_long"
    says = msg("规则最多 %(most)s 个字，请删去一些。")


class UnknownRule(Invalid):
    """A key that no rule has."""

    code = "unknown_rule"
    says = msg("第 %(line)s 行：没有「%(place)s」这一项，请核对拼写。")


class RuleMissing(Invalid):
    """A rule that every version has is not there."""

    code = "rule_missing"
    says = msg("第 %(line)s 行这一段里少了「%(place)s」。")


class RuleOutOfBounds(Invalid):
    """A number beyond what the rule can be, or none at all."""

    code = "rule_out_of_bounds"
    says = msg("第 %(line)s 行「%(place)s」要填 %(least)s 到 %(most)s 之间的数。")


class RuleUnfit(Invalid):
    """Something else than that rule holds."""

    code = "rule_unfit"
    says = msg("第 %(line)s 行「%(place)s」填的不是这一项能用的内容。")


class WeightsUnfit(Invalid):
    """The parts of the score do not make a whole."""

    code = "weights_unfit"
    says = msg("绩效分四部分的百分比加起来是 %(sum)s，要正好是 100。")


class OutOfOrder(Invalid):
    """Steps that have to rise, or notices that have to shrink, do not."""

    code = "out_of_order"
    says = msg("第 %(line)s 行「%(place)s」要按顺序写。")


# --- Reading --------------------------------------------------------------------------------


def version_of(text: str, *, day: date) -> str:
    """Return the version's name: the day on which it was written, and the beginning of its hash."""
    return f"{day.isoformat()}-{hash_of(text)[:8]}"


def hash_of(text: str) -> str:
    """Return the sha256 of the text."""
    return hashlib.sha256(text.encode()).hexdigest()


def standard_text() -> str:
    """Return the rules that the house came with."""
    return _STANDARD.read_text(encoding="utf-8")


@cache
def read_known(text: str, version: str) -> Rules:
    """Return what `read` does, for a text that was read before: made once a process."""
    return read(text, version=version)


def read(text: str, *, version: str, field: str = "text") -> Rules:
    """Return the rules that the text says. Raises an Invalid that names the line."""
    if len(text) > TEXT_MAX:
        raise RulesTooLong(field=field, most=TEXT_MAX)
    root, plain = _parsed(text, field)
    given, faults = loaded(plain)
    if faults:
        raise _refusal(faults, root, field)
    rules = _rules_of(given, version)
    _check_orders(rules, root, field)
    return rules


def _parsed(text: str, field: str) -> tuple[Node, dict[str, Any]]:
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        # Not before it is known that nothing is named and used again: it could grow without end.
        is_plain = isinstance(root, MappingNode) and not _is_shared(root)
        plain = YAML(typ="safe", pure=True).load(text) if is_plain else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        twice = "duplicate key" in str(error.problem)
        raise (WrittenTwice if twice else RulesUnreadable)(
            field=field, line=mark.line + 1 if mark else 1
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise RulesUnreadable(field=field, line=1) from error
    if not isinstance(plain, dict):
        raise RulesUnreadable(field=field, line=1)
    return root, plain


def _is_shared(root: Node) -> bool:
    """Tell whether a value is named and used again: it would hide what a line says."""
    nodes = list(_nodes(root))
    return any(node.anchor for node in nodes)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, MappingNode | SequenceNode) and not node.anchor:
        for each in node.value:
            for inner in each if isinstance(each, tuple) else (each,):
                yield from _nodes(inner)


def _refusal(faults: Sequence[tuple[Path, str]], root: Node, field: str) -> Invalid:
    """Return the first fault as a sentence: its place in the text, and how to repair it. What is
    misspelt is named before what is missing for it."""
    path, fault = min(faults, key=lambda found: (found[1] == MISSING, _line(root, found[0])))
    kind, *bounds = fault.split()
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
    facts = {"line": _line(root, path), "place": place.removesuffix("._schema")}
    if kind == BOUNDS:
        return RuleOutOfBounds(field=field, least=bounds[0], most=bounds[1], **facts)
    refusals: Mapping[str, type[Invalid]] = {MISSING: RuleMissing, UNKNOWN: UnknownRule}
    return refusals.get(kind, RuleUnfit)(field=field, **facts)


def _line(root: Node, path: Sequence[str | int]) -> int:
    """Return the line, from 1, on which the place stands; of what is missing, that of its section."""
    node, line = root, root.start_mark.line
    for part in path:
        if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
            continue
        pairs = node.value if isinstance(node, MappingNode) else ()
        found = next(((key, value) for key, value in pairs if key.value == str(part)), None)
        if found is None:
            break
        line, node = found[0].start_mark.line, found[1]
    return int(line) + 1


# --- The value ------------------------------------------------------------------------------


def _rules_of(given: Mapping[str, Any], version: str) -> Rules:
    points, tariff, strikes = given["points"], given["tariff"], given["strikes"]
    ladder, blacklist = given["ladder"], given["blacklist"]
    referrals = given["referrals"]
    return Rules(
        version=version,
        points_per_yuan=points["per_yuan"],
        rating_points=points["rating"],
        points_live_months=points["live_months"],
        tiers=tuple(MemberTier(**step) for step in given["tiers"]["steps"]),
        tiers_over=timedelta(days=given["tiers"]["over_days"]),
        visit_points=points["visit"],
        visits_a_month=points["visits_a_month"],
        survey_points=points["survey"],
        points_a_yuan=points["a_yuan"],
        referral_points=referrals["friend_points"],
        referrals_max=referrals["friends_max"],
        referrals_within=timedelta(days=referrals["within_days"]),
        badge_commission=_yuan(referrals["badge_yuan"]),
        free_notice=timedelta(hours=tariff["free_notice_hours"]),
        late_notice=timedelta(hours=tariff["late_notice_hours"]),
        cancel_points=tariff["cancel_points"],
        move_points=tariff["move_points"],
        errand_fee=_yuan(tariff["errand_yuan"]),
        late_steps=tuple(
            (timedelta(minutes=step["minutes"]), _yuan(step["yuan"]))
            for step in tariff["late_steps"]
        ),
        broken_fee=_yuan(tariff["broken_yuan"]),
        strike_points=MappingProxyType({kind: strikes["points"][kind] for kind in StrikeKind}),
        posts_after=timedelta(hours=strikes["posts_after_hours"]),
        contest_for=timedelta(days=strikes["contest_days"]),
        fades_after=timedelta(days=strikes["fades_after_days"]),
        recent=timedelta(days=ladder["recent_days"]),
        low_balance=ladder["low_balance"],
        ask_before=tuple(
            tuple(timedelta(hours=hours) for hours in asks) for asks in ladder["ask_before_hours"]
        ),
        deposit=_yuan(ladder["deposit_yuan"]),
        # People count the steps of the ladder from 1, programs from 0.
        deposit_from_tier=ladder["deposit_from"] - 1,
        call_from_tier=ladder["call_from"] - 1,
        release_from_tier=ladder["release_from"] - 1,
        standby_from_tier=ladder["standby_from"] - 1,
        blacklist_strikes=blacklist["strikes"],
        blacklist_within=timedelta(days=blacklist["within_days"]),
        blacklist_for=timedelta(days=blacklist["for_days"]),
        review_working_days=blacklist["review_working_days"],
        appeal_working_days=strikes["appeal_working_days"],
        score=_formula(given["score"]),
        examples=tuple(map(_example, given["examples"])),
    )


def _formula(given: Mapping[str, Any]) -> ScoreFormula:
    weights = {measure: given["weights_percent"][measure] for measure in Measure}
    return ScoreFormula(
        weights_percent=MappingProxyType(weights),
        prior_stars=given["prior_stars"],
        prior_count=given["prior_count"],
        span=timedelta(days=given["span_days"]),
        early_grace=timedelta(minutes=given["early_grace_minutes"]),
        revisit_span=timedelta(days=given["revisit_days"]),
    )


def _example(given: Mapping[str, Any]) -> Example:
    kind = next((kind for kind in EXAMPLE_KINDS if kind in given), "")
    case, expect = given.get(kind), given.get("expect")
    name = str(given.get("name", ""))[:80]
    whole = isinstance(case, dict) and isinstance(expect, dict) and bool(expect)
    if not (whole and name and len(given) == len({"name", "expect", kind})):
        # What cannot be run is shown as an example that does not hold.
        return Example(name=name, kind="", given={}, expect={})
    assert isinstance(case, dict)
    assert isinstance(expect, dict)
    return Example(name=name, kind=kind, given=case, expect=expect)


def _yuan(whole: int) -> Money:
    return Money(whole * 100)


def _check_orders(rules: Rules, root: Node, field: str) -> None:
    """Refuse what is well written one by one and senseless together."""
    total = sum(rules.score.weights_percent.values())
    if total != 100:
        raise WeightsUnfit(field=field, sum=total)
    earned = [tier.from_points for tier in rules.tiers]
    asked = [tier.shop_percent for tier in rules.tiers]
    paid = [tier.pays_percent for tier in rules.tiers]
    orders = {
        ("tiers", "steps"): earned == sorted(set(earned))
        and earned[0] == 0
        # Who rises loses nothing.
        and asked == sorted(asked, reverse=True)
        and paid == sorted(paid),
        ("tariff", "late_steps"): _rises([late for late, _ in rules.late_steps])
        and _rises([fee.fen for _, fee in rules.late_steps]),
        ("tariff", "late_notice_hours"): rules.late_notice <= rules.free_notice,
        ("ladder", "ask_before_hours"): all(_rises(asks[::-1]) for asks in rules.ask_before),
    }
    for path, holds in orders.items():
        if not holds:
            raise OutOfOrder(field=field, line=_line(root, path), place=".".join(path))


def _rises(values: Sequence[Any]) -> bool:
    return all(before < after for before, after in itertools.pairwise(values))


RULES = read_known(standard_text(), STANDARD_VERSION)
