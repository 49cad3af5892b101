"""One-time codes: RFC 6238's own vectors, and each code once."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from members import totp

# The RFC's secret for SHA-1; its table gives eight digits, of which ours are the last six.
SECRET = base64.b32encode(b"12345678901234567890").decode()
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=totp.STEP_S)


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")],
)
def test_the_vectors_of_the_rfc(second: int, code: str) -> None:
    now = datetime.fromtimestamp(second, UTC)

    assert totp.step_used(SECRET, code, now=now, after_step=0) == second // 30


@pytest.mark.parametrize(
    ("off", "is_good"),
    [(-2, False), (-1, True), (0, True), (1, True), (2, False)],
)
def test_a_clock_may_be_one_step_off(off: int, is_good: bool) -> None:
    code = totp.present_code(SECRET, now=NOON)

    used = totp.step_used(SECRET, code, now=NOON + off * STEP, after_step=0)

    assert (used is not None) == is_good


def test_a_code_counts_once_and_ends_those_before_it() -> None:
    before = totp.present_code(SECRET, now=NOON - STEP)
    code = totp.present_code(SECRET, now=NOON)
    used = totp.step_used(SECRET, code, now=NOON, after_step=0)
    assert used is not None

    assert totp.step_used(SECRET, code, now=NOON, after_step=used) is None
    assert totp.step_used(SECRET, before, now=NOON, after_step=used) is None


def test_blanks_as_people_type_them_are_nothing() -> None:
    code = totp.present_code(SECRET, now=NOON)

    assert totp.step_used(SECRET, f" {code[:3]} {code[3:]} ", now=NOON, after_step=0)


@pytest.mark.parametrize(
    "code", ["", "0", "abcdef", "１２３４５６", "1234567", "\x00" * 6, "é" * 6]
)
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert totp.step_used(SECRET, code, now=NOON, after_step=0) is None


def test_without_a_secret_no_code_is_right() -> None:
    assert totp.step_used("", "000000", now=NOON, after_step=0) is None


def test_the_code_that_is_offered_is_one_that_is_not_used_up() -> None:
    step = totp.step_at(NOON)

    for after in (0, step - 1, step):
        code = totp.present_code(SECRET, now=NOON, after_step=after)
        assert totp.step_used(SECRET, code, now=NOON, after_step=after) is not None


def test_the_qr_code_says_whose_it_is() -> None:
    told = totp.uri(SECRET, login="zou", issuer="Doorbell 门铃")

    assert told.startswith("otpauth://totp/Doorbell%20%E9%97%A8%E9%93%83:zou?secret=")


def test_secrets_are_long_and_never_the_same() -> None:
    made = {totp.new_secret() for _ in range(20)}

    assert len(made) == 20
    assert {len(secret) for secret in made} == {32}
