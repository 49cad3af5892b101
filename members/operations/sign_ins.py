"""Sessions, passwords and trips to WeChat's sign-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, select

from kernel.actor import CONSOLE_ROLES, Role
from kernel.db import Session
from kernel.errors import Forbidden, Invalid
from kernel.numbers import new_token
from kernel.words import msg
from members import passwords
from members.models import OAuthState, SignIn, Staff
from members.queries import hash_of

STAFF_IDLE = timedelta(minutes=30)
PHONE_IDLE = timedelta(days=30)
ABSOLUTE_MAX = {Role.MEMBER: timedelta(days=90), Role.TECHNICIAN: timedelta(days=90)}
STAFF_ABSOLUTE_MAX = timedelta(hours=12)
STATE_LIFE = timedelta(minutes=10)
STEP_LIFE = timedelta(minutes=10)
OPEN = "open"
FAILURES_MAX = 10
SHUT_FOR = timedelta(minutes=15)

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
    stage: str = OPEN


def open_sign_in(
    db: Session, *, role: Role, subject_id: int, now: datetime, stage: str = OPEN
) -> Opened:
    """Open a session for that person; older ones stay, each device has its own.

    One whose `stage` is not OPEN waits for the next step of coming in, STEP_LIFE at most.
    """
    opened = Opened(token=new_token(), csrf_token=new_token(), stage=stage)
    db.execute(delete(SignIn).where(SignIn.expires_at <= now))
    db.add(
        SignIn(
            token_hash=hash_of(opened.token),
            role=role,
            subject_id=subject_id,
            csrf_token=opened.csrf_token,
            stage=stage,
            opened_at=now,
            seen_at=now,
            proved_at=None,
            expires_at=now + (_idle(role) if stage == OPEN else STEP_LIFE),
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


def keep_open(db: Session, *, token: str) -> None:
    """Keep the session from being ended before this transaction ends. Raises LoginExpired when it was ended
    since it let somebody in: whoever is forgotten meanwhile writes nothing any more."""
    standing = select(SignIn.token_hash).where(SignIn.token_hash == hash_of(token))
    if db.scalar(standing.with_for_update(read=True, key_share=True)) is None:
        raise LoginExpired


def end_member_sessions(db: Session, *, member_id: int) -> None:
    """Sign a member out everywhere, once what his sessions are about to write is written. Before he is
    locked: they hold their session and wait for him."""
    his = (SignIn.role == Role.MEMBER) & (SignIn.subject_id == member_id)
    db.execute(delete(SignIn).where(his))


def end_staff_sessions(db: Session, *, staff_id: int, but: str = "") -> None:
    """Sign a member of staff out everywhere, but for the session of that token."""
    db.execute(
        delete(SignIn).where(
            SignIn.subject_id == staff_id,
            SignIn.role.in_(CONSOLE_ROLES),
            SignIn.token_hash != hash_of(but),
        )
    )


def check_password(db: Session, *, login: str, password: str, now: datetime) -> Staff | None:
    """Return the staff account that this password opens, or None when it is wrong.

    The caller commits either way, so that failures count. Raises TooManyTries.
    """
    staff = db.scalars(select(Staff).where(Staff.login == login).with_for_update()).one_or_none()
    if staff is None or staff.disabled_at is not None or not staff.password_hash:
        _verified(_NOBODYS_HASH, password)
        return None
    check_not_shut(staff, now=now)
    if not _verified(staff.password_hash, password):
        count_failure(staff, now=now)
        return None
    # A right password alone does not open an account that also asks for a code.
    if not staff.has_totp:
        staff.failures = 0
    return staff


def check_not_shut(staff: Staff, *, now: datetime) -> None:
    """Refuse an account that is shut for a while. Raises TooManyTries."""
    if staff.shut_until is not None and staff.shut_until > now:
        raise TooManyTries(
            field="password", retry_after_s=int((staff.shut_until - now).total_seconds())
        )


def count_failure(staff: Staff, *, now: datetime) -> None:
    """Count a wrong password or code; the FAILURES_MAXth shuts the account for a while."""
    staff.failures += 1
    if staff.failures >= FAILURES_MAX:
        staff.failures, staff.shut_until = 0, now + SHUT_FOR


def locked_staff(db: Session, staff_id: int) -> Staff:
    """Return the account, which must exist, locked against other hands."""
    found = select(Staff).where(Staff.id == staff_id).with_for_update()
    return db.scalars(found.execution_options(populate_existing=True)).one()


def is_his(staff: Staff, password: str) -> bool:
    """Tell whether that is the account's password."""
    return _verified(staff.password_hash, password)


def hashed(password: str) -> str:
    """Return what the database keeps of a password."""
    return _hasher.hash(password)


def add_staff(
    db: Session,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    branch_ids: list[int],
    store_ids: Sequence[int] = (),
) -> Staff:
    """Create an account for the console. Raises WeakPassword."""
    passwords.check_password(password, login=login)
    staff = Staff(
        login=login,
        name=name,
        role=role,
        branch_ids=branch_ids,
        store_ids=list(store_ids),
        password_hash=hashed(password),
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
