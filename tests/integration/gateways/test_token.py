"""The token that all processes share, on both databases."""

import contextlib
import itertools
import json
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import update

from gateways.wechat import token as token_module
from gateways.wechat.errors import Category, Retry, WeChatError
from gateways.wechat.token import MARGIN_S, AccessTokens, GatewayToken
from kernel.clock import wall_s
from kernel.db import in_this_app, sa, transaction
from tests.integration.gateways import hands
from tests.integration.gateways.serving import (
    PATIENCE_S,
    Answer,
    Call,
    Platform,
    Reply,
    account_at,
    app_with_tokens,
    hasty_caller,
    in_turn,
    patient_caller,
    tells,
)
from tests.patience import wait_until

pytestmark = pytest.mark.both_databases

STABLE = "/cgi-bin/stable_token"
PROCESSES = 8
THREADS = 16


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_module, "PAUSE_AFTER_FAILURE_S", 0.1)


def tokens_of(platform: Platform) -> AccessTokens:
    return AccessTokens(account_at(platform.base), patient_caller())


def lends_anew(delay_s: float = 0.0) -> Answer:
    """Lend another token at each call, as WeChat does when one is forced."""
    number = itertools.count(1)

    def answer(_call: Call) -> Reply:
        told = {"access_token": f"T{next(number)}", "expires_in": 7200}
        return Reply(json.dumps(told).encode(), delay_s=delay_s)

    return answer


def set_row(**values: object) -> None:
    with transaction() as db:
        db.execute(update(GatewayToken).values(**values))


def in_threads(app: Flask, ask: Callable[[], str]) -> list[str]:
    """Let several threads ask at the same moment; return what they were told."""
    all_here = threading.Barrier(THREADS)
    with app.app_context():
        asked = in_this_app(ask)

    def meet() -> str:
        all_here.wait(PATIENCE_S)
        return asked()

    with ThreadPoolExecutor(THREADS) as pool:
        return [one.result() for one in [pool.submit(meet) for _ in range(THREADS)]]


