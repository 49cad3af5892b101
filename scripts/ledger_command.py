"""flask ledger verify | seal | role: the whole ledger derived anew, each day's heads kept outside, and a
role that cannot change it."""

from datetime import datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from kernel import grants
from kernel.clock import local_date
from kernel.db import transaction
from members import ledger_proof, seals


def join(app: Flask) -> None:
    """Give the app its commands about the ledger."""
    group = AppGroup("ledger", help="The members' ledger held against itself.")

    @group.command("verify")
    def verify() -> None:
        """Derive every account, lot and hold from the entries, hold them against the sealed heads, and
        name the first row that does not follow (exit status 1)."""
        folder, now = _where_and_when()
        with transaction(reads_only=True) as db:
            proof = ledger_proof.prove(db, now=now)
            seal = next(seals.broken_seals(db, folder), None)
        print(f"{proof.accounts} accounts, {proof.rows} entries, {seals.count(folder)} seals")
        if proof.bad is not None:
            raise click.ClickException(said(proof.bad))
        if seal is not None:
            raise click.ClickException(said_of_seal(seal))
        print("everything follows")

    @group.command("seal")
    def seal() -> None:
        """Write today's heads into a file of the data folder, once a day; the house does so by itself."""
        folder, now = _where_and_when()
        with transaction(reads_only=True) as db:
            path = seals.seal(db, folder, day=local_date(now))
        print(path if path is not None else "today is sealed")

    @group.command("role")
    @click.argument("name")
    def role(name: str) -> None:
        """Print the SQL that makes a PostgreSQL role for the house to work by, which can neither change
        nor remove what has happened: run it as the tables' owner, after each migration."""
        if not grants.ROLE.fullmatch(name):
            raise click.BadParameter("a role's name is of small letters, digits and underscores")
        with transaction(reads_only=True) as db:
            if db.get_bind().dialect.name != "postgresql":
                raise click.ClickException("only PostgreSQL has roles")
            print(grants.script(db, role=name), end="")

    app.cli.add_command(group)


def _where_and_when() -> tuple[Path, datetime]:
    """Return the folder of the seals, and what time it is."""
    told = current_app.extensions
    return told["doorbell.settings"].data_dir / seals.FOLDER, told["doorbell.clock"].now()


def said(bad: ledger_proof.BadRow) -> str:
    """Return which row is bad and which promise it breaks."""
    key = f", posting {bad.key}" if bad.key else ""
    return (
        f"{bad.owner} {bad.unit}, entry {bad.seq}{key}: its {bad.broken.value} does not follow "
        f"(invariant {bad.invariant})"
    )


def said_of_seal(seal: seals.SealBroken) -> str:
    """Return which seal the ledger contradicts."""
    if not seal.account_id:
        return f"{seal.file} does not follow the seal before it (invariant 23)"
    return (
        f"{seal.file} sealed another head for entry {seal.seq} of account {seal.account_id} "
        "(invariant 23)"
    )
