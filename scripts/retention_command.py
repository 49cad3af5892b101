"""flask retention: what is kept of people for how long, and what was dropped."""

from flask import Flask, current_app
from flask.cli import AppGroup

from faces.chrome.keeping import RULES
from kernel import retention
from kernel.db import transaction


def join(app: Flask) -> None:
    """Give the app its commands about what is kept how long."""
    group = AppGroup("retention", help="What is kept of people for how long.")

    @group.command("report")
    def report() -> None:
        """Print each rule with its days, what it dropped in all, and when it last did."""
        with transaction(reads_only=True) as db:
            dropped = retention.report(db)
        for rule in RULES:
            done = dropped.get(rule.name)
            last = f"{done.last_at:%Y-%m-%d %H:%M} UTC" if done and done.last_at else "never"
            rows = done.rows if done else 0
            print(f"{rule.name:14} {rule.keeps.days:4} days  {rows:7} dropped  last {last}")

    @group.command("run")
    def run() -> None:
        """Drop what is over now; the relay does so by itself."""
        clock = current_app.extensions["doorbell.clock"]
        print(f"{retention.drop_what_is_over(RULES, clock)} rows dropped")

    app.cli.add_command(group)
