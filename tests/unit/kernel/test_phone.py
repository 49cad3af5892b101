"""Mobile numbers as people type and paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.phone import BadPhone, Phone, PhoneTooShort

NUMBER = "13800002046"


class TestParse:
    @pytest.mark.parametrize(
        "typed",
        [
            pytest.param("13800002046", id="plain"),
            pytest.param(" 138 0000 2046 ", id="spaces"),
            pytest.param("138-0000-2046", id="dashes"),
            pytest.param("+86 138 0000 2046", id="country_code"),
            pytest.param("+8613800002046", id="country_code_without_a_space"),
            pytest.param("0086 13800002046", id="country_code_as_dialled"),
            pytest.param("（+86）138-0000-2046", id="brackets"),
            pytest.param("１３８００００２０４６", id="full_width_digits"),
            pytest.param("＋８６　１３８ ００００ ２０４６", id="full_width_plus_and_space"),
            pytest.param("\u202d138 0000 2046\u202c", id="pasted_from_a_phone_book"),
            pytest.param("138\u200b00002046\ufeff", id="invisible_characters"),
        ],
    )
    def test_reads_a_number_as_people_write_it(self, typed: str) -> None:
        assert Phone.parse(typed).digits == NUMBER

    @pytest.mark.parametrize(
        ("typed", "missing"), [("1380000204", 1), ("138 0000 20", 2), ("1380000", 4)]
    )
    def test_says_how_many_digits_are_missing(self, typed: str, missing: int) -> None:
        with pytest.raises(PhoneTooShort) as refusal:
            Phone.parse(typed)

        assert str(refusal.value) == f"手机号少 {missing} 位，请核对。"
        assert (refusal.value.field, refusal.value.code) == ("phone", "bad_phone")

    @pytest.mark.parametrize(
        "typed",
        [
            pytest.param("", id="nothing"),
            pytest.param("138000020461", id="one_too_many"),
            pytest.param("12800002046", id="no_such_carrier"),
            pytest.param("03800002046", id="does_not_begin_with_one"),
            pytest.param("138000", id="too_few_to_guess_at"),
            pytest.param("1380000204a", id="a_letter"),
            pytest.param("١٣٨٠٠٠٠٢٠٤٦", id="digits_of_another_script"),
            pytest.param("0532-88886666", id="a_landline"),
            pytest.param("13800002046\x00", id="a_nul"),
            pytest.param("13800002046;13800002047", id="two_numbers"),
        ],
    )
    def test_refuses_what_is_no_mobile_number(self, typed: str) -> None:
        with pytest.raises(BadPhone) as refusal:
            Phone.parse(typed)

        assert refusal.value.field == "phone"

    @given(st.text(max_size=40))
    def test_never_fails_but_by_its_refusal(self, typed: str) -> None:
        try:
            phone = Phone.parse(typed)
        except BadPhone:
            return

        assert Phone.parse(phone.digits) == phone


class TestMasking:
    def test_hides_the_middle_wherever_it_is_shown(self) -> None:
        phone = Phone(NUMBER)

        assert [str(phone), f"{phone}", phone.masked] == ["138****2046"] * 3
        assert NUMBER not in repr(phone)
