"""flask draw verify NUMBER: a lucky draw derived anew."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from booking import prize_queries
from kernel.actor import SYSTEM
from kernel.db import transaction
from members import draw_queries
from members.drawing import DrawMissing


def join(app: Flask) -> None:
    """Give the app its commands about draws."""
    group = AppGroup("draw", help="Lucky draws held against what was promised.")

    @group.command("verify")
    @click.argument("number")
    def verify(number: str) -> None:
        """Derive the commitment, every result, the log's chain and what was given; name the first thing that does not follow (exit status 1)."""
        now = current_app.extensions["doorbell.clock"].now()
        try:
            with transaction(reads_only=True) as db:
                row = draw_queries.draw(db, number=number, by=SYSTEM, within=None, now=now)
                proof = prize_queries.prove(db, row)
        except DrawMissing as missing:
            raise click.ClickException("no such draw") from missing
        print(f"{row.eggs} eggs, {proof.plays} smashed, commitment {row.commitment or 'none yet'}")
        if proof.wrong:
            raise click.ClickException(proof.wrong)
        print("everything follows")

    app.cli.add_command(group)
