"""Which templates the account has now: those of its file, those it added, less those it deleted."""

import secrets
import sqlite3
from dataclasses import replace
from typing import Any

from kernel.words import msg
from sandbox.errors import ApiError
from sandbox.message_templates import MessageTemplate
from sandbox.settings import Account

TEMPLATES_MAX = 25


def every(db: sqlite3.Connection, *, account: Account) -> list[MessageTemplate]:
    """Return them, those of the account's file first."""
    rows = db.execute("SELECT * FROM template ORDER BY rowid").fetchall()
    gone = {row["template_id"] for row in rows if row["deleted"]}
    added = [
        replace(account.library[row["short"]], template_id=row["template_id"])
        for row in rows
        if not row["deleted"] and row["short"] in account.library
    ]
    return [one for one in account.templates if one.template_id not in gone] + added


def find(db: sqlite3.Connection, *, body: dict[str, Any], account: Account) -> MessageTemplate:
    """Return the template that a call names. Raises ApiError 40036, 40037."""
    return _named(body, among=every(db, account=account))


def find_subscription(*, body: dict[str, Any], account: Account) -> MessageTemplate:
    """Return the subscription notice that a call names. Raises ApiError 40036, 40037."""
    return _named(body, among=account.subscriptions)


def add(db: sqlite3.Connection, *, short: object, account: Account) -> str:
    """Take a template from the library and return its new id. Raises ApiError 40037, 45026."""
    if not isinstance(short, str) or short not in account.library:
        raise ApiError(40037, rule=msg("账号的 library 里没有这个模板编号。"))
    if len(every(db, account=account)) >= TEMPLATES_MAX:
        raise ApiError(45026)
    template_id = secrets.token_urlsafe(33)[:43]
    db.execute("INSERT INTO template VALUES (?, ?, 0)", (template_id, short))
    return template_id


def delete(db: sqlite3.Connection, *, body: dict[str, Any], account: Account) -> None:
    """Take a template from the account for ever. Raises ApiError 40036, 40037."""
    template = find(db, body=body, account=account)
    db.execute(
        "INSERT INTO template VALUES (?, '', 1) ON CONFLICT (template_id) DO UPDATE"
        " SET deleted = 1",
        (template.template_id,),
    )


def _named(
    body: dict[str, Any], *, among: list[MessageTemplate] | tuple[MessageTemplate, ...]
) -> MessageTemplate:
    template_id = body.get("template_id")
    if not isinstance(template_id, str) or not template_id:
        raise ApiError(40036)
    for template in among:
        if template.template_id == template_id:
            return template
    raise ApiError(40037)
