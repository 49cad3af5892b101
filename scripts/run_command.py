"""scripts/run: makes the clone ready, starts all processes and says where to go."""

import argparse
import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scripts import bootstrap, data_folder, processes
from scripts.launcher import Failed, Launcher, Stopped
from scripts.processes import House
from scripts.terminal import Stop, table

PORT = 8000


def main(arguments: Sequence[str]) -> int:
    """Run the house until somebody asks to stop. Raises Stop when it cannot start."""
    wishes = _wishes(arguments)
    started = time.monotonic()
    print("\n  门铃 Doorbell\n", flush=True)
    bootstrap.prepare(tools=False)

    folder = wishes.data.expanduser().resolve()
    data_folder.open_folder(folder)
    if wishes.command:
        return subprocess.run(
            processes.flask_command(shlex.join(wishes.command)),
            cwd=bootstrap.ROOT,
            env=dict(_house(wishes.port, folder).environment),
            check=False,
        ).returncode
    handle = data_folder.hold(folder)
    try:
        house = _house(wishes.port, folder)
        processes.wait_until_free(house)
        return _keep(house, seed=not wishes.no_demo, started=started)
    finally:
        os.close(handle)


def _house(port: int, folder: Path) -> House:
    return processes.house_at(
        port=port,
        folder=folder,
        valkey_socket=data_folder.socket_path(folder),
        kept=data_folder.settings(folder),
        given=os.environ,
        merchant=partial(data_folder.merchant, folder),
    )


def _keep(house: House, *, seed: bool, started: float) -> int:
    launcher = Launcher(environment=house.environment, folder=bootstrap.ROOT)
    launcher.listen_to_signals()
    try:
        _start(launcher, house, seed=seed)
        print(welcome(house, took_s=time.monotonic() - started), flush=True)
        return launcher.watch()
    except Failed as failure:
        raise Stop(
            f"启动失败：{failure}。原因见上面的日志。\n"
            f"Doorbell could not start: {failure}. The lines above say why."
        ) from failure
    except Stopped:
        return 130
    finally:
        print("\n  正在停止 · stopping …", flush=True)
        launcher.stop()
        print("  已停止 · stopped\n", flush=True)


def _start(launcher: Launcher, house: House, *, seed: bool) -> None:
    if house.owns_valkey:
        _start_valkey(launcher, house)
    launcher.run(processes.preparation(house, seed=seed))

    web = processes.web(house)
    launcher.begin(web)
    if house.is_demo:
        sandbox = processes.sandbox(house)
        launcher.begin(sandbox)
        launcher.wait_for(sandbox)
        # The sandbox is up before the web: the menu is made while the web still loads.
        launcher.run(processes.introduction())
    launcher.wait_for(web)
    launcher.begin(*processes.workers())


def _start_valkey(launcher: Launcher, house: House) -> None:
    """Start the doorbell, or go on without it: the relay then looks for work by itself."""
    try:
        valkey = processes.valkey(house)
        launcher.begin(valkey)
        launcher.wait_for(valkey)
    except Failed as failure:
        print(f"  Valkey 没有启动，门铃照常运行 · going on without Valkey: {failure}")
        print(f"  {processes.valkey_log(house)}", flush=True)


def _wishes(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/run", description="Start Doorbell on this machine; Ctrl-C stops it."
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        metavar="N",
        help=f"port of the pages; the WeChat sandbox takes the next one (default {PORT})",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=bootstrap.ROOT / "var",
        metavar="DIR",
        help="data folder (default var/ in the checkout)",
    )
    parser.add_argument(
        "--command",
        nargs=argparse.REMAINDER,
        metavar="WORD",
        help="start nothing, but do this in the house of that port and folder, such as "
        "--command check-bill 2026-11-23",
    )
    parser.add_argument(
        "--no-demo", action="store_true", help="do not fill an empty database with the demo city"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65534:
        raise argparse.ArgumentTypeError("between 1024 and 65534")
    return port


# --- Welcome ------------------------------------------------------------------------------


def welcome(house: House, *, took_s: float) -> str:
    """Return what the person reads once everything serves."""
    parts = [
        f"\n  门铃 Doorbell 已就绪 · ready in {took_s:.1f} s\n",
        table(_addresses(house), indent="    "),
    ]
    if sign_ins := _sign_ins(house.folder / "sign-ins.txt"):
        heading = f"\n  控制台登录 · Sign-ins   {_short(house.folder / 'sign-ins.txt')}\n"
        parts += [heading, table(sign_ins, indent="    ")]
    parts.append("\n  按 Ctrl-C 停止 · Ctrl-C stops everything\n")
    return "\n".join(parts)


def _addresses(house: House) -> list[list[str]]:
    public = house.environment["PUBLIC_BASE"]
    rows = [["控制台", "Console", f"{public}/console/"]]
    if house.is_demo:
        rows.insert(0, ["微信沙箱", "WeChat phones", f"{house.environment['SANDBOX_BASE']}/"])
    rows.append(["数据目录", "Data folder", _short(house.folder)])
    return rows


def _sign_ins(path: Path) -> list[list[str]]:
    """Return the rows of the file that seeding wrote: role, user, password."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
