"""flask api-token: lets another program call the API."""

from collections.abc import Sequence

import click
from flask import Flask

from dispatch import queries
from kernel.actor import CONSOLE_ROLES, SYSTEM, Role
from kernel.clock import SystemClock
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members.operations import api_clients


def join(app: Flask) -> None:
    """Give the app its command."""

    @app.cli.command("api-token")
    @click.argument("name")
    @click.option("--role", required=True, help="dispatcher, manager, store, auditor, …")
    @click.option("--scopes", required=True, help="parted by commas: bookings:read,bookings:write")
    @click.option("--branches", default="", help="codes parted by commas; none: every branch")
    def api_token(name: str, role: str, scopes: str, branches: str) -> None:
        """Let a program call the API, and print its token once."""
        print(make(name=name, role=role, scopes=scopes.split(","), branches=branches))


def make(*, name: str, role: str, scopes: Sequence[str], branches: str) -> str:
    """Make a client and return its token, which is kept nowhere. Raises click's UsageError."""
    if role not in CONSOLE_ROLES:
        raise click.UsageError(f"--role is one of {', '.join(sorted(CONSOLE_ROLES))}")
    try:
        with transaction() as db:
            made = api_clients.add_client(
                db,
                name=name,
                role=Role(role),
                branch_ids=_branch_ids(db, branches),
                scopes=scopes,
                by=SYSTEM,
                now=SystemClock().now(),
            )
    except Refusal as refusal:
        known = ", ".join(sorted(api_clients.SCOPES))
        raise click.UsageError(f"{refusal} (scopes: {known})") from refusal
    return made.token


def _branch_ids(db: Session, codes: str) -> list[int]:
    wanted = {code.strip() for code in codes.split(",") if code.strip()}
    found = {branch.code: branch.id for branch in queries.branches(db)}
    if unknown := wanted - set(found):
        raise click.UsageError(f"no such branch: {', '.join(sorted(unknown))}")
    return [found[code] for code in sorted(wanted)]
