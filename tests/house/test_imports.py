"""Calls go down: the import contracts, and nobody imports the joinery."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.house import tree


def test_the_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"]

    # A contract that names a missing module fails without saying BROKEN: only the code tells.
    outcome = subprocess.run(
        command, cwd=tree.ROOT, capture_output=True, text=True, check=False, timeout=90
    )

    assert outcome.returncode == 0, outcome.stdout[-4000:] + outcome.stderr[-2000:]


def test_nobody_imports_app() -> None:
    importers = [
        f"{path}:{node.lineno}"
        for path in tree.with_suffix(".py", under=(*tree.PACKAGES, "sandbox", "migrations"))
        for node in ast.walk(tree.parsed(path))
        if (isinstance(node, ast.Import) and any(alias.name == "app" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "app")
    ]

    assert importers == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

    named = [str(path) for path in tree.with_suffix(".py") if drawers & {path.stem, *path.parts}]

    assert named == []


def test_every_package_says_what_it_owns() -> None:
    empty = [
        str(path)
        for path in tree.with_suffix(".py", under=(*tree.PACKAGES, "sandbox"))
        if path.name == "__init__.py" and not ast.get_docstring(tree.parsed(path))
    ]

    assert empty == []
