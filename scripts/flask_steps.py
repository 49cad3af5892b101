"""Runs several `flask --app app …` commands in one process, so that the app is built once.

Started by the launcher inside the virtual environment, never imported:
`python -m scripts.flask_steps "db upgrade" "wechat-account > file"`. A file is written whole
and for its owner only, or not at all.
"""

import contextlib
import io
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from flask.cli import FlaskGroup

from app import create_app


def main(steps: Sequence[str]) -> None:
    app = create_app()
    commands = FlaskGroup(create_app=lambda: app)
    for step in steps:
        words, _, target = step.partition(" > ")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed) if target else contextlib.nullcontext():
            commands.main(shlex.split(words), prog_name="flask", standalone_mode=False)
        if target:
            _write(Path(target), printed.getvalue())


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


if __name__ == "__main__":
    main(sys.argv[1:])
