"""What is personal never reaches a log line."""

import pytest

from kernel.logs import masked


class TestMasked:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            pytest.param("call 13800002046 now", "call 138****2046 now", id="a_mobile_number"),
            pytest.param("+8613800002046", "+86138****2046", id="with_its_country"),
            pytest.param("id 9913800002046", "id 9913800002046", id="a_longer_number_is_no_phone"),
            pytest.param(
                "to oTest_00000-000000000000001x.", "to openid***.", id="an_openid_of_28_characters"
            ),
            pytest.param(
                "GET /x?access_token=77_abc&next=1", "GET /x?access_token=***&next=1", id="a_token"
            ),
            pytest.param("secret=s3cr3t code=c0de", "secret=*** code=***", id="secret_and_code"),
            pytest.param("one\r\ntwo", "one\\r\\ntwo", id="no_line_of_its_own"),
        ],
    )
    def test_hides_what_is_personal(self, text: str, shown: str) -> None:
        assert masked(text) == shown
