"""Accounts of the console: who has one, with which role and branches; all of it audited."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from kernel import audit
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.db import Session
from kernel.errors import Conflict, Forbidden, Missing
from kernel.words import msg
from members.models import Staff
from members.operations import sign_ins
from members.operations.api_clients import LOGIN_PREFIX

MANAGERS = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
# Without letters that are misread; 20 of them are 98 bits.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5


class StaffMissing(Missing):
    """No such account."""

    says = msg("没有这个账号。")


class LoginTaken(Conflict):
    """Another account has that login, in whatever case."""

    code = "login_taken"
    says = msg("这个账号名已经有了，请换一个。")


class LastAdministrator(Conflict):
    """Nobody would be left who could manage accounts."""

    code = "last_administrator"
    says = msg("这是最后一位管理员，不能停用，也不能改成别的角色。")


class NoPerson(Conflict):
    """The account is a program's, which has no password."""

    code = "no_person"
    says = msg("这是接口程序的账号，没有密码。")


@dataclass(frozen=True, slots=True)
class Given:
    """An account with the password that lets its owner in once, to set his own."""

    staff: Staff
    password: str


def add(
    db: Session,
    *,
    login: str,
    name: str,
    role: Role,
    branch_ids: Collection[int],
    store_ids: Collection[int] = (),
    by: Actor,
    now: datetime,
) -> Given:
    """Open an account; no branches stands for every branch, `store_ids` are for a store's people.

    Raises Forbidden, LoginTaken.
    """
    _check_may_manage(by)
    assert role in CONSOLE_ROLES, role
    known = select(Staff.id).where(func.lower(Staff.login) == login.lower())
    if login.startswith(LOGIN_PREFIX) or db.scalars(known).first() is not None:
        raise LoginTaken(field="login")

    password = new_password()
    staff = sign_ins.add_staff(
        db,
        login=login,
        name=name,
        role=role,
        password=password,
        branch_ids=sorted(branch_ids),
        store_ids=sorted(store_ids),
    )
    staff.must_renew = True

    _tell(db, staff, "add", by=by, now=now, **_scope_of(staff))
    return Given(staff, password)


def disable(db: Session, *, staff_id: int, by: Actor, now: datetime) -> Staff:
    """Shut an account and end its sessions. Raises Forbidden, StaffMissing, LastAdministrator."""
    staff = _managed(db, staff_id, by)
    if staff.disabled_at is not None:
        return staff
    _check_not_last(db, staff)
    staff.disabled_at = now
    sign_ins.end_staff_sessions(db, staff_id=staff_id)

    _tell(db, staff, "disable", by=by, now=now)
    return staff


def enable(db: Session, *, staff_id: int, by: Actor, now: datetime) -> Staff:
    """Open an account that was shut. Raises Forbidden, StaffMissing."""
    staff = _managed(db, staff_id, by)
    staff.disabled_at = None

    _tell(db, staff, "enable", by=by, now=now)
    return staff


def change_scope(
    db: Session,
    *,
    staff_id: int,
    role: Role,
    branch_ids: Collection[int],
    store_ids: Collection[int] = (),
    by: Actor,
    now: datetime,
) -> Staff:
    """Give an account another role, other branches or stores; its sessions end, so he comes in anew.

    Raises Forbidden, StaffMissing, LastAdministrator.
    """
    staff = _managed(db, staff_id, by)
    assert role in CONSOLE_ROLES, role
    if role is not Role.ADMINISTRATOR:
        _check_not_last(db, staff)
    before = _scope_of(staff)
    staff.role, staff.branch_ids, staff.store_ids = role, sorted(branch_ids), sorted(store_ids)
    sign_ins.end_staff_sessions(db, staff_id=staff_id)

    after = _scope_of(staff)
    _tell(db, staff, "change_scope", by=by, now=now, before=before, after=after)
    return staff


def reset_password(db: Session, *, staff_id: int, by: Actor, now: datetime) -> Given:
    """Give an account a password that works once. Raises Forbidden, StaffMissing, NoPerson."""
    staff = _managed(db, staff_id, by)
    if not staff.password_hash:
        raise NoPerson
    password = new_password()
    staff.password_hash, staff.must_renew = sign_ins.hashed(password), True
    staff.failures, staff.shut_until = 0, None
    sign_ins.end_staff_sessions(db, staff_id=staff_id)

    _tell(db, staff, "reset_password", by=by, now=now)
    return Given(staff, password)


def reset_totp(db: Session, *, staff_id: int, by: Actor, now: datetime) -> Staff:
    """Forget an account's authenticator: he enrols another when he comes in next.

    He may do so himself. Raises Forbidden, StaffMissing.
    """
    staff = _managed(db, staff_id, by, may_be_himself=True)
    staff.totp_secret, staff.has_totp, staff.totp_step = "", False, 0
    sign_ins.end_staff_sessions(db, staff_id=staff_id)

    _tell(db, staff, "reset_totp", by=by, now=now)
    return staff


def new_password() -> str:
    """Return twenty random letters in groups, which can be read out."""
    groups = (
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


def _managed(db: Session, staff_id: int, by: Actor, *, may_be_himself: bool = False) -> Staff:
    if not (may_be_himself and by.role in CONSOLE_ROLES and by.id == staff_id):
        _check_may_manage(by)
    found = select(Staff).where(Staff.id == staff_id).with_for_update()
    staff = db.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if staff is None:
        raise StaffMissing
    return staff


def _check_may_manage(by: Actor) -> None:
    if by.role not in MANAGERS:
        raise Forbidden


def _check_not_last(db: Session, staff: Staff) -> None:
    others = (
        select(Staff.id)
        .where(
            Staff.role == Role.ADMINISTRATOR,
            Staff.disabled_at.is_(None),
            Staff.id != staff.id,
            Staff.password_hash != "",
        )
        .with_for_update()
    )
    if staff.role is Role.ADMINISTRATOR and not db.scalars(others).all():
        raise LastAdministrator


def _scope_of(staff: Staff) -> dict[str, object]:
    stores = {"store_ids": list(staff.store_ids)} if staff.store_ids else {}
    return {"role": staff.role.value, "branch_ids": list(staff.branch_ids), **stores}


def _tell(
    db: Session, staff: Staff, action: str, *, by: Actor, now: datetime, **detail: object
) -> None:
    audit.record(
        db, by=by, action=f"staff.{action}", about=f"staff:{staff.id}", now=now, detail=detail
    )
