"""What follows a failed send: one table, at the edge of each rule."""

import pytest

from gateways.wechat import errors
from gateways.wechat.errors import Category, Retry, WeChatError, refused, unclear, unsent
from notifications.sending import (
    ATTEMPTS_MAX,
    BACKOFF_MAX_S,
    NINE_MINUTES_S,
    Decision,
    after_failure,
    client_msg_id,
    is_too_late,
)

FOLLOWER, BLOCKED, NO_SUCH_OPENID, NO_CONSENT = 43004, 43019, 40003, 43101
DUPLICATE, TOKEN, BUSY, RATE, QUOTA = 40241, 40001, -1, 43117, 45009
TEMPLATE_PAUSED, NOT_IN_LIST, BAD_FIELD = 43116, 40164, 47003

MIDNIGHT_IN_S = 20_000.0


def decided(error: WeChatError, *, attempts: int = 1, had_ambiguous: bool = False) -> Decision:
    return after_failure(
        error, attempts=attempts, had_ambiguous=had_ambiguous, midnight_in_s=MIDNIGHT_IN_S
    )


class TestAfterFailure:
    @pytest.mark.parametrize("code", [FOLLOWER, BLOCKED, NO_SUCH_OPENID, NO_CONSENT])
    def test_a_person_who_cannot_get_it_is_not_asked_again(self, code: int) -> None:
        assert decided(refused(code, "")) == Decision("suppressed")

    @pytest.mark.parametrize(
        ("error", "pause_s"),
        [
            pytest.param(unsent("no connection"), 4.0, id="surely_unsent"),
            pytest.param(unclear("read timed out"), 5.0, id="ambiguous"),
            pytest.param(refused(BUSY, "system error"), 5.0, id="wechat_is_busy"),
            pytest.param(refused(TOKEN, "invalid credential"), 5.0, id="a_dead_token"),
            pytest.param(refused(RATE, "too often"), 3600.0, id="too_often_to_one_person"),
            pytest.param(refused(987654, "?"), 30.0, id="an_unknown_code"),
        ],
    )
    def test_what_may_get_better_waits(self, error: WeChatError, pause_s: float) -> None:
        assert decided(error) == Decision("pending", pause_s)

    def test_pauses_grow_to_a_limit(self) -> None:
        pauses = [decided(unsent("x"), attempts=n).retry_in_s for n in range(1, ATTEMPTS_MAX)]

        assert pauses[:6] == [4.0, 8.0, 16.0, 32.0, 64.0, BACKOFF_MAX_S]
        assert set(pauses[6:]) == {BACKOFF_MAX_S}

    def test_a_duplicate_of_our_own_earlier_attempt_has_arrived(self) -> None:
        assert decided(refused(DUPLICATE, ""), had_ambiguous=True) == Decision("sent")

    def test_a_duplicate_of_nothing_waits_out_its_minute(self) -> None:
        assert decided(refused(DUPLICATE, "")) == Decision("pending", 61.0)

    @pytest.mark.parametrize(("had_ambiguous", "state"), [(False, "dead"), (True, "unknown")])
    def test_the_last_attempt_ends_it(self, *, had_ambiguous: bool, state: str) -> None:
        before = decided(unsent("x"), attempts=ATTEMPTS_MAX - 1, had_ambiguous=had_ambiguous)
        last = decided(unsent("x"), attempts=ATTEMPTS_MAX, had_ambiguous=had_ambiguous)

        assert (before.state, last.state) == ("pending", state)

    def test_a_last_attempt_that_may_itself_have_arrived_is_unknown(self) -> None:
        assert decided(unclear("read timed out"), attempts=ATTEMPTS_MAX) == Decision("unknown")

    @pytest.mark.parametrize("code", [TEMPLATE_PAUSED, NOT_IN_LIST, QUOTA])
    def test_what_an_operator_must_repair_waits_for_him(self, code: int) -> None:
        # It is our account that is at fault and not the person: nothing may be lost meanwhile.
        decision = decided(refused(code, ""))

        assert decision.state == "pending"
        assert decision.retry_in_s * ATTEMPTS_MAX >= 3 * 3600

    def test_a_field_that_wechat_refuses_is_dead_and_not_the_persons_fault(self) -> None:
        assert decided(refused(BAD_FIELD, "data.thing1.value")) == Decision("dead")

    @pytest.mark.parametrize("code", sorted(errors.MEANINGS))
    @pytest.mark.parametrize("had_ambiguous", [False, True])
    def test_every_code_ends_within_its_attempts(self, code: int, *, had_ambiguous: bool) -> None:
        last = decided(refused(code, ""), attempts=ATTEMPTS_MAX, had_ambiguous=had_ambiguous)

        assert last.state in {"sent", "suppressed", "dead", "unknown"}

    @pytest.mark.parametrize("code", sorted(errors.MEANINGS))
    def test_nothing_ambiguous_is_ever_called_dead(self, code: int) -> None:
        error = refused(code, "")
        if error.retry is Retry.AMBIGUOUS:
            assert decided(error, attempts=ATTEMPTS_MAX).state == "unknown"

    def test_only_the_persons_own_reasons_suppress(self) -> None:
        suppressing = {
            meaning.category
            for code, meaning in errors.MEANINGS.items()
            if decided(refused(code, "")).state == "suppressed"
        }

        assert suppressing == {
            Category.FOLLOWER,
            Category.BLOCKED,
            Category.OPENID,
            Category.CONSENT,
        }


class TestIsTooLate:
    @pytest.mark.parametrize(
        ("ago_s", "too_late"),
        [(0.0, False), (NINE_MINUTES_S, False), (NINE_MINUTES_S + 0.001, True)],
        ids=["at_once", "at_nine_minutes", "past_them"],
    )
    def test_counts_from_the_first_ambiguous_attempt(self, ago_s: float, *, too_late: bool) -> None:
        assert is_too_late(maybe_sent_s=1_000.0, now_s=1_000.0 + ago_s) is too_late

    def test_never_for_a_message_that_was_surely_not_sent(self) -> None:
        assert not is_too_late(maybe_sent_s=None, now_s=10.0**10)


class TestClientMsgId:
    def test_is_the_same_for_the_same_news_and_fits_wechat(self) -> None:
        assert client_msg_id("M1:B1") == client_msg_id("M1:B1")
        assert client_msg_id("M1:B1") != client_msg_id("M1:B2")
        assert len(client_msg_id("M1:" + "长" * 100)) == 32
