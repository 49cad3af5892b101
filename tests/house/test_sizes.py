"""Nothing is longer than can be read in one sitting."""

from pathlib import Path

from tests.house import tree

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# Alembic writes a table's every column on a line of its own, once.
GENERATED = {Path("migrations/versions/0001_first_tables.py")}


def test_no_file_has_more_than_400_lines() -> None:
    long = {
        str(path): lines
        for path in tree.with_suffix(".py", ".js", ".css", ".html")
        if (lines := len(tree.text(path).splitlines())) > FILE_LINES_MAX and path not in GENERATED
    }

    assert long == {}


def test_no_function_has_more_than_60_lines() -> None:
    long = {
        f"{path}:{function.lineno} {function.name}": lines
        for path in tree.with_suffix(".py")
        if path not in GENERATED
        for function in tree.functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    }

    assert long == {}
