"""States move along their machines and no other way, and the papers show the machines."""

import ast
import importlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from kernel.machine import Machine
from scripts import papers
from tests.house import tree

# Rows of work move from pending to their outcome under a lease.
LEASES = Path("kernel/leases.py")


def assignments(path: Path) -> Iterator[tuple[str, int]]:
    """Yield (function, line) of whatever sets a `state`: `x.state = …` and `.values(state=…)`."""
    for holder in [tree.parsed(path), *tree.functions(path)]:
        name = getattr(holder, "name", "")
        for node in _own(holder):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets):
                    yield name, node.lineno
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "values"
                and any(keyword.arg == "state" for keyword in node.keywords)
            ):
                yield name, node.lineno


def _own(holder: ast.AST) -> Iterator[ast.AST]:
    """Walk what belongs to this function and not to one inside it."""
    for child in ast.iter_child_nodes(holder):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _own(child)


def test_a_state_is_set_by_advance_alone() -> None:
    strays = [
        f"{path}:{line} in {name or 'the module'}"
        for path in tree.with_suffix(".py", under=tree.PACKAGES)
        for name, line in assignments(path)
        if path != LEASES and name != "advance"
    ]

    assert strays == []


def test_the_check_above_finds_what_it_looks_for() -> None:
    # A check that could not see a fault would be silent for ever.
    assert [name for name, _ in assignments(LEASES)] == ["finish", "finish_all"]
    assert {name for name, _ in assignments(Path("booking/models.py"))} == {"advance"}


def test_every_machine_is_drawn() -> None:
    modules = [
        importlib.import_module(".".join(path.with_suffix("").parts))
        for path in tree.with_suffix(".py", under=tree.PACKAGES)
        if path.name == "states.py"
    ]
    machines = {
        machine.name: machine
        for module in modules
        for machine in vars(module).values()
        if isinstance(machine, Machine)
    }

    assert machines == {machine.name: machine for machine in papers.MACHINES}


@pytest.mark.parametrize("machine", papers.MACHINES, ids=lambda machine: str(machine.name))
def test_the_drawing_shows_every_edge(machine: Machine[StrEnum, StrEnum]) -> None:
    drawn = papers.states([machine])

    for state, edges in machine.table.items():
        for action, after in edges.items():
            assert f"    {state} --> {after}: {action}\n" in drawn
    assert drawn.count("-->") == 1 + sum(len(edges) or 1 for edges in machine.table.values())


def test_docs_show_the_machines_as_they_are() -> None:
    # Draw them anew with: python -m scripts.papers
    assert (papers.DOCS / "states.md").read_text(encoding="utf-8") == papers.states()
