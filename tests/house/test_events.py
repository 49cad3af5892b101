"""Events: one name one class, each in the papers with its topics and reactions."""

import ast
from collections import Counter

import app as joinery
from kernel.events import Event
from scripts import papers
from tests.house import tree


def test_docs_list_the_events_as_they_are() -> None:
    # Write them anew with: python -m scripts.papers
    listed = (papers.DOCS / "events.md").read_text(encoding="utf-8")

    assert listed == papers.events(joinery.REACTIONS)


def test_no_two_packages_tell_events_of_one_name() -> None:
    # The outbox keeps an event by its name alone.
    names = Counter(
        node.name
        for path in tree.with_suffix(".py", under=tree.PACKAGES)
        if path.name == "events.py"
        for node in tree.parsed(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert [name for name, count in names.items() if count > 1] == []
    assert set(names) - {"Event"} == {n for n in Event.registry if not n.startswith("_")}


def test_every_event_says_what_has_happened() -> None:
    silent = [
        name
        for name, kind in Event.registry.items()
        if not name.startswith("_") and not (kind.__doc__ or "").rstrip().endswith(".")
    ]

    assert silent == []


def test_every_event_is_told_by_some_operation() -> None:
    told = {
        node.func.id
        for path in tree.with_suffix(".py", under=tree.PACKAGES)
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert {n for n in Event.registry if not n.startswith("_")} - told == set()
