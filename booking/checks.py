"""The check list of a service, and the photos it wants, before its work counts as done. Pure."""

from collections.abc import Iterable, Sequence

from kernel.errors import Conflict, Invalid
from kernel.words import msg

POINTS_MAX = 12
POINT_LENGTH_MAX = 40


class ChecksOpen(Conflict):
    """Points of the check list are not ticked yet."""

    code = "checks_open"
    says = msg("完工 · 检查还差 %(n)s 项。")


class NoSuchPoint(Invalid):
    """What was ticked does not stand on the service's check list."""

    code = "no_such_point"
    says = msg("检查单已经更新，请刷新后再打勾。")


class BadPoints(Invalid):
    """A list of points is too long, or one of them is."""

    code = "bad_points"
    says = msg("每行一项，最多 %(most)s 项，每项最多 %(length)s 个字。")


def points_of(text: str, *, field: str) -> list[str]:
    """Return the points that were written one a line, each once. Raises BadPoints."""
    found = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(found) > POINTS_MAX or any(len(point) > POINT_LENGTH_MAX for point in found):
        raise BadPoints(field=field, most=POINTS_MAX, length=POINT_LENGTH_MAX)
    return found


def photos_least(shots: Sequence[str]) -> int:
    """Return how many photos the work needs: one of each kind that is wanted, one at least."""
    return max(1, len(shots))


def check_all_ticked(points: Sequence[str], ticked: Iterable[str]) -> None:
    """Refuse to finish while points are open. Raises ChecksOpen."""
    left = set(points).difference(ticked)
    if left:
        raise ChecksOpen(field="checks", n=len(left))
