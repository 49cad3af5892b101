"""flask bench NAME: the frame of what the house measures and proves about itself.

Each module of scripts/bench/ is a bench: its first line is its help, its `run` does the work on a
bench's own temporary files, and needs neither settings nor network.
"""

import json
import pkgutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import click
from flask import Flask

from scripts import planner_command
from scripts.terminal import table

FOLDER = "scripts.bench"
GROUP = "bench"
# The groups of commands that run without the house's settings.
OWN = {GROUP, planner_command.GROUP}
_WITH_VALUE = {"-A", "--app", "-e", "--env-file"}
# The columns of the results' table.
HEAD = ("", "what", "figure")

Figure = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What a bench works with: how to make an app, how much to do, and whom to tell of it."""

    make_app: Callable[..., Flask]
    is_quick: bool
    # What else was asked for, by the bench's own OPTIONS.
    asked: Mapping[str, Any] = field(default_factory=dict)

    def tell(self, words: str) -> None:
        """Say how far it has come."""
        print(f"  {time.strftime('%H:%M:%S')}  {words}", flush=True)


@dataclass(slots=True)
class Result:
    """What was found. It holds as long as no claim fails."""

    figures: dict[str, Figure] = field(default_factory=dict)
    holds: bool = True
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def count(self, name: str, figure: Figure) -> None:
        """Note a figure."""
        self.figures[name] = figure
        self.rows.append(("", name, str(figure)))

    def claim(self, words: str, *, is_so: bool, but: str = "") -> None:
        """Note whether something holds, and what stands against it."""
        self.holds = self.holds and is_so
        self.rows.append(("ok" if is_so else "FAILED", words, but if not is_so else ""))


class Benches(click.Group):
    """One command for each module of the folder, loaded when it is wanted."""

    def __init__(self, make_app: Callable[..., Flask]) -> None:
        super().__init__(GROUP, help="Prove or measure something, on temporary files of its own.")
        self._make_app = make_app

    def list_commands(self, ctx: click.Context) -> list[str]:
        return names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in names():
            return None
        bench = pkgutil.resolve_name(f"{FOLDER}.{name.replace('-', '_')}")
        quick = click.Option(["--quick"], is_flag=True, help="a small one, for a first look")

        own: Sequence[click.Option] = getattr(bench, "OPTIONS", ())

        def run(*, quick: bool, **asked: Any) -> None:
            stand = Stand(make_app=self._make_app, is_quick=quick, asked=asked)
            result = conducted(bench, stand)
            raise SystemExit(0 if result.holds else 1)

        help_text = (bench.__doc__ or "").partition("\n")[0]
        return click.Command(name, params=[quick, *own], callback=run, help=help_text)


def names() -> list[str]:
    """Return the benches there are; a package in their folder is what they are made of."""
    folder: Any = pkgutil.resolve_name(FOLDER)
    return sorted(
        found.name.replace("_", "-")
        for found in pkgutil.iter_modules(folder.__path__)
        if not found.ispkg
    )


def conducted(bench: ModuleType, stand: Stand) -> Result:
    """Run a bench, print its table and, as the last line, one JSON object."""
    name = bench.__name__.rpartition(".")[2].replace("_", "-")
    began_s = time.monotonic()
    result: Result = bench.run(stand)
    result.count("seconds", round(time.monotonic() - began_s, 1))
    print(f"\n{report(result.rows)}\n")
    told = {"bench": name, "figures": result.figures, "holds": result.holds}
    print(json.dumps(told, ensure_ascii=False), flush=True)
    return result


def report(rows: Sequence[tuple[str, str, str]]) -> str:
    return table([HEAD, *rows])


def is_asked_for(words: Sequence[str]) -> bool:
    """Tell whether the command line asks for what needs no settings, or brings its own."""
    return click.get_current_context(silent=True) is not None and _command(words) in OWN


def _command(words: Sequence[str]) -> str:
    """Return the first word of a command line of flask's that is no option, nor one's value."""
    rest = iter(words[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, "")
        elif not word.startswith("-"):
            return word
    return ""


def workbench(make_app: Callable[..., Flask]) -> Flask:
    """Return an app that has the benches and the planner's commands, and nothing else."""
    bare = Flask(__name__)
    join(bare, make_app)
    return bare


def join(app: Flask, make_app: Callable[..., Flask]) -> None:
    """Give an app the commands that need nothing of it."""
    app.cli.add_command(Benches(make_app))
    app.cli.add_command(planner_command.planner)
