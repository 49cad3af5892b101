"""Every edge of every state machine is walked by a journey, through the product's pages or jobs.

A journey names the edges that it walks (`@pytest.mark.walks`), and tests/journeys/conftest.py holds it
to them; here they are counted.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts import papers
from tests.house import tree

JOURNEYS = Path("tests/journeys")


def edges() -> set[str]:
    """Return every edge of the machines: machine, state, action."""
    return {
        f"{machine.name} {state.value} {action.value}"
        for machine in papers.MACHINES
        for state, moves in machine.table.items()
        for action in moves
    }


def journeys() -> list[Path]:
    return [path for path in tree.with_suffix(".py", under=("tests",)) if JOURNEYS in path.parents]


def marks(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the marks that a piece of a test carries: on it, or on one of its parameters."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.walks":
            yield call


def walked() -> list[str]:
    """Return the edges that tests name, where pytest runs them."""
    return [
        str(ast.literal_eval(edge))
        for path in journeys()
        for function in tree.functions(path)
        if path.name.startswith("test_") and function.name.startswith("test_")
        for decorator in function.decorator_list
        for mark in marks(decorator)
        for edge in mark.args
    ]


def test_every_edge_is_walked_by_a_journey() -> None:
    assert sorted(edges() - set(walked())) == []


def test_no_journey_names_an_edge_that_there_is_not() -> None:
    assert sorted(set(walked()) - edges()) == []


def test_one_journey_answers_for_an_edge() -> None:
    assert [edge for edge, count in Counter(walked()).items() if count > 1] == []


def test_a_mark_stands_where_pytest_reads_it() -> None:
    # On a helper or in a fixture it would count here and hold nobody.
    named = sum(len(mark.args) for path in journeys() for mark in marks(tree.parsed(path)))

    assert named == len(walked()) > 0
