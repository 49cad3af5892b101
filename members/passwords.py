"""Which passwords staff may have. Pure."""

import unicodedata
from itertools import pairwise

from kernel.errors import Invalid
from kernel.words import msg

LENGTH_MIN, LENGTH_MAX = 12, 256
DIFFERENT_MIN = 5
# Of the most used passwords of the world those that are long enough, without blanks and case.
_TOP = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789123",
        "123123123123",
        "121212121212",
        "112233445566",
        "111222333444",
        "098765432109",
        "987654321098",
        "147258369147",
        "159753159753",
        "abcdefghijkl",
        "abcd12345678",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopas",
        "qwertyuiopasdf",
        "qwerty123456",
        "qwerty1234567",
        "1qaz2wsx3edc",
        "1q2w3e4r5t6y",
        "zaq12wsxcde3",
        "asdfghjkl123",
        "asdfghjklzxc",
        "zxcvbnm12345",
        "q1w2e3r4t5y6",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "p@ssw0rd1234",
        "passw0rd1234",
        "administrator",
        "admin1234567",
        "adminadmin12",
        "administrator1",
        "letmeinletme",
        "welcome12345",
        "changeme1234",
        "iloveyou1234",
        "iloveyou5201314",
        "woaini1314520",
        "woaini5201314",
        "5201314520131",
        "520131452013",
        "a12345678910",
        "aa1234567890",
        "qq1234567890",
        "wang12345678",
        "zhang1234567",
        "sunshine1234",
        "football1234",
        "baseball1234",
        "superman1234",
        "dragon123456",
        "monkey123456",
        "master123456",
        "princess1234",
        "doorbell1234",
        "doorbelldoorbell",
        "correcthorsebatterystaple",
        "trustno1trustno1",
    ]
)


class WeakPassword(Invalid):
    """Too short, too plain, or one that everybody tries first."""

    code = "weak_password"
    says = msg("密码太容易猜到，请换一个。")


class PasswordTooShort(WeakPassword):
    """Fewer than LENGTH_MIN characters."""

    says = msg("密码至少 12 个字，可以是一句话。")


class PasswordTooLong(WeakPassword):
    """More than LENGTH_MAX characters."""

    says = msg("密码最多 256 个字。")


def check_password(password: str, *, login: str) -> None:
    """Refuse a password that is easily guessed; blanks count, and any character is welcome.

    Raises WeakPassword.
    """
    if len(password) < LENGTH_MIN:
        raise PasswordTooShort(field="new_password")
    if len(password) > LENGTH_MAX:
        raise PasswordTooLong(field="new_password")
    plain = "".join(unicodedata.normalize("NFKC", password).casefold().split())
    is_plain = plain in _TOP or len(set(plain)) < DIFFERENT_MIN or _is_run(plain)
    if is_plain or _repeats(plain) or login.casefold() in plain:
        raise WeakPassword(field="new_password")


def _is_run(text: str) -> bool:
    """Tell whether each character follows the one before, up or down: 345678901234, lkjihgfedcba."""
    steps = {(ord(b) - ord(a)) % 10 if a.isdigit() else ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps) == 1 and steps <= {1, -1, 9, 0}


def _repeats(text: str) -> bool:
    """Tell whether one short piece makes up the whole: abcdabcdabcd."""
    return any(
        len(text) % size == 0 and text == text[:size] * (len(text) // size)
        for size in range(1, len(text) // 2 + 1)
    )
