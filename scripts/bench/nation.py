"""Plan a nation's day: 312 branch-days of 320 visits, one RQ job each, over a Redis of the bench's own.

What was planned stays in the folder that BENCH_NATION names, and a second run goes on from there;
without it the folder is a temporary one. Every plan is held against the judge, and a sample against
a run twelve times as long.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from dispatch.planner import warming
from dispatch.planner.judge import judge
from scripts.bench.planning import branches
from scripts.benches import Result, Stand
from scripts.bootstrap import PYTHON
from scripts.killable import programs
from scripts.processes import answers_ping, valkey_command

BRANCHES, SAMPLED = 312, 24
SECONDS, LONG_S = 4.95, 60.0
QUICK = (6, 2, 1.0, 5.0)
CORE_MIN, EXCESS = 26.0, 0.025
QUEUE = "nation"
TELL_EVERY_S = 20.0
START_S_MAX = 20.0


def run(stand: Stand) -> Result:
    result = Result()
    warming.exercise()
    count, sampled, seconds, long_s = (
        QUICK if stand.is_quick else (BRANCHES, SAMPLED, SECONDS, LONG_S)
    )
    with ExitStack() as stack:
        folder = _folder(stack)
        workers = _workers(stack)
        _planned(stand, workers, folder, range(1, count + 1), seconds)
        sample = range(1, count + 1, count // sampled)[:sampled]
        _planned(stand, workers, folder, sample, long_s)
        _tell(result, folder, range(1, count + 1), seconds)
        _compare(result, folder, sample, (seconds, long_s), is_quick=stand.is_quick)
    return result


def _folder(stack: ExitStack) -> Path:
    given = os.environ.get("BENCH_NATION")
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
        return Path(given)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorbell-nation-")))


def _workers(stack: ExitStack) -> Queue:
    """Start a Redis, and a worker for each core that is ours; return the queue they serve."""
    # Socket addresses are short: not in the folder that was given.
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorbell-")))
    start = stack.enter_context(programs(os.environ, log=home / "log"))
    socket = home / "redis.sock"
    start(valkey_command(home, socket))
    until_s = time.monotonic() + START_S_MAX
    while not answers_ping(socket):
        if time.monotonic() > until_s:
            raise RuntimeError(f"no Redis: {(home / 'log').read_text()[-300:]}")
        time.sleep(0.1)
    serve = f"from kernel import queue; queue.work('unix://{socket}', '{QUEUE}', forks=False)"
    for _ in os.sched_getaffinity(0):
        start([str(PYTHON), "-c", serve])
    connection = redis.Redis(unix_socket_path=str(socket))
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def _planned(
    stand: Stand, queue: Queue, folder: Path, wanted: Sequence[int], seconds: float
) -> None:
    """Let every branch be planned that is not yet, and wait for them."""
    paths = {branch: branches.result_path(folder, branch, seconds) for branch in wanted}
    missing = [branch for branch, path in paths.items() if not path.exists()]
    stand.tell(
        f"{len(wanted)} branch-days at {seconds:g} s, {len(wanted) - len(missing)} are there"
    )
    for branch in missing:
        queue.enqueue(
            branches.JOB, str(folder), branch, seconds, job_timeout=int(10 * seconds) + 120
        )
    told_s = time.monotonic()
    while any(not path.exists() for path in paths.values()):
        failed = queue.failed_job_registry.get_job_ids()
        if failed:
            raise RuntimeError(f"jobs failed: {queue.fetch_job(failed[0])!r}")
        time.sleep(0.2)
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            stand.tell(f"{sum(path.exists() for path in paths.values())} of {len(paths)}")


def _tell(result: Result, folder: Path, wanted: Sequence[int], seconds: float) -> None:
    core_s, left_out, broken = 0.0, 0, 0
    for branch in wanted:
        told, plan = branches.read(branches.result_path(folder, branch, seconds))
        verdict = judge(branches.problem_of(branch), plan)
        broken += len(verdict.broken) + (verdict.travel_s != told["driven_s"])
        left_out += len(verdict.unserved)
        core_s += told["core_s"]
    visits = len(wanted) * branches.VISITS
    minutes = core_s / 60 * BRANCHES / len(wanted)
    result.count("visits", visits)
    result.count("left out", left_out)
    result.count("core-minutes for 312 branch-days", round(minutes, 1))
    result.claim("every plan keeps every rule", is_so=not broken, but=f"{broken} broken")
    result.claim(f"at most {CORE_MIN:g} core-minutes", is_so=minutes <= CORE_MIN)


def _compare(
    result: Result,
    folder: Path,
    sample: Sequence[int],
    seconds: tuple[float, float],
    *,
    is_quick: bool,
) -> None:
    """Compare with the long run where both make every visit; fewer left out is better at any price."""
    excesses, fewer = [], 0
    for branch in sample:
        short, long = (
            branches.read(branches.result_path(folder, branch, each))[0] for each in seconds
        )
        if short["left_out"] == long["left_out"]:
            excesses.append(short["driven_s"] / long["driven_s"] - 1)
        fewer += short["left_out"] > long["left_out"]
    excess = statistics.mean(excesses) if excesses else 1.0
    result.count(
        f"excess over {seconds[1]:g} s on {len(sample)} branch-days, %", round(100 * excess, 2)
    )
    result.count("of them with more left out", fewer)
    if not is_quick:
        result.claim("excess at most 2.5 %", is_so=excess <= EXCESS, but=f"{100 * excess:.2f} %")
