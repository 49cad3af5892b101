"""The second chance of a test that talks to real servers or browsers (docs/adr/0025)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # our own pytest wrote what is read

# Never those that judge the house by chance and by rivals: what fails there once is true.
SLICES = {"integration", "browser"}
TESTS_MAX = 3
# Names each test's file beside its class and name.
FAMILY = ("-o", "junit_family=xunit1")
_SAID_MAX = 6_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed, by pytest's id, and what it said."""

    test: str
    said: str


def failures(results: Path) -> list[Failure]:
    """Return what failed; nothing when some of it is no test that could be run again."""
    told: dict[str, list[str]] = {}
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        for trouble in (*case.findall("failure"), *case.findall("error")):
            told.setdefault(_id_of(case), []).append((trouble.text or "")[-_SAID_MAX:])
    if "" in told:
        return []
    return [Failure(test, "\n".join(said)) for test, said in told.items()]


def report(unsteady: Sequence[Failure]) -> str:
    """Return the lines that make an unsteady test known."""
    lines = [f"{'!' * 4} unsteady: passed only the second time {'!' * 50}", ""]
    for one in unsteady:
        lines += [one.test, *(f"    {line}" for line in one.said.splitlines()), ""]
    return "\n".join([*lines, "Each of them is a defect: of the test or of what it tests."])


def _id_of(case: ElementTree.Element) -> str:
    """Return `file::Class::name`, or nothing for what is no test."""
    file, name = case.get("file", ""), case.get("name", "")
    module = file.removesuffix(".py").replace("/", ".")
    place = case.get("classname", "")
    if not file or not name or not place.startswith(module):
        return ""
    classes = place.removeprefix(module).split(".")[1:]
    return "::".join([file, *classes, name])
