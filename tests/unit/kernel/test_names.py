"""Surnames."""

import pytest

from kernel.names import surname_of


class TestSurnameOf:
    @pytest.mark.parametrize(
        ("name", "surname"),
        [
            ("王建国", "王"),
            ("王伟", "王"),
            ("欧阳娜娜", "欧阳"),
            ("欧阳锋", "欧阳"),
            pytest.param("东方", "东", id="two_characters_are_a_surname_and_a_name"),
            (" 李 雷", "李"),
            ("Smith", "S"),
            ("", ""),
        ],
    )
    def test_is_what_people_call_him_by(self, name: str, surname: str) -> None:
        assert surname_of(name) == surname
