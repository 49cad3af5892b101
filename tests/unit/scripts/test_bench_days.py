"""The days that the planner's benches plan."""

from pathlib import Path

from dispatch.planner import wire
from dispatch.planner.judge import judge
from scripts.bench.planning import branches, days

INSTANCE = """R1

VEHICLE
NUMBER     CAPACITY
   3         200

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      35.00      35.00       0.00       0.00     230.00       0.00
    1      41.00      49.00      10.00       0.00     204.00      10.00
    2      35.00      17.00       7.00      50.00      60.00      10.00
"""


def test_a_city_is_the_same_for_the_same_seed_and_can_be_read() -> None:
    one, again, other = (
        days.city(seed, technicians=4, visits=30, lunch=True) for seed in (1, 1, 2)
    )

    problem = wire.read_problem(one).problem
    assert one == again
    assert one != other
    assert (len(problem.workers), len(problem.stops)) == (4, 30)
    assert all(len(worker.breaks) == 1 for worker in problem.workers)


def test_an_instance_is_read_in_tenths_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "R1.txt"
    path.write_text(INSTANCE)
    path.with_suffix(".sol").write_text("Route #1: 1 2\nCost 123.4\n")

    text = days.instance(path)

    problem = wire.read_problem(text).problem
    assert len(problem.workers) == 3
    assert [stop.down for stop in problem.stops] == [(10,), (7,)]
    assert problem.stops[1].windows[0].open_s == 500
    assert problem.travel_s[0, 1] == 152  # 15.23 units
    assert days.best_known(path) == 1234


class TestBranches:
    def test_leave_a_whole_plan_behind(self, tmp_path: Path) -> None:
        branches.plan(str(tmp_path), 3, 0.3)

        [path] = tmp_path.iterdir()
        told, plan = branches.read(path)
        verdict = judge(branches.problem_of(3), plan)
        assert path == branches.result_path(tmp_path, 3, 0.3)
        assert verdict.is_feasible
        assert (verdict.travel_s, len(verdict.unserved)) == (told["driven_s"], told["left_out"])
