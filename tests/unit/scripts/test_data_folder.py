import base64
import os
import stat
import tempfile
from pathlib import Path

import pytest

from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_wire import Merchant
from sandbox.pay import seals
from sandbox.pay.shop import read_shop
from scripts import data_folder
from scripts.terminal import Stop
from tests import house


class TestSettings:
    def test_makes_up_each_secret_in_the_form_wechat_wants(self, tmp_path: Path) -> None:
        settings = data_folder.settings(tmp_path)

        assert settings["WECHAT_APPID"].startswith("wx")
        assert len(settings["WECHAT_APPID"]) == 18
        assert len(settings["WECHAT_AES_KEY"]) == 43
        assert len(base64.b64decode(settings["WECHAT_AES_KEY"] + "=", validate=True)) == 32
        assert len(settings["SECRET_KEY"]) >= 32

    def test_keeps_them_from_start_to_start(self, tmp_path: Path) -> None:
        assert data_folder.settings(tmp_path) == data_folder.settings(tmp_path)

    def test_gives_no_two_folders_the_same_secrets(self, tmp_path: Path) -> None:
        here, there = tmp_path / "here", tmp_path / "there"
        here.mkdir()
        there.mkdir()

        assert set(data_folder.settings(here).values()).isdisjoint(
            data_folder.settings(there).values()
        )

    def test_lets_only_the_owner_read_them(self, tmp_path: Path) -> None:
        data_folder.settings(tmp_path)

        assert stat.S_IMODE((tmp_path / "settings.env").stat().st_mode) == 0o600

    def test_adds_a_missing_secret_below_what_the_person_wrote(self, tmp_path: Path) -> None:
        path = tmp_path / "settings.env"
        path.write_text("# mine\nREDIS_URL = redis://127.0.0.1/3")

        settings = data_folder.settings(tmp_path)

        assert settings["REDIS_URL"] == "redis://127.0.0.1/3"
        assert path.read_text().startswith("# mine\nREDIS_URL = redis://127.0.0.1/3\nSECRET_KEY=")


class TestMerchant:
    def test_is_made_once_in_two_halves_that_fit(self, tmp_path: Path) -> None:
        environment = data_folder.merchant(tmp_path)

        again = data_folder.merchant(tmp_path)
        sandbox = read_shop(Path(environment.pop("SANDBOX_PAY")))
        settings = house.settings_for("sqlite://", data_dir=tmp_path, **environment)
        ours = Merchant.from_settings(settings)
        assert again == environment | {"SANDBOX_PAY": again["SANDBOX_PAY"]}
        assert (ours.mchid, ours.serial) == (sandbox.mchid, sandbox.serial)
        assert ours.apiv3_key == sandbox.apiv3_key
        assert ours.public_key_id == sandbox.platform_key_id
        sheet = WeChatPay(ours).sheet("wx1").params
        signed = f"{ours.appid}\n{sheet['timestamp']}\n{sheet['nonceStr']}\nprepay_id=wx1\n"
        assert seals.is_signed(signed, sheet["paySign"], shop=sandbox)

    def test_lets_only_the_owner_read_the_keys(self, tmp_path: Path) -> None:
        data_folder.merchant(tmp_path)

        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pay").iterdir()} == {
            0o600
        }

    def test_neither_half_holds_the_others_secret(self, tmp_path: Path) -> None:
        environment = data_folder.merchant(tmp_path)

        told = Path(environment["SANDBOX_PAY"]).read_text()
        own = Path(environment["WECHAT_PAY_KEY_FILE"]).read_text()
        assert own.splitlines()[1] not in told
        assert "PRIVATE" not in Path(environment["WECHAT_PAY_PUBLIC_KEY_FILE"]).read_text()

    def test_says_what_went_wrong(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(data_folder, "PYTHON", Path("/bin/false"))

        with pytest.raises(Stop, match="payment keys"):
            data_folder.merchant(tmp_path)


class TestHold:
    def test_refuses_a_second_launcher_and_names_the_first(self, tmp_path: Path) -> None:
        handle = data_folder.hold(tmp_path)

        with pytest.raises(Stop, match=f"process {os.getpid()}"):
            data_folder.hold(tmp_path)

        os.close(handle)

    def test_lets_the_next_one_in_when_the_first_has_gone(self, tmp_path: Path) -> None:
        os.close(data_folder.hold(tmp_path))

        os.close(data_folder.hold(tmp_path))


class TestSocketPath:
    def test_lies_in_the_folder(self, tmp_path: Path) -> None:
        assert data_folder.socket_path(Path("/srv/doorbell")) == Path("/srv/doorbell/redis.sock")

    def test_moves_to_the_temp_folder_when_the_path_grows_too_long(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        path = data_folder.socket_path(Path("/srv") / ("d" * 90))

        assert path.is_relative_to(tmp_path)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_says_what_to_do_about_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Stop, match="--data"):
        data_folder.open_folder(tmp_path / "file" / "folder")
