"""The commands of `flask --app app …`, but for those that run the house's own hands."""

from flask import Flask

from scripts import (
    api_token,
    bill_command,
    demo_command,
    draw_command,
    ledger_command,
    retention_command,
    wechat_setup,
)


def join(app: Flask) -> None:
    """Give the app its commands."""
    for command in (
        wechat_setup,
        api_token,
        bill_command,
        draw_command,
        ledger_command,
        retention_command,
        demo_command,
    ):
        command.join(app)
