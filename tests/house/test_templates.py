"""Every template is rendered by some view, and every rendered template exists."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from jinja2 import Environment, meta

from tests.house import tree

FOLDER = Path("templates")
_READER = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)

# The inside of a <wx-open-subscribe>, which is text to the browser.
WECHATS = re.compile(r'<script type="text/wxtag-template".*?</script>', re.DOTALL)


def templates() -> set[str]:
    """Return the names of all tracked templates."""
    return {
        path.relative_to(FOLDER).as_posix()
        for path in tree.with_suffix(".html", under=("templates",))
    }


def named_by_views() -> Iterator[tuple[Path, str]]:
    """Yield (module, template) for each `….html` in Python; a gap of an f-string is a `*`."""
    for path in tree.with_suffix(".py", under=("faces", "sandbox")):
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Constant) and _is_name(node.value):
                yield path, str(node.value)
            if isinstance(node, ast.JoinedStr):
                pattern = "".join(_part(part) for part in node.values)
                if _is_name(pattern):
                    yield path, pattern


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.endswith(".html") and "/" in value


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "*"


def meant_by(module: Path, pattern: str) -> set[str]:
    """Return the templates a view means: for a gap, those whose word stands in its module."""
    if "*" not in pattern:
        return {pattern}
    before, after = pattern.split("*", 1)
    words = {
        node.value
        for node in ast.walk(tree.parsed(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        name
        for name in templates()
        if fnmatchcase(name, pattern) and name.removeprefix(before).removesuffix(after) in words
    }


def drawn_in(name: str) -> set[str]:
    """Return the templates that a template extends, includes or imports."""
    source = _READER.parse(tree.text(FOLDER / name))
    return {found for found in meta.find_referenced_templates(source) if found}


def test_every_rendered_template_exists() -> None:
    missing = [
        f"{module}: {pattern}"
        for module, pattern in named_by_views()
        if not meant_by(module, pattern) or meant_by(module, pattern) - templates()
    ]

    assert missing == []


def test_every_template_that_a_template_names_exists() -> None:
    missing = {name: drawn_in(name) - templates() for name in templates()}

    assert {name: lost for name, lost in missing.items() if lost} == {}


def test_every_template_is_rendered_somewhere() -> None:
    reached = {
        name for module, pattern in named_by_views() for name in meant_by(module, pattern)
    } & templates()
    waiting = list(reached)
    while waiting:
        for name in drawn_in(waiting.pop()) & templates() - reached:
            reached.add(name)
            waiting.append(name)

    assert templates() - reached == set()


def test_no_template_carries_style_or_script_of_its_own() -> None:
    """The content policy would silence it; what WeChat draws by itself is not the page's own."""
    found = [
        f"{path}: {sign}"
        for path in tree.with_suffix(".html", under=("templates",))
        for sign in ('style="', "<style", "onclick=", "hx-on", "javascript:", "js:")
        if sign in WECHATS.sub("", tree.text(path))
    ]

    assert found == []
