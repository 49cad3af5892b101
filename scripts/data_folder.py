"""The data folder of one installation: its secrets, and the lock that keeps it for one launcher."""

import fcntl
import hashlib
import json
import os
import secrets
import stat
import string
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.bootstrap import PYTHON, ROOT
from scripts.terminal import Stop

SOCKET_PATH_BYTES_MAX = 100
_MAKING_S_MAX = 60

_LETTERS = string.ascii_letters + string.digits

# What is made up once for each data folder.
_SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "CONTROL_KEY": lambda: secrets.token_urlsafe(32),
    "WECHAT_APPID": lambda: "wx" + secrets.token_hex(8),
    "WECHAT_SECRET": lambda: secrets.token_hex(16),
    "WECHAT_TOKEN": lambda: _letters(32),
    # 43 characters of Base64 are 32 bytes when the last one ends in two zero bits.
    "WECHAT_AES_KEY": lambda: _letters(42) + secrets.choice("AEIMQUYcgkosw048"),
}

_HEADING = """\
# Secrets of this installation, made on its first start. Keep this file to yourself.
# Any setting of .env.example may be added here; what the environment says comes first.
"""


def open_folder(folder: Path) -> None:
    """Make the folder, for its owner's eyes only. Raises Stop when that is not allowed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(folder)
    except OSError as error:
        raise Stop(
            f"数据目录 {folder} 不可写，请用 --data 指定另一个目录。\n"
            f"The data folder {folder} cannot be written to: choose another with --data."
        ) from error


def hold(folder: Path) -> int:
    """Keep the folder for this process; return the handle that must stay open.

    Raises Stop when another launcher holds it.
    """
    handle = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
        os.close(handle)
        raise Stop(
            f"门铃已在这个数据目录上运行（进程 {holder}）。\n"
            f"Doorbell already runs on {folder} (process {holder}): stop it first, "
            "or choose another folder with --data and another port with --port."
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def settings(folder: Path) -> dict[str, str]:
    """Return the settings of settings.env, where missing secrets are made up and kept."""
    path = folder / "settings.env"
    known = _read(path)
    missing = {name: make() for name, make in _SECRETS.items() if name not in known}
    if missing:
        _add(path, missing)
    return {**known, **missing}


def merchant(folder: Path) -> dict[str, str]:
    """Return the settings of the demo's merchant, whose keys are made and kept in folder/pay.

    Raises Stop when they cannot be made.
    """
    place = folder / "pay"
    # Written last: where it is, the keys are.
    if not (place / "sandbox.json").exists():
        _make_merchant(place)
    told = json.loads((place / "sandbox.json").read_text(encoding="utf-8"))
    return {
        "WECHAT_PAY_MCHID": told["mchid"],
        "WECHAT_PAY_SERIAL": told["serial"],
        "WECHAT_PAY_KEY_FILE": str(place / "merchant-key.pem"),
        "WECHAT_PAY_APIV3_KEY": told["apiv3_key"],
        "WECHAT_PAY_PUBLIC_KEY_ID": told["platform_key_id"],
        "WECHAT_PAY_PUBLIC_KEY_FILE": str(place / "platform-public.pem"),
        "SANDBOX_PAY": str(place / "sandbox.json"),
    }


def socket_path(folder: Path) -> Path:
    """Return where Valkey listens: in the folder, or in the temp folder where paths grow too long.

    Raises Stop when somebody else owns that place in the temp folder.
    """
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    shelter = Path(tempfile.gettempdir()) / f"doorbell-{os.geteuid()}-{name}"
    shelter.mkdir(mode=0o700, exist_ok=True)
    status = shelter.lstat()
    if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode):
        raise Stop(f"{shelter} belongs to somebody else: choose a shorter --data path.")
    return shelter / "redis.sock"


def _make_merchant(place: Path) -> None:
    command = [str(PYTHON), "-m", "scripts.shop_keys", str(place)]
    outcome = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_MAKING_S_MAX
    )
    if outcome.returncode:
        raise Stop(f"The demo's payment keys could not be made:\n{outcome.stderr.strip()[-500:]}")


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _add(path: Path, values: dict[str, str]) -> None:
    """Write the file anew beside itself and put it in place at once, readable by its owner only."""
    text = path.read_text(encoding="utf-8") if path.exists() else _HEADING
    text += "" if text.endswith("\n") else "\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
