"""Sealed secrets: only the house's own key opens them, and no copy of the database tells them."""

import pytest

from kernel.sealing import seal, unseal

KEY, OTHER = "k" * 32, "o" * 32


@pytest.mark.parametrize("text", ["JBSWY3DPEHPK3PXP", "门铃", "x" * 4_000])
def test_what_is_sealed_comes_out_again(text: str) -> None:
    sealed = seal(text, key=KEY)

    assert text not in sealed
    assert unseal(sealed, key=KEY) == text


def test_two_seals_of_one_text_differ() -> None:
    assert seal("same", key=KEY) != seal("same", key=KEY)


def test_nothing_to_hide_stays_nothing() -> None:
    assert (seal("", key=KEY), unseal("", key=KEY)) == ("", "")


@pytest.mark.parametrize("sealed", ["secret", "gAAAAA", "铃"])
def test_what_the_key_did_not_seal_says_nothing(sealed: str) -> None:
    assert unseal(sealed, key=KEY) == ""


def test_another_key_opens_nothing() -> None:
    assert unseal(seal("secret", key=OTHER), key=KEY) == ""
