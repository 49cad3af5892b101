"""Which passwords staff may have."""

import pytest

from members.passwords import (
    LENGTH_MAX,
    PasswordTooLong,
    PasswordTooShort,
    WeakPassword,
    check_password,
)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("correct horse battery", id="a_sentence"),
        pytest.param("门铃响了三声才有人开门呢", id="twelve_chinese_characters"),
        pytest.param("ab3f-9kqx-mm2p-77ty", id="random_letters"),
    ],
)
def test_what_nobody_guesses_is_taken(password: str) -> None:
    check_password(password, login="zou")


def test_the_edges_of_the_length() -> None:
    check_password("q8!mZ4#wK2@x", login="zou")
    with pytest.raises(PasswordTooShort):
        check_password("q8!mZ4#wK2@", login="zou")
    check_password(_different(LENGTH_MAX), login="zou")
    with pytest.raises(PasswordTooLong):
        check_password(_different(LENGTH_MAX + 1), login="zou")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("password1234", id="everybodys_first"),
        pytest.param("PassWord 1234", id="in_another_dress"),
        pytest.param("ｐａｓｓｗｏｒｄ１２３４", id="in_full_width"),
        pytest.param("aaaaaaaaaaaaaaaa", id="one_letter"),
        pytest.param("abababababab", id="two_letters"),
        pytest.param("456789012345", id="a_run_up"),
        pytest.param("lkjihgfedcba", id="a_run_down"),
        pytest.param("hunterhunter", id="a_word_twice"),
        pytest.param("a1b2c3a1b2c3a1b2c3", id="a_piece_thrice"),
        pytest.param("zou-likes-dogs", id="the_login_in_it"),
    ],
)
def test_what_is_guessed_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, login="Zou")


def _different(length: int) -> str:
    """Return text of that length that is no run and repeats no piece."""
    return "".join(chr(0x4E00 + n * n % 9973) for n in range(length))
