"""How staff come in, step by step: password, one-time code, what is still to be set up.

A session that is not whole stands at a `Stage`; it opens nothing but the page of that stage. Each
step that is passed opens a session with a new token and ends the one before.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from kernel import audit
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Conflict, Forbidden
from kernel.words import msg
from members import passwords, queries, totp
from members.models import SignIn, Staff
from members.operations import sign_ins
from members.operations.sign_ins import Opened

# A person who proved himself this lately need not do so again for what is grave.
PROOF_LIFE = timedelta(minutes=10)
ISSUER = "Doorbell 门铃"
NEEDS_TOTP = frozenset({Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR})


class Stage(StrEnum):
    """What is to be done next."""

    CODE = "code"
    RENEW = "renew"
    ENROL = "enrol"
    OPEN = "open"


class WrongCode(Forbidden):
    """Not the code of now, or one that was used."""

    code = "wrong_code"
    says = msg("验证码不对，或已经用过，请输入最新的 6 位数字。")


class SamePassword(Conflict):
    """The new password is the old one."""

    code = "same_password"
    says = msg("新密码和原来的一样，请换一个。")


class NotAtThatStage(Conflict):
    """That step was made before, or is not the next one."""

    code = "bad_state"
    says = msg("登录的这一步已经过了，请重新登录。")


def begin(db: Session, *, staff: Staff, now: datetime) -> Opened:
    """Open a session for somebody whose password was right, at the next stage."""
    first = Stage.CODE if _needs_code(staff) else _after_code(staff)
    return _open(db, staff, first, now=now)


def pass_code(db: Session, *, token: str, code: str, now: datetime) -> Opened | None:
    """Check the one-time code; None when it is wrong.

    The caller commits either way, so that failures count. Raises NotAtThatStage, TooManyTries.
    """
    staff = _at(db, token, Stage.CODE, now=now)
    if not _takes(staff, code, now=now):
        return None
    return _go_on(db, token, staff, _after_code(staff), now=now)


def renew_password(db: Session, *, token: str, password: str, now: datetime) -> Opened:
    """Let him set a password of his own. Raises NotAtThatStage, WeakPassword, SamePassword."""
    staff = _at(db, token, Stage.RENEW, now=now)
    set_password(staff, password)
    staff.must_renew = False
    return _go_on(db, token, staff, _after_code(staff), now=now)


def secret_to_enrol(db: Session, *, token: str, now: datetime) -> tuple[str, str]:
    """Return his login and the secret that his authenticator shall learn, made once.

    Raises NotAtThatStage.
    """
    staff = _at(db, token, Stage.ENROL, now=now)
    staff.totp_secret = staff.totp_secret or totp.new_secret()
    return staff.login, staff.totp_secret


def enrol(db: Session, *, token: str, code: str, now: datetime) -> Opened | None:
    """Take his authenticator in, once it shows that it knows the secret; None for a wrong code.

    The caller commits either way. Raises NotAtThatStage, TooManyTries.
    """
    staff = _at(db, token, Stage.ENROL, now=now)
    if not _takes(staff, code, now=now):
        return None
    staff.has_totp = True
    return _go_on(db, token, staff, Stage.OPEN, now=now)


def prove(db: Session, *, token: str, password: str, code: str, now: datetime) -> bool:
    """Let somebody who is signed in prove once more that it is he; False when it is not.

    The caller commits either way. Raises TooManyTries.
    """
    row = queries.sign_in(db, token=token, now=now)
    assert row is not None, "behind signed_in"
    staff = sign_ins.locked_staff(db, row.subject_id)
    known = sign_ins.check_password(db, login=staff.login, password=password, now=now)
    if known is None or (staff.has_totp and not _takes(staff, code, now=now)):
        return False
    row.proved_at = now
    return True


def is_proved(row: SignIn, *, now: datetime) -> bool:
    """Tell whether he proved who he is within PROOF_LIFE."""
    return (row.proved_at or row.opened_at) > now - PROOF_LIFE


def give_authenticator(staff: Staff) -> str:
    """Enrol an authenticator for him and return its secret, for whoever hands both out at once."""
    staff.totp_secret, staff.has_totp = totp.new_secret(), True
    return staff.totp_secret


def uri_of(login: str, secret: str) -> str:
    """Return what the QR code says to an authenticator app."""
    return totp.uri(secret, login=login, issuer=ISSUER)


def present_code(staff: Staff, *, now: datetime) -> str:
    """Return a code that his authenticator shows now, or will; for the demo and the tests."""
    return totp.present_code(staff.totp_secret, now=now, after_step=staff.totp_step)


def set_password(staff: Staff, password: str) -> None:
    """Give the account another password. Raises WeakPassword, SamePassword."""
    passwords.check_password(password, login=staff.login)
    if sign_ins.is_his(staff, password):
        raise SamePassword(field="new_password")
    staff.password_hash = sign_ins.hashed(password)


def _needs_code(staff: Staff) -> bool:
    return staff.has_totp


def _after_code(staff: Staff) -> Stage:
    if staff.must_renew:
        return Stage.RENEW
    return Stage.ENROL if staff.role in NEEDS_TOTP and not staff.has_totp else Stage.OPEN


def _at(db: Session, token: str, stage: Stage, *, now: datetime) -> Staff:
    """Return the account, locked, whose session stands at that stage. Raises NotAtThatStage."""
    row = queries.sign_in(db, token=token, now=now)
    if row is None or row.stage != stage:
        raise NotAtThatStage
    staff = sign_ins.locked_staff(db, row.subject_id)
    if staff.disabled_at is not None:
        raise NotAtThatStage
    sign_ins.check_not_shut(staff, now=now)
    return staff


def _takes(staff: Staff, code: str, *, now: datetime) -> bool:
    """Use the code up, or count the failure."""
    step = totp.step_used(staff.totp_secret, code, now=now, after_step=staff.totp_step)
    if step is None:
        sign_ins.count_failure(staff, now=now)
        return False
    staff.totp_step, staff.failures = step, 0
    return True


def _go_on(db: Session, token: str, staff: Staff, stage: Stage, *, now: datetime) -> Opened:
    sign_ins.close_sign_in(db, token=token)
    return _open(db, staff, stage, now=now)


def _open(db: Session, staff: Staff, stage: Stage, *, now: datetime) -> Opened:
    if stage is Stage.OPEN:
        by = Actor(staff.id, staff.role, frozenset(staff.branch_ids))
        audit.record(db, by=by, action="staff.sign_in", about=f"staff:{staff.id}", now=now)
    return sign_ins.open_sign_in(
        db, role=staff.role, subject_id=staff.id, stage=stage.value, now=now
    )
