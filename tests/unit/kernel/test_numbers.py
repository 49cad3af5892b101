"""Public numbers: unguessable, and easy to read aloud."""

import re

from kernel.numbers import new_number, new_service_code, new_token


class TestNumbers:
    def test_have_ten_characters_that_cannot_be_misread(self) -> None:
        for _ in range(200):
            assert re.fullmatch(r"B[0-9A-HJKMNP-TV-Z]{10}", new_number("B"))

    def test_do_not_repeat(self) -> None:
        assert len({new_number("V") for _ in range(5_000)}) == 5_000

    def test_service_codes_have_four_digits_zeros_included(self) -> None:
        codes = {new_service_code() for _ in range(3_000)}

        assert all(re.fullmatch(r"[0-9]{4}", code) for code in codes)
        assert any(code.startswith("0") for code in codes)

    def test_tokens_have_256_bits(self) -> None:
        assert len(new_token()) == 43
        assert new_token() != new_token()
