"""Makes a clone ready to run: Python packages, front-end packages, compiled translations.

Each part keeps a stamp of what it was made from, so that a second start only compares.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts import front_end
from scripts.terminal import Stop, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

RUN_LOCKS = ("requirements.txt",)
TOOL_LOCKS = ("requirements.txt", "requirements-dev.txt")
UV_LOCK = "requirements-uv.txt"

_STAMP = VENV / "installed.json"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_INSTALL_S_MAX = 900


def prepare(*, tools: bool, planner: bool = True) -> None:
    """Install whatever is missing; `tools` adds what tests and checks need.

    Without `planner` its kernel is left for whoever plans.

    Safe to run side by side and again. Raises Stop with a sentence for the person.
    """
    with _one_at_a_time():
        _prepare_python(TOOL_LOCKS if tools else RUN_LOCKS)
        kernel = _begin_kernel() if planner else None
        if not front_end.is_current(ROOT):
            with step("前端文件 · front-end packages"):
                front_end.install(ROOT, environment=installer_environment())
        _compile_translations(ROOT / "translations")
        if kernel is not None:
            with step("排班内核 · the planner's kernel"):
                kernel.wait()


def _begin_kernel() -> "subprocess.Popen[bytes] | None":
    """Begin to compile the planner's kernel: once for each version of its source, beside the rest."""
    is_warm = "from dispatch.planner import compiling; raise SystemExit(not compiling.is_warm())"
    if subprocess.run([str(PYTHON), "-c", is_warm], cwd=ROOT, check=False).returncode == 0:
        return None
    return subprocess.Popen([str(PYTHON), "-m", "dispatch.planner.warming"], cwd=ROOT)


def fingerprint(files: Iterable[Path]) -> str:
    """Return a digest of the files' contents, in their order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


# --- Python packages ----------------------------------------------------------------------


def _prepare_python(locks: Sequence[str]) -> None:
    wanted = fingerprint(ROOT / name for name in locks)
    stamp = _read_stamp()
    stayed = stamp.get("place") in (None, str(VENV))
    if PYTHON.exists() and stayed and wanted in stamp.get("locks", ()):
        return
    with step("Python 软件包 · Python packages"):
        if not (stayed and _venv_works()):
            _make_venv()
        _install(locks)
        # Whoever has the tools has what runs, too.
        done = {fingerprint(ROOT / name for name in RUN_LOCKS), wanted}
        _STAMP.write_text(json.dumps({"place": str(VENV), "locks": sorted(done)}))


def _read_stamp() -> dict[str, list[str] | str]:
    try:
        stamp = json.loads(_STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _venv_works() -> bool:
    check = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return (
        PYTHON.exists() and subprocess.run(check, capture_output=True, check=False).returncode == 0
    )


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise Stop(
            "这台机器的 python3 缺少 venv 模块，请先安装它，例如：sudo apt-get install python3-venv\n"
            "This python3 cannot make virtual environments; install that part of it first, "
            "for example: sudo apt-get install python3-venv"
        )
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise Stop(f"python3 -m venv failed:\n{outcome.stdout}{outcome.stderr}")


def _install(locks: Sequence[str]) -> None:
    """Install the locked packages with uv, which takes seconds, or else with pip."""
    environment = installer_environment()
    wanted = ["--require-hashes", *(word for name in locks for word in ("-r", str(ROOT / name)))]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    with_uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    if "PYTHONDONTWRITEBYTECODE" in environment:
        # Nobody would compile later, and each start would take twice as long.
        with_uv.append("--compile-bytecode")

    has_uv = _call([*pip, "--require-hashes", "-r", str(ROOT / UV_LOCK)], environment) is None
    if has_uv and _call([*with_uv, *wanted], environment) is None:
        return
    if complaint := _call([*pip, *wanted], environment):
        raise Stop(
            "Python 软件包没有装上；请检查网络或软件源后再试。\n"
            f"The Python packages could not be installed; check the network and try again:\n{complaint}"
        )


def _call(command: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Run the command; return None when it went well, else the end of what it printed."""
    try:
        outcome = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_INSTALL_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (
        outcome.stdout[-4000:] or f"exit code {outcome.returncode}" if outcome.returncode else None
    )


def installer_environment() -> dict[str, str]:
    """Return the environment for pip, uv and npm: the machine's own, its gaps filled.

    The machine's certificates are trusted, its pip mirror serves uv too, and a user without
    a home that can be written to gets caches inside the checkout.
    """
    environment = dict(os.environ)
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment.update(PIP_DISABLE_PIP_VERSION_CHECK="1", UV_LINK_MODE="copy")
    if _CERTIFICATES.exists():
        for name in ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            environment.setdefault(name, str(_CERTIFICATES))
    if mirror := _pip_mirror(environment):
        environment.setdefault("UV_DEFAULT_INDEX", mirror)
    if not os.access(Path.home(), os.W_OK):
        for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache"):
            environment[name] = str(VENV / "cache" / name.lower())
    return environment


def _pip_mirror(environment: Mapping[str, str]) -> str:
    """Return the index that this machine's pip was told to ask, which uv would not know of."""
    if "PIP_INDEX_URL" in environment:
        return environment["PIP_INDEX_URL"]
    command = [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return outcome.stdout.strip() if outcome.returncode == 0 else ""


# --- Translations -------------------------------------------------------------------------


def _compile_translations(folder: Path) -> None:
    if all(_is_compiled(source) for source in folder.glob("*/LC_MESSAGES/*.po")):
        return
    with step("翻译 · translations"):
        command = [str(PYTHON), "-m", "babel.messages.frontend", "compile", "-d", str(folder)]
        if complaint := _call(command, os.environ):
            raise Stop(f"The translations could not be compiled:\n{complaint}")


def _is_compiled(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


# --- One at a time ------------------------------------------------------------------------


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the checkout, so that two commands started together do not install over each other."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
