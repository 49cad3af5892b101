"""Who gets in where: the matrix of routes and roles, read off the routes themselves.

`lines` says what each cell must be; docs/access.md shows it and tests/journeys/access/test_matrix.py
calls every cell. A new route needs nothing here, unless its address names a new kind of thing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, product

from flask import Flask

from faces.chrome.sign_in import API
from kernel.actor import Role

PHONES = frozenset({Role.MEMBER, Role.TECHNICIAN})
ROLES = (
    Role.MEMBER,
    Role.TECHNICIAN,
    Role.STORE,
    Role.DISPATCHER,
    Role.MANAGER,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)
SAFE = "GET"
# Things in addresses that belong to somebody, by the part of the address before them: another's
# answers like nothing at all. The face stands before a kind that only it parts by owner.
OWNED = frozenset(
    {
        "additions",
        "appeals",
        "assets",
        "blacklistings",
        "bookings",
        "campaigns",
        "care",
        "chats",
        "codes",
        "collections",
        "complaints",
        "contacts",
        "drafts",
        "draws",
        "earnings",
        "followers",
        "goods",
        "payments",
        "photos",
        "pictures",
        "plans",
        "samples",
        "stores",
        "strike",
        "strikes",
        "surveys",
        "technicians",
        "tryouts",
        "turns",
        "visits",
        "waiting",
    }
)
# Things that belong to nobody, and words.
SHARED = frozenset(
    {
        "book",
        "catalogue",
        "checks",
        "claim",
        "coupons",
        "language",
        "members",
        "merge",
        "overrides",
        "rulebook",
        "shifts",
        "shop",
        "uploads",
        "users",
        "ways",
    }
)
# Routes that name a branch in their parameters or form: the branch is the thing then.
BY_BRANCH = frozenset(
    {
        "console.add_canned",
        "console.ask",
        "console.bills",
        "console.board",
        "console.board_news",
        "console.bookings",
        "console.canned",
        "console.change_canned",
        "console.codes",
        "console.drop_estate",
        "console.drop_tie",
        "console.answer_leak",
        "console.estates",
        "console.leaks",
        "console.messages",
        "console.move_canned",
        "console.plans",
        "console.publish",
        "console.remove_canned",
        "console.set_crew",
        "console.set_estate",
        "console.set_fair",
        "console.set_kept",
        "console.set_load",
        "console.set_partner",
        "console.set_tool",
        "console.show_ties",
        "console.stores",
        "console.technicians",
    }
)
# Routes that name what they speak of in a parameter of their own.
BY_TOPIC = frozenset({"live.listen"})


class Cell(StrEnum):
    """What somebody is answered."""

    IN = "✓"
    # In to his own; another's is as if it were not there.
    OWN = "✓ · 404"
    NOBODY = "401"
    SIGN_IN = "302"
    FORBIDDEN = "403"


class UnknownKind(LookupError):
    """An address names a thing that stands neither among OWNED nor SHARED."""


@dataclass(frozen=True, slots=True)
class Line:
    """One route and method; `scope` is what a program's token needs, "" for pages."""

    rule: str
    method: str
    endpoint: str
    scope: str
    nobody: Cell
    cells: Mapping[Role, Cell]

    @property
    def is_public(self) -> bool:
        return not self.cells


def lines(app: Flask) -> Iterator[Line]:
    """Yield every route of the app by address and method. Raises UnknownKind."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint == "static":
            continue
        view = app.view_functions[rule.endpoint]
        roles: frozenset[Role] | None = view.roles  # type: ignore[union-attr]  # a house test demands it
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for address, method in product(_spelled(rule.rule), methods):
            yield Line(
                rule=address,
                method=method,
                endpoint=rule.endpoint,
                scope=getattr(view, "scope", ""),
                nobody=Cell.IN if roles is None else _outside(address, roles, method),
                cells={} if roles is None else _cells(address, rule.endpoint, roles, method),
            )


def things(rule: str) -> list[tuple[str, str]]:
    """Return the owned things that an address names, outermost first: (kind, parameter).

    Raises UnknownKind.
    """
    found = named(rule)
    for kind, _ in found:
        if kind not in OWNED | SHARED:
            raise UnknownKind(f"{rule}: is {kind} owned or shared? See scripts/access.py")
    return [(kind, parameter) for kind, parameter in found if kind in OWNED]


def named(rule: str) -> list[tuple[str, str]]:
    """Return what an address names, outermost first: the part before it, and its parameter."""
    parts = [_plain(part) for part in rule.split("/")]
    return [(kind, part.strip("<>")) for kind, part in pairwise(parts) if part.startswith("<")]


def paper(app: Flask) -> str:
    """Return docs/access.md."""
    told = list(lines(app))
    pages = [line for line in told if not line.is_public and not line.scope]
    calls = [line for line in told if line.scope]
    public = [line for line in told if line.is_public]
    return _PAPER.format(
        pages=_table(("nobody", *map(str, ROLES)), pages),
        calls=_table(("scope", "no token", *map(str, _PROGRAMS)), calls),
        public="\n".join(f"- `{line.method} {line.rule}`" for line in public),
    )


def _spelled(rule: str) -> list[str]:
    """Return the addresses of a rule: one for each word where it offers a choice of words."""
    choice = re.search(r"<any\(([^)]*)\):\w+>", rule)
    if choice is None:
        return [rule]
    words = [word.strip() for word in choice[1].split(",")]
    return [rule[: choice.start()] + word + rule[choice.end() :] for word in words]


def _cells(rule: str, endpoint: str, roles: frozenset[Role], method: str) -> Mapping[Role, Cell]:
    is_owned = bool(things(rule)) or endpoint in BY_BRANCH | BY_TOPIC
    inside = Cell.OWN if is_owned else Cell.IN
    return {
        role: inside if role in roles else _refused(rule, roles, role, method) for role in ROLES
    }


def _refused(rule: str, roles: frozenset[Role], role: Role, method: str) -> Cell:
    if rule.startswith(API) and role in PHONES:
        # No browser is signed in there.
        return Cell.NOBODY
    if role in PHONES and roles & PHONES:
        # One phone may be a member's and a technician's: it signs in again as the other.
        return _outside(rule, roles, method)
    return Cell.FORBIDDEN


def _outside(rule: str, _roles: frozenset[Role], method: str) -> Cell:
    return Cell.SIGN_IN if method == SAFE and not rule.startswith(API) else Cell.NOBODY


def _plain(part: str) -> str:
    """Return <number> for <string:number>."""
    return re.sub(r"^<\w+:", "<", part)


_PROGRAMS = tuple(role for role in ROLES if role not in PHONES)


def _table(heads: tuple[str, ...], rows: list[Line]) -> str:
    written = ["| route | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for line in rows:
        roles = _PROGRAMS if line.scope else ROLES
        cells = [line.nobody.value, *(line.cells[role].value for role in roles)]
        named = [f"`{line.method} {line.rule}`", *([f"`{line.scope}`"] if line.scope else [])]
        written.append("| " + " | ".join((*named, *cells)) + " |")
    return "\n".join(written)


_PAPER = """# Access

Drawn from the routes by `python -m scripts.papers`; a test compares them, and another calls every
cell. **✓** lets in; **✓ · 404** lets in to one's own (a member's things, a technician's visits, a
branch in scope) and answers another's like nothing at all; **302** leads to the sign-in, **401** is
what htmx, scripts and forms are told instead, **403** is another role's page. A manager,
administrator or auditor without branches in his scope sees every branch.

## Pages
{pages}

## The API
With a token of the scope; without that scope 403.

{calls}

## For everybody
{public}
"""
