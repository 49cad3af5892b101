import importlib.util
from pathlib import Path
from typing import NoReturn

import pytest

from scripts import bootstrap, processes, run_command
from scripts.launcher import Failed, Launcher
from scripts.terminal import Stop


@pytest.fixture
def house(tmp_path: Path) -> processes.House:
    return processes.house_at(
        port=8300,
        folder=tmp_path,
        valkey_socket=tmp_path / "redis.sock",
        kept={},
        given={},
    )


class TestWelcome:
    def test_shows_where_to_go_and_how_to_sign_in(self, house: processes.House) -> None:
        sign_ins = house.folder / "sign-ins.txt"
        sign_ins.write_text(
            "# role user password\ndispatcher  diaodu\tpass-word\n", encoding="utf-8"
        )

        lines = run_command.welcome(house, took_s=3.21).splitlines()

        assert "  门铃 Doorbell 已就绪 · ready in 3.2 s" in lines
        assert "    微信沙箱  WeChat phones  http://sandbox.doorbell.localhost:8301/" in lines
        assert "    dispatcher  diaodu  pass-word" in lines
        assert not any("role user" in line for line in lines)

    def test_speaks_of_no_sign_ins_where_nothing_was_seeded(self, house: processes.House) -> None:
        assert "Sign-ins" not in run_command.welcome(house, took_s=3.21)


def test_goes_on_without_valkey_where_there_is_none(
    house: processes.House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_valkey(_house: processes.House) -> NoReturn:
        raise Failed("no Valkey for this machine")

    monkeypatch.setattr(processes, "valkey", no_valkey)

    run_command._start_valkey(Launcher(environment={}, folder=house.folder), house)

    assert "going on without Valkey" in capsys.readouterr().out


def test_says_how_to_repair_a_python_without_ensurepip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(Stop, match="apt-get install python3-venv"):
        bootstrap._make_venv()


@pytest.mark.parametrize("port", ["80", "65535", "web"])
def test_refuses_a_port_that_cannot_be(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_command._wishes(["--port", port])

    assert "--port" in capsys.readouterr().err
