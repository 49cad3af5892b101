"""The papers show who gets in where, and faces look things up within the scope of who asks."""

import ast
import importlib
from collections.abc import Iterator

from marshmallow import Schema

from faces.chrome.schema import Form
from scripts import access, papers
from tests.house import tree

FACES = ("faces",)
# Lookups by what addresses carry that ask nobody who wants to know: for operations, which are told
# by whom; faces have `dispatch.scope`, and queries that take `by`.
UNSCOPED = {"visit_by_number", "proposal_by_number"}


def test_docs_show_who_gets_in_where() -> None:
    # Draw it anew with: python -m scripts.papers
    drawn = access.paper(papers.an_app())

    assert (papers.DOCS / "access.md").read_text(encoding="utf-8") == drawn


def test_no_kind_of_thing_is_owned_and_shared() -> None:
    assert set() == access.OWNED & access.SHARED


def test_routes_that_are_named_there_exist() -> None:
    endpoints = {line.endpoint for line in access.lines(papers.an_app())}

    assert endpoints >= access.BY_BRANCH | access.BY_TOPIC


def test_faces_look_things_up_in_scope() -> None:
    strays = [
        f"{path}:{node.lineno}"
        for path in tree.with_suffix(".py", under=FACES)
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in UNSCOPED
    ]

    assert strays == []


def test_whatever_comes_in_is_a_form() -> None:
    # What goes out is a plain schema whose name ends in Out.
    strays = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in _schemas()
        if not issubclass(kind, Form) and not kind.__name__.endswith("Out")
    ]

    assert strays == []


def _schemas() -> Iterator[type[Schema]]:
    for path in tree.with_suffix(".py", under=FACES):
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        for kind in vars(module).values():
            is_ours = isinstance(kind, type) and kind.__module__ == module.__name__
            if is_ours and issubclass(kind, Schema):
                yield kind