class TestColdStart:
    """Eight processes that start at once with an empty table."""

    def run(self, database_url: str, platform: Platform, *, is_leased: bool) -> list[str]:
        # The fork server imports once; its children are as fresh as new processes, and cheap.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([hands.__name__])
        ready, said = context.Barrier(PROCESSES), context.Queue()
        processes = [
            context.Process(
                target=hands.ask_for_a_token,
                args=(database_url, platform.base, ready, said, is_leased),
            )
            for _ in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        tokens = [said.get(timeout=hands.START_MAX_S) for _ in processes]
        for process in processes:
            process.join(hands.START_MAX_S)
        return tokens

    def test_the_stage_shows_the_fault(
        self, tokens_app: Flask, database_url: str, platform: Platform
    ) -> None:
        both_are_here = threading.Barrier(2)
        lend = lends_anew()

        def answer(call: Call) -> Reply:
            with contextlib.suppress(threading.BrokenBarrierError):
                both_are_here.wait(hands.START_MAX_S)
                both_are_here.abort()
            return lend(call)

        platform.answers[STABLE] = answer
        tokens = self.run(database_url, platform, is_leased=False)

        assert len(set(tokens)) > 1

    def test_one_fetches_and_all_have_the_same_token(
        self, tokens_app: Flask, database_url: str, platform: Platform
    ) -> None:
        platform.answers[STABLE] = lends_anew(delay_s=0.3)
        tokens = self.run(database_url, platform, is_leased=True)

        assert tokens == ["T1"] * PROCESSES
        assert len(platform.calls_to(STABLE)) == 1


class TestCurrent:
    def test_asks_wechat_for_the_stable_token_once(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        tokens = tokens_of(platform)

        assert [tokens.current(), tokens.current()] == ["T1", "T1"]

        [call] = platform.calls_to(STABLE)
        assert call.message == {
            "grant_type": "client_credential",
            "appid": "wx1",
            "secret": "s3cret",
            "force_refresh": False,
        }

    def test_is_known_without_a_look_until_wechat_says_that_it_is_dead(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        tokens_of(platform).current()
        tokens = tokens_of(platform)
        tokens.current()
        set_row(secret="NEWER")

        assert tokens.current() == "T1"
        assert tokens.instead_of("T1") == "NEWER"
        assert tokens.current() == "NEWER"

    def test_is_not_known_beyond_its_end(
        self, tokens_app: Flask, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokens_of(platform).current()
        tokens = tokens_of(platform)
        tokens.current()
        set_row(secret="NEWER", fresh_until_s=wall_s() + 2 * 7200)

        monkeypatch.setattr(token_module, "wall_s", lambda: wall_s() + 7200)

        assert tokens.current() == "NEWER"

    def test_is_fetched_once_by_many_threads(self, tokens_app: Flask, platform: Platform) -> None:
        platform.answers[STABLE] = lends_anew(delay_s=0.1)
        tokens = tokens_of(platform)

        assert in_threads(tokens_app, tokens.current) == ["T1"] * THREADS
        assert len(platform.calls_to(STABLE)) == 1

    def test_fetches_anew_shortly_before_the_end(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        platform.answers[STABLE] = lends_anew()
        tokens = tokens_of(platform)
        tokens.current()
        set_row(fresh_until_s=wall_s() - 0.001)

        assert tokens.current() == "T2"

    @pytest.mark.parametrize(
        ("expires_in_s", "useful_s"),
        [(7200, 7200 - MARGIN_S), (2 * MARGIN_S + 1, MARGIN_S + 1), (100, 50)],
    )
    def test_counts_on_a_loan_no_longer_than_is_wise(
        self, tokens_app: Flask, platform: Platform, expires_in_s: float, useful_s: float
    ) -> None:
        platform.answers[STABLE] = tells(access_token="T1", expires_in=int(expires_in_s))
        before_s = wall_s()

        tokens_of(platform).current()

        with transaction(reads_only=True) as db:
            row = db.get_one(GatewayToken, "access:wx1")
        assert before_s + useful_s <= row.fresh_until_s <= wall_s() + useful_s

    def test_fetches_outside_transactions(self, tokens_app: Flask, platform: Platform) -> None:
        def write_meanwhile(_call: Call) -> Reply:
            with tokens_app.app_context(), transaction() as db:
                db.add(GatewayToken(name="meanwhile"))
            return Reply(b'{"access_token":"T1","expires_in":7200}')

        platform.answers[STABLE] = write_meanwhile

        assert tokens_of(platform).current() == "T1"

        with transaction(reads_only=True) as db:
            assert db.get(GatewayToken, "meanwhile") is not None

    def test_waits_for_who_is_fetching_and_takes_over_when_he_died(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        tokens = tokens_of(platform)
        tokens.current()
        ends_s = wall_s() + 0.4
        set_row(secret="", fresh_until_s=0.0, lease_until_s=ends_s)

        assert tokens.current() == "T1"

        assert wall_s() >= ends_s - 0.01
        assert len(platform.calls_to(STABLE)) == 2

    def test_gives_up_waiting_in_a_way_that_may_be_retried(
        self, tokens_app: Flask, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(token_module, "WAIT_MAX_S", 0.2)
        tokens = tokens_of(platform)
        tokens.current()
        set_row(fresh_until_s=0.0, lease_until_s=wall_s() + 60)

        with pytest.raises(WeChatError) as told:
            tokens.current()

        assert (told.value.category, told.value.retry) == (Category.TOKEN, Retry.SAFE)

    def test_a_late_holder_does_not_overwrite_his_successor(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        def overtaken(_call: Call) -> Reply:
            with tokens_app.app_context():
                set_row(secret="NEWER", fresh_until_s=wall_s() + 60, fence=GatewayToken.fence + 1)
            return Reply(b'{"access_token":"OLDER","expires_in":7200}')

        platform.answers[STABLE] = overtaken
        tokens = tokens_of(platform)

        tokens.current()

        assert tokens.current() == "NEWER"

    @pytest.mark.parametrize(
        ("answer", "category"),
        [
            (tells(errcode=40125, errmsg="invalid appsecret"), Category.CONFIG),
            (tells(errcode=40164, errmsg="invalid ip"), Category.CONFIG),
            (tells(expires_in=7200), Category.NETWORK),
            (tells(access_token="", expires_in=7200), Category.NETWORK),
            (tells(access_token="T1"), Category.NETWORK),
            (lambda _call: Reply(b"<html>"), Category.NETWORK),
            (lambda _call: Reply(status=502), Category.NETWORK),
        ],
    )
    def test_says_what_is_wrong_and_lets_the_next_one_try(
        self, tokens_app: Flask, platform: Platform, answer: Answer, category: Category
    ) -> None:
        platform.answers[STABLE] = in_turn(answer, tells(access_token="T1", expires_in=7200))
        tokens = tokens_of(platform)

        with pytest.raises(WeChatError) as told:
            tokens.current()

        assert told.value.category is category
        assert tokens.current() == "T1"

    def test_that_is_never_answered_lets_the_next_one_try(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        good, platform.answers[STABLE] = (
            platform.answers[STABLE],
            lambda _call: Reply(never_comes=True),
        )

        with pytest.raises(WeChatError) as told:
            AccessTokens(account_at(platform.base), hasty_caller()).current()

        assert told.value.category is Category.NETWORK
        wait_until(lambda: bool(platform.calls_to(STABLE)), what="WeChat was asked")
        platform.answers[STABLE] = good
        assert tokens_of(platform).current() == "T1"


def test_a_busy_database_is_told_as_a_safe_retry(sqlite_url: str, platform: Platform) -> None:
    with app_with_tokens(sqlite_url).app_context():
        # The kernel calls every trouble of SQLite's with a statement busy; a missing table is one.
        GatewayToken.metadata.tables[GatewayToken.__tablename__].drop(sa.engine)

        with pytest.raises(WeChatError) as told:
            tokens_of(platform).current()

    assert (told.value.category, told.value.retry) == (Category.TOKEN, Retry.SAFE)
    app_with_tokens(sqlite_url)


class TestInsteadOf:
    def test_takes_what_another_has_fetched_meanwhile(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        tokens = tokens_of(platform)
        tokens.current()

        assert tokens.instead_of("DEAD") == "T1"
        assert len(platform.calls_to(STABLE)) == 1

    def test_asks_again_before_it_forces(self, tokens_app: Flask, platform: Platform) -> None:
        platform.answers[STABLE] = lends_anew()
        tokens = tokens_of(platform)
        dead = tokens.current()

        assert tokens.instead_of(dead) == "T2"
        assert [call.message["force_refresh"] for call in platform.calls_to(STABLE)] == [False] * 2

    def test_forces_once_a_minute_when_wechat_lends_the_dead_one_again(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        def stubborn(call: Call) -> Reply:
            name = "FORCED" if call.message["force_refresh"] else "DEAD"
            return Reply(json.dumps({"access_token": name, "expires_in": 7200}).encode())

        platform.answers[STABLE] = stubborn
        tokens = tokens_of(platform)
        dead = tokens.current()

        assert tokens.instead_of(dead) == "FORCED"
        assert tokens.current() == "FORCED"

        # WeChat goes on refusing what it lends: nothing is forced for a minute.
        set_row(secret="DEAD")
        with pytest.raises(WeChatError) as told:
            tokens.instead_of("DEAD")
        assert (told.value.category, told.value.retry) == (Category.TOKEN, Retry.SAFE)
        forced = [c for c in platform.calls_to(STABLE) if c.message["force_refresh"]]
        assert len(forced) == 1

        # A minute later it may be forced again.
        set_row(secret="DEAD", forced_s=wall_s() - token_module.FORCE_GATE_S)
        assert tokens.instead_of("DEAD") == "FORCED"

    def test_many_threads_with_the_same_dead_token_fetch_once(
        self, tokens_app: Flask, platform: Platform
    ) -> None:
        platform.answers[STABLE] = lends_anew(delay_s=0.1)
        tokens = tokens_of(platform)
        dead = tokens.current()

        told = in_threads(tokens_app, lambda: tokens.instead_of(dead))

        assert told == ["T2"] * THREADS
