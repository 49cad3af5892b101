"""Programs that call the API: each acts as an account of its own, within the scopes it was given."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kernel import audit
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.db import Session
from kernel.errors import Conflict, Invalid
from kernel.numbers import new_token
from kernel.words import msg
from members.models import ApiClient, Staff
from members.queries import hash_of

# What a program may be allowed, as resource:action.
SCOPES = frozenset(
    {
        "services:read",
        "members:read",
        "ledger:read",
        "bookings:read",
        "bookings:write",
        "goods:read",
        "goods:write",
        "serials:write",
    }
)
# Tells people and scanners what they have found when a token lies about.
TOKEN_PREFIX = "doorbell_"
LOGIN_PREFIX = "api:"


class BadScope(Invalid):
    """No such scope, or none at all."""

    code = "bad_scope"
    says = msg("没有这个权限范围：%(scope)s。")


class NameTaken(Conflict):
    """Another program has that name."""

    code = "name_taken"
    says = msg("这个名字已经有了，请换一个。")


@dataclass(frozen=True, slots=True)
class Made:
    """A fresh client; the token is shown once and kept nowhere."""

    client: ApiClient
    token: str


def add_client(
    db: Session,
    *,
    name: str,
    role: Role,
    branch_ids: Collection[int],
    scopes: Collection[str],
    by: Actor,
    now: datetime,
) -> Made:
    """Let a program in under a role of the console, in those branches (none: every branch).

    Raises BadScope, NameTaken.
    """
    assert role in CONSOLE_ROLES, role
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        raise BadScope(field="scopes", scope=", ".join(unknown))
    login = f"{LOGIN_PREFIX}{name}"
    if db.scalars(select(Staff.id).where(Staff.login == login)).first() is not None:
        raise NameTaken(field="name")

    # No password opens an account whose hash is no hash.
    account = Staff(
        login=login, name=name, role=role, branch_ids=sorted(branch_ids), password_hash=""
    )
    db.add(account)
    db.flush()
    token = TOKEN_PREFIX + new_token()
    client = ApiClient(
        staff_id=account.id, scopes=sorted(scopes), token_hash=hash_of(token), made_at=now
    )
    db.add(client)

    detail = {"name": name, "role": role.value, "scopes": sorted(scopes)}
    audit.record(
        db, by=by, action="api_client.add", about=f"staff:{account.id}", now=now, detail=detail
    )
    return Made(client, token)
