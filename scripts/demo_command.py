"""flask seed-demo: fills an empty database with the demo city."""

import pkgutil

import click
from flask import Flask


def join(app: Flask) -> None:
    """Give the app its command; the city is loaded at the time of need."""

    @app.cli.command("seed-demo")
    @click.option("--calm", is_flag=True, help="leave out what goes wrong this morning")
    def seed_demo(calm: bool) -> None:
        """Fill an empty database with the demo city."""
        seed = pkgutil.resolve_name("scripts.demo_city.city:seed")
        seed(app.extensions["doorbell.settings"], is_calm=calm)
