"""What may stand in the repository, and what must not."""

import re
from dataclasses import fields
from pathlib import Path

from kernel.settings import Settings
from tests.house import tree

TEXT = (".py", ".js", ".css", ".html", ".md", ".toml", ".json", ".yml", ".yaml", ".txt", ".in", "")
# Somebody's own machine: in pieces, so that this file does not find itself.
_MACHINE = re.compile(r"(?<![\w.}/])/(?:" + "|".join(["work", "home", "root", "Users"]) + r")/\w")
_LOCKS = {"package-lock.json", "requirements.txt", "requirements-dev.txt", "requirements-uv.txt"}


def test_nothing_of_other_peoples_is_tracked() -> None:
    folders = {
        "node_modules",
        "vendor",
        "site-packages",
        ".venv",
        "third_party",
        "bower_components",
    }

    tracked = [
        str(path)
        for path in tree.tracked()
        if folders & set(path.parts) or re.search(r"[.-]min\.(js|css)$", path.name)
    ]

    assert tracked == []


def test_nothing_that_is_made_by_running_is_tracked() -> None:
    made = {".sqlite3", ".log", ".sock", ".pyc", ".mo", ".db"}

    tracked = [str(path) for path in tree.tracked() if path.suffix in made or path.name == ".env"]

    assert tracked == []


def test_no_file_knows_somebodys_machine() -> None:
    found = [
        f"{path}: {match[0]}"
        for path in tree.tracked()
        if path.suffix in TEXT and path.name not in _LOCKS
        for match in _MACHINE.finditer(tree.text(path))
    ]

    assert found == []


def test_every_setting_is_explained() -> None:
    example = tree.text(Path(".env.example"))

    unexplained = [
        field.name.upper()
        for field in fields(Settings)
        if not re.search(rf"^#? ?{field.name.upper()}=", example, re.MULTILINE)
    ]

    assert unexplained == []
