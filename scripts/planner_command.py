"""flask planner: solve, check and explain problems in VROOM's JSON; needs no settings."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dispatch.planner import explain, wire
from dispatch.planner.constraints import RULES
from dispatch.planner.judge import Breach, judge
from dispatch.planner.problem import BadProblem, Plan
from dispatch.planner.wire import Wired
from scripts.terminal import table

GROUP = "planner"
BYTES_MAX = 64 * 1024 * 1024
SECONDS_MAX = 600.0

planner = click.Group(GROUP, help="Plan a day given as VROOM's JSON.")

_PROBLEM = click.argument("problem", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_PLAN = click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@planner.command()
@_PROBLEM
@click.option("--seconds", type=click.FloatRange(0, SECONDS_MAX, min_open=True), default=5.0)
@click.option("--seed", type=click.IntRange(0), default=1)
@click.option(
    "--iterations", type=click.IntRange(1), help="steps in place of seconds: the same at every run"
)
@click.option("--engine", type=click.Choice(["choice", "routing"]), default="choice")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def solve(
    *, problem: Path, seconds: float, seed: int, iterations: int | None, engine: str, output: Path
) -> None:
    """Find a plan, and write it with its times."""
    from dispatch.planner import solver, warming  # noqa: PLC0415 - OR-Tools loads for half a second

    wired = _read_problem(problem)
    if broken := judge(wired.problem, wired.start).broken:
        raise click.ClickException(f"the steps to begin from cannot be kept: {_first(broken)}")
    warming.exercise()
    solution = solver.solve(
        wired.problem,
        wired.start,
        seconds=SECONDS_MAX if iterations else seconds,
        seed=seed,
        iterations=iterations,
        engine=solver.Engine(engine),
        progress=_shown if sys.stderr.isatty() else None,
    )
    told = wire.written(wired, solution.plan, solution.verdict, _reason(wired, solution.plan))
    output.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    left_out = len(solution.verdict.unserved)
    click.echo(
        f"{solution.verdict.travel_s} s of driving, {left_out} left out, by {solution.engine}"
    )


@planner.command()
@_PROBLEM
@_PLAN
def check(problem: Path, plan: Path) -> None:
    """Hold a plan against every rule; exit 1 when it breaks one."""
    wired = _read_problem(problem)
    verdict = judge(wired.problem, _read_plan(plan))
    sentences = {rule.name: rule.sentence_en for rule in RULES}
    told = {
        "unserved": len(verdict.unserved),
        "cost": verdict.travel_s,
        "broken": [
            {"rule": breach.rule, "sentence": sentences[breach.rule] % breach.words}
            for breach in verdict.broken
        ],
    }
    click.echo(json.dumps(told, ensure_ascii=False))
    raise SystemExit(1 if verdict.broken else 0)


@planner.command(name="explain")
@_PROBLEM
@_PLAN
@click.option("--job", type=int, required=True)
def explain_job(problem: Path, plan: Path, job: int) -> None:
    """Say of every vehicle what the job would cost it, or what stands against it."""
    wired, given = _read_problem(problem), _read_plan(plan)
    if not wired.problem.has_stop(job):
        raise click.BadParameter(f"the problem has no job {job}", param_hint="--job")
    broken = judge(wired.problem, given).broken
    if any(breach.rule.startswith("ids_") for breach in broken):
        raise click.ClickException(f"the plan cannot be meant: {_first(broken)}")
    answers = explain.why(wired.problem, given, job)
    holders = {route.worker_id for route in given.routes if job in route.stop_ids}
    rows = [("vehicle", "", "")]
    for answer in answers:
        mark = "has it" if answer.worker_id in holders else ""
        if answer.witness:
            minutes = -(-answer.witness.extra_s // 60)
            rows.append((str(answer.worker_id), mark, f"{minutes} min of driving more"))
        ways = [answer.both] if answer.both else [(way,) for way in answer.relaxations]
        rows += [(str(answer.worker_id), mark, explain.sentences(*way)[1]) for way in ways]
        if not answer.witness and not ways:
            rows.append((str(answer.worker_id), mark, "no two changes would let it"))
    click.echo(table(rows))


def _first(broken: tuple[Breach, ...]) -> str:
    [rule] = [rule for rule in RULES if rule.name == broken[0].rule]
    return rule.sentence_en % broken[0].words


def _reason(wired: Wired, plan: Plan) -> Any:
    def reason(stop_id: int) -> Mapping[str, Any]:
        answers = explain.why(wired.problem, plan, stop_id)
        against = (way for answer in answers for way in answer.relaxations)
        ways = explain.least(answers) or tuple(against)[:1]
        if not ways:
            return {"code": "nobody", "sentence": "Nobody is left for it"}
        return {
            "code": "+".join(way.code for way in ways),
            "sentence": explain.sentences(*ways)[1],
            "vehicle": ways[0].worker_id,
            "amount": ways[0].amount,
            "amounts": [way.amount for way in ways],
        }

    return reason


def _read_problem(path: Path) -> Wired:
    try:
        return wire.read_problem(_json(path))
    except BadProblem as error:
        raise click.ClickException(f"{path.name}: {error}") from error


def _read_plan(path: Path) -> Plan:
    try:
        return wire.read_plan(_json(path))
    except BadProblem as error:
        raise click.ClickException(f"{path.name}: {error}") from error


def _json(path: Path) -> Any:
    if path.stat().st_size > BYTES_MAX:
        raise click.ClickException(f"{path.name}: more than {BYTES_MAX} bytes")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{path.name}: no JSON: {error}") from error


def _shown(elapsed_s: float, cost: int, unserved: int) -> None:
    click.echo(f"\r  {elapsed_s:6.1f} s   cost {cost}   {unserved} left out   ", nl=False, err=True)
