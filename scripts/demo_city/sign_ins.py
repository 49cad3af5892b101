"""One person per role of the console, with a password and an authenticator of this installation
alone."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from booking import queries as booking
from kernel.actor import Actor, Role
from kernel.db import Session
from members.operations import entering, sign_ins, staff
from scripts.terminal import table

FILE_NAME = "sign-ins.txt"
_HEADING = (
    "# 控制台登录 · Sign-ins of the console: role, login, password, secret of the authenticator (the "
    "sign-in page of the demo fills its code in), page. Keep this file to yourself."
)
NO_SECRET = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the console; `branch_code` limits his scope, "" for every branch."""

    role: Role
    role_name: str
    login: str
    name: str
    branch_code: str = ""


PEOPLE: Sequence[Person] = (
    Person(role=Role.DISPATCHER, role_name="调度", login="zou", name="邹立言", branch_code="QD1"),
    Person(role=Role.MANAGER, role_name="经理", login="meng", name="孟宪芝"),
    Person(role=Role.ADMINISTRATOR, role_name="管理员", login="hao", name="郝一鸣"),
    Person(role=Role.AUDITOR, role_name="审计", login="qiu", name="邱静文"),
    Person(role=Role.STORE, role_name="门店", login="lan", name="兰晓月", branch_code="QD2"),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account that was made, with what opens it in clear: for the file and nothing else."""

    person: Person
    actor: Actor
    password: str
    totp_secret: str


def hire(db: Session, *, branch_ids: Mapping[str, int]) -> list[SignIn]:
    """Make an account for each person; `branch_ids` are by branch code."""
    return [_hired(db, person, branch_ids) for person in PEOPLE]


def write_file(folder: Path, made: Sequence[SignIn], *, page: str) -> Path:
    """Write who may sign in where, for the owner's eyes only; an older file is replaced whole."""
    rows = [[m.person.role_name, m.person.login, m.password, m.totp_secret, page] for m in made]
    path = folder / FILE_NAME
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{_HEADING}\n{table(rows, indent='')}\n")
    draft.replace(path)
    return path


def _hired(db: Session, person: Person, branch_ids: Mapping[str, int]) -> SignIn:
    password = staff.new_password()
    scope = [branch_ids[person.branch_code]] if person.branch_code else []
    stores = [s.id for s in booking.stores(db) if s.branch_id in scope]
    account = sign_ins.add_staff(
        db,
        login=person.login,
        name=person.name,
        role=person.role,
        password=password,
        branch_ids=scope,
        store_ids=stores if person.role is Role.STORE else (),
    )
    needs_code = person.role in entering.NEEDS_TOTP
    secret = entering.give_authenticator(account) if needs_code else NO_SECRET
    by = Actor(account.id, person.role, frozenset(scope))
    return SignIn(person, by, password, secret)
