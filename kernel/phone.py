"""Mainland mobile numbers, which mask themselves wherever they are shown."""

import re
import unicodedata
from dataclasses import dataclass

from kernel.errors import Invalid
from kernel.words import msg

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LENGTH = 11
# Blanks, dashes and brackets; and the unseen direction marks with which phone books copy numbers.
_BETWEEN = re.compile(r"[\s\-()\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class BadPhone(Invalid):
    """Not a mainland mobile number."""

    code = "bad_phone"
    says = msg("手机号应为 11 位，以 1 开头，请核对。")


class PhoneTooShort(BadPhone):
    """Digits are missing."""

    says = msg("手机号少 %(missing)s 位，请核对。")


@dataclass(frozen=True, slots=True)
class Phone:
    """A checked mobile number; `str()` shows it masked, `digits` is the number itself."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> "Phone":
        """Read a number as people type it: spaces, dashes, +86, full-width digits and the unseen
        marks of a number that was pasted are accepted.

        Raises BadPhone.
        """
        digits = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
        digits = digits.removeprefix("+86").removeprefix("0086")
        if (
            digits.isascii()
            and digits.isdigit()
            and digits[:1] == "1"
            and 7 <= len(digits) < _LENGTH
        ):
            raise PhoneTooShort(field="phone", missing=_LENGTH - len(digits))
        if not _MOBILE.fullmatch(digits):
            raise BadPhone(field="phone")
        return cls(digits)

    @property
    def masked(self) -> str:
        return f"{self.digits[:3]}****{self.digits[-4:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Phone({self.masked})"
