"""Each row of WeChat's table of error codes, and what the house does about it."""

import pytest

from gateways.wechat.errors import Category, Retry, refused, unclear, unsent


class TestRefused:
    @pytest.mark.parametrize(
        ("codes", "category", "retry"),
        [
            ((-1,), Category.BUSY, Retry.AMBIGUOUS),
            ((40001, 40014, 42001), Category.TOKEN, Retry.SAFE),
            ((40003,), Category.OPENID, Retry.USELESS),
            ((40013, 40125, 40164, 48001, 48004), Category.CONFIG, Retry.USELESS),
            ((40029, 40163, 42003), Category.LOGIN, Retry.USELESS),
            ((40036, 40037, 43116), Category.TEMPLATE, Retry.USELESS),
            ((43004,), Category.FOLLOWER, Retry.USELESS),
            ((43019, 50002), Category.BLOCKED, Retry.USELESS),
            ((43101,), Category.CONSENT, Retry.USELESS),
            ((45009,), Category.QUOTA, Retry.SAFE),
            ((45011,), Category.RATE, Retry.SAFE),
            ((45015, 45047), Category.WINDOW, Retry.USELESS),
            ((45157, 45158, 45056, 45002, 40018), Category.ARGUMENT, Retry.USELESS),
            ((47003,), Category.FIELD, Retry.USELESS),
            ((99999,), Category.UNKNOWN, Retry.AMBIGUOUS),
        ],
    )
    def test_reads_the_table(
        self, codes: tuple[int, ...], category: Category, retry: Retry
    ) -> None:
        told = [refused(code, "words") for code in codes]

        assert {(e.category, e.retry) for e in told} == {(category, retry)}
        assert [e.code for e in told] == list(codes)

    def test_names_the_field_at_fault(self) -> None:
        told = refused(47003, "argument invalid! data.thing5.value invalid rid: 6789")

        assert told.field == "thing5"

    def test_waits_a_minute_for_the_minutes_quota(self) -> None:
        assert refused(45011, "").wait_s == 60

    def test_calls_an_operator_where_only_he_can_help(self) -> None:
        needing = {
            code for code in (40013, 40037, 45009, 43004, 47003) if refused(code, "").needs_operator
        }

        assert needing == {40013, 40037, 45009}

    def test_keeps_a_long_story_short(self) -> None:
        assert len(refused(99999, "x" * 5000).errmsg) == 200


class TestTransport:
    def test_parts_the_unsent_from_the_unclear(self) -> None:
        assert (unsent("refused").retry, unclear("timeout").retry) == (Retry.SAFE, Retry.AMBIGUOUS)
        assert unsent("refused").code is None
