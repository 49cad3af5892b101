import json
import os
import re
import stat
from pathlib import Path

import pytest

from scripts import bootstrap, front_end
from scripts.bootstrap import ROOT

LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-uv.txt", "package-lock.json"]


class TestLocks:
    @pytest.mark.parametrize("name", LOCKS)
    def test_hold_no_addresses(self, name: str) -> None:
        text = (ROOT / name).read_text(encoding="utf-8")

        assert not re.search(r"https?://|file:|--index|--find-links|\"resolved\"", text)

    def test_hold_a_hash_for_every_python_package(self) -> None:
        for name in LOCKS[:3]:
            for part in (ROOT / name).read_text(encoding="utf-8").split("\n\n"):
                pins = re.findall(r"^[a-z0-9][^ ]*==", part, flags=re.MULTILINE)
                assert len(pins) <= part.count("--hash=sha256:")

    def test_hold_a_hash_for_every_front_end_package(self) -> None:
        packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

        assert all("integrity" in package for name, package in packages.items() if name)

    def test_agree_with_what_is_asked_for(self) -> None:
        asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
        locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

        assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked


class TestFingerprint:
    def test_changes_with_any_file(self, tmp_path: Path) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        one.write_text("a")
        two.write_text("b")
        before = bootstrap.fingerprint([one, two])

        two.write_text("c")

        assert bootstrap.fingerprint([one, two]) != before

    def test_tells_apart_where_one_file_ends(self, tmp_path: Path) -> None:
        names = [tmp_path / name for name in ("a", "b", "c", "d")]
        for path, text in zip(names, ["12", "3", "1", "23"], strict=True):
            path.write_text(text)

        assert bootstrap.fingerprint(names[:2]) != bootstrap.fingerprint(names[2:])


class TestVendorFiles:
    def test_are_current_in_this_checkout(self) -> None:
        assert front_end.is_current(ROOT)

    def test_are_stale_once_the_lock_changes(self, tmp_path: Path) -> None:
        (tmp_path / "static").mkdir()
        (tmp_path / "static" / "vendor").symlink_to(ROOT / "static" / "vendor")
        (tmp_path / "package-lock.json").write_text("{}")

        assert not front_end.is_current(tmp_path)

    def test_name_no_source_map_that_is_not_there(self) -> None:
        for path in (ROOT / "static" / "vendor").glob("*.js"):
            assert "sourceMappingURL=" not in path.read_text(encoding="utf-8")[-200:]


class TestTranslations:
    def test_are_compiled_anew_when_their_source_is_newer(self, tmp_path: Path) -> None:
        source, compiled = tmp_path / "messages.po", tmp_path / "messages.mo"
        source.touch()
        compiled.touch()
        os.utime(compiled, (1, 1))

        assert not bootstrap._is_compiled(source)

    def test_are_left_alone_when_they_are_current(self, tmp_path: Path) -> None:
        source, compiled = tmp_path / "messages.po", tmp_path / "messages.mo"
        source.touch()
        os.utime(source, (1, 1))
        compiled.touch()

        assert bootstrap._is_compiled(source)


@pytest.mark.parametrize("name", ["run", "test", "check", "lock"])
def test_each_command_can_be_started(name: str) -> None:
    command = ROOT / "scripts" / name

    assert command.stat().st_mode & stat.S_IXUSR
    assert command.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")
