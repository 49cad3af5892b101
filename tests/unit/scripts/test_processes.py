import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts import processes
from scripts.processes import House
from scripts.terminal import Stop


def house(
    *,
    kept: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    merchant: Mapping[str, str] | None = None,
    port: int = 8300,
) -> House:
    return processes.house_at(
        port=port,
        folder=Path("/srv/var"),
        valkey_socket=Path("/srv/var/redis.sock"),
        kept=kept or {},
        given=given or {},
        merchant=lambda: merchant or {},
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen()
        yield line.getsockname()[1]


class TestHouseAt:
    def test_derives_every_address_from_the_port(self) -> None:
        environment = house(port=9000).environment

        assert environment["PUBLIC_BASE"] == "http://doorbell.localhost:9000"
        assert environment["SANDBOX_BASE"] == "http://sandbox.doorbell.localhost:9001"
        assert environment["WECHAT_API_BASE"] == "http://127.0.0.1:9001"

    def test_believes_the_shell_before_the_folder_before_itself(self) -> None:
        kept = {"DATABASE_URL": "kept", "MAP_TILES_URL": "kept"}

        environment = house(kept=kept, given={"DATABASE_URL": "given"}).environment

        assert environment["DATABASE_URL"] == "given"
        assert environment["MAP_TILES_URL"] == "kept"
        assert environment["WECHAT_PAY_BASE"] == "http://127.0.0.1:8301"

    def test_never_lets_the_shell_move_the_data_folder(self) -> None:
        assert house(given={"DATA_DIR": "/elsewhere"}).environment["DATA_DIR"] == "/srv/var"

    def test_speaks_to_wechat_itself_outside_of_the_demo(self) -> None:
        kept = {"CONTROL_KEY": "k"}

        production = house(kept=kept, given={"MODE": "production"})

        assert not production.is_demo
        sandbox_settings = {"SANDBOX_BASE", "CONTROL_KEY", "WECHAT_API_BASE"}
        assert sandbox_settings.isdisjoint(production.environment)

    def test_gives_the_demo_a_merchant_and_production_none(self) -> None:
        merchant = {"WECHAT_PAY_MCHID": "1900000109", "SANDBOX_PAY": "/srv/var/pay/sandbox.json"}

        demo = house(merchant=merchant).environment
        production = house(merchant=merchant, given={"MODE": "production"}).environment

        assert demo["WECHAT_PAY_MCHID"] == "1900000109"
        assert demo["WECHAT_PAY_NOTIFY_BASE"] == "http://127.0.0.1:8300"
        assert {*merchant, "WECHAT_PAY_NOTIFY_BASE"}.isdisjoint(production)

    def test_starts_no_valkey_where_another_redis_is_named(self) -> None:
        assert house().owns_valkey
        assert not house(given={"REDIS_URL": "redis://127.0.0.1"}).owns_valkey


class TestWaitUntilFree:
    def test_names_the_port_that_stays_taken(
        self, taken_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(processes, "FREE_S_MAX", 0.1)

        with pytest.raises(Stop, match=f"Port {taken_port} is taken"):
            processes.wait_until_free(house(port=taken_port))


class TestProbes:
    def test_nobody_answers_where_nobody_listens(self) -> None:
        with socket.socket() as line:
            line.bind(("127.0.0.1", 0))
            # Taken, so that nobody else begins to listen there.
            silent_port = line.getsockname()[1]

            assert processes.answers_http(silent_port, "/healthz") == 0

    def test_nobody_answers_on_a_missing_socket(self, tmp_path: Path) -> None:
        assert not processes.answers_ping(tmp_path / "redis.sock")


class TestPreparation:
    def test_seeds_the_demo_unless_told_not_to(self) -> None:
        assert "seed-demo" in processes.preparation(house(), seed=True).command
        assert "seed-demo" not in processes.preparation(house(), seed=False).command

    def test_only_migrates_in_production(self) -> None:
        production = house(given={"MODE": "production"})

        assert processes.preparation(production, seed=True).command[-1] == "db upgrade"
