"""Sessions, passwords and trips to WeChat's sign-in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, select

from kernel.actor import Role
from kernel.db import Session
from kernel.errors import Forbidden, Invalid
from kernel.numbers import new_token
from kernel.words import msg
from members.models import OAuthState, SignIn, Staff
from members.queries import hash_of

STAFF_IDLE = timedelta(minutes=30)
PHONE_IDLE = timedelta(days=30)
ABSOLUTE_MAX = {Role.MEMBER: timedelta(days=90), Role.TECHNICIAN: timedelta(days=90)}
STAFF_ABSOLUTE_MAX = timedelta(hours=12)
STATE_LIFE = timedelta(minutes=10)
FAILURES_MAX = 10
SHUT_FOR = timedelta(minutes=15)
PASSWORD_LENGTH_MIN = 12

_hasher = PasswordHasher()
# Checked when the login is unknown, so that the answer takes as long.
_NOBODYS_HASH = _hasher.hash("nobody's password, for equal timing")


class WrongPassword(Forbidden):
    """Login or password is wrong; which one is not said."""

    code = "wrong_password"
    says = msg("账号或密码不对，请再试一次。")


class TooManyTries(Forbidden):
    """The account is shut for a while after FAILURES_MAX wrong passwords."""

    code = "too_many_tries"
    says = msg("试错次数太多，请 15 分钟后再试。")


class LoginExpired(Invalid):
    """The trip to WeChat took too long, was made twice, or began in another browser."""

    code = "login_expired"
    says = msg("登录已过期，请重新进入。")


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh session: the token goes into the cookie and nowhere else."""

    token: str
    csrf_token: str


def open_sign_in(db: Session, *, role: Role, subject_id: int, now: datetime) -> Opened:
    """Open a session for that person; older ones stay, each device has its own."""
    opened = Opened(token=new_token(), csrf_token=new_token())
    db.execute(delete(SignIn).where(SignIn.expires_at <= now))
    db.add(
        SignIn(
            token_hash=hash_of(opened.token),
            role=role,
            subject_id=subject_id,
            csrf_token=opened.csrf_token,
            opened_at=now,
            seen_at=now,
            expires_at=now + _idle(role),
        )
    )
    return opened


def keep_alive(db: Session, *, token: str, now: datetime) -> None:
    """Move the idle limit on, never past the absolute one."""
    row = db.get(SignIn, hash_of(token))
    if row is not None:
        limit = row.opened_at + ABSOLUTE_MAX.get(row.role, STAFF_ABSOLUTE_MAX)
        row.seen_at, row.expires_at = now, min(now + _idle(row.role), limit)


def close_sign_in(db: Session, *, token: str) -> None:
    """Sign out."""
    db.execute(delete(SignIn).where(SignIn.token_hash == hash_of(token)))


def check_password(db: Session, *, login: str, password: str, now: datetime) -> Staff | None:
    """Return the staff account that this password opens, or None when it is wrong.

    The caller commits either way, so that failures count. Raises TooManyTries.
    """
    staff = db.scalars(select(Staff).where(Staff.login == login).with_for_update()).one_or_none()
    if staff is None or staff.disabled_at is not None or not staff.password_hash:
        _verified(_NOBODYS_HASH, password)
        return None
    if staff.shut_until is not None and staff.shut_until > now:
        raise TooManyTries(
            field="password", retry_after_s=int((staff.shut_until - now).total_seconds())
        )
    if _verified(staff.password_hash, password):
        staff.failures, staff.shut_until = 0, None
        return staff
    staff.failures += 1
    if staff.failures >= FAILURES_MAX:
        staff.failures, staff.shut_until = 0, now + SHUT_FOR
    return None


def add_staff(
    db: Session, *, login: str, name: str, role: Role, password: str, branch_ids: list[int]
) -> Staff:
    """Create an account for the console; the password has PASSWORD_LENGTH_MIN characters or more."""
    assert len(password) >= PASSWORD_LENGTH_MIN
    staff = Staff(
        login=login,
        name=name,
        role=role,
        branch_ids=branch_ids,
        password_hash=_hasher.hash(password),
    )
    db.add(staff)
    db.flush()
    return staff


def start_trip(db: Session, *, cookie: str, return_path: str, now: datetime) -> str:
    """Begin a trip to WeChat's sign-in and return its state (alphanumeric)."""
    state = new_token().replace("-", "").replace("_", "")
    db.execute(delete(OAuthState).where(OAuthState.expires_at <= now))
    db.add(
        OAuthState(
            state=state,
            cookie_hash=hash_of(cookie),
            return_path=return_path,
            expires_at=now + STATE_LIFE,
        )
    )
    return state


def end_trip(db: Session, *, state: str, cookie: str, now: datetime) -> str:
    """Use up the state and return the path to go on to. Raises LoginExpired."""
    row = db.scalars(
        delete(OAuthState).where(OAuthState.state == state).returning(OAuthState)
    ).one_or_none()
    if row is None or row.expires_at <= now or row.cookie_hash != hash_of(cookie):
        raise LoginExpired
    return row.return_path


def _idle(role: Role) -> timedelta:
    return PHONE_IDLE if role in ABSOLUTE_MAX else STAFF_IDLE


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False
