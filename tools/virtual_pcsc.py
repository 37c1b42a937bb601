"""A PC/SC service with a virtual contactless reader, for the demo and the tests.

    python -m tools.virtual_pcsc        # starts one, prints how a program reaches it, waits for ^C

A pcscd of our own runs in mount and network namespaces (as root, or in a user namespace as
anybody). So it needs no free /run/pcscd, no root and no real reader, and the port on which vpcd
listens on every address is seen by nobody: programs reach pcscd through the environment variable
PCSCLITE_CSOCK_NAME, and the card's connection is handed out of the namespace as an open socket.
Where namespaces are not allowed, a pcscd that already runs with a stock vpcd is used.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Self

from edge_agent.drivers.nfc_pcsc.vpcd import VPCD_PORT, VirtualReader, dial_vpcd
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
READER_NAME = "Virtual PCD"
_STOCK_SOCKET = "/run/pcscd/pcscd.comm"
_READY_S = 10.0
_START, _KILL, _CONNECT, _CONNECT_SECOND, _DONE, _FAILED = b"s", b"k", b"c", b"2", b"+", b"-"


class NotHereError(Exception):
    """No virtual reader can run on this machine; the text says what to do about it."""


class VirtualPcsc:
    """A running service with its readers; a context manager that ends what it started.

    vpcd has two of them: `READER_NAME` followed by `00 00` and `00 01`.
    """

    def __init__(
        self, reader: VirtualReader, second: VirtualReader, environment: dict[str, str]
    ) -> None:
        self.reader = reader
        self.second = second
        self.environment = environment

    def stop(self) -> None:
        """Take the cards away and end what was started; safe to call twice."""
        self.reader.remove()
        self.second.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()


class OwnPcsc(VirtualPcsc):
    """A pcscd of our own in namespaces, steered through a socket to its keeper inside."""

    def __init__(self, namespaces: list[str]) -> None:
        # libpcsclite remembers the socket's path for the life of a process: one name a process
        self.folder = Path(tempfile.gettempdir()) / f"regulars-pcsc-{os.getpid()}"
        shutil.rmtree(self.folder, ignore_errors=True)  # left by a killed process of our number
        self.folder.mkdir(mode=0o700)
        _write_reader_conf(self.folder)
        self._control, inside = socket.socketpair()
        with inside:
            self._keeper = subprocess.Popen(
                [*namespaces, sys.executable, "-m", "tools.virtual_pcsc", str(inside.fileno())],
                cwd=self.folder,
                env=os.environ | {"PATH": _search_path(), "PYTHONPATH": os.pathsep.join(sys.path)},
                pass_fds=(inside.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        super().__init__(
            VirtualReader(partial(self._dial, _CONNECT)),
            VirtualReader(partial(self._dial, _CONNECT_SECOND)),
            {SOCKET_VARIABLE: str(self.folder / "pcscd.comm")},
        )
        self.start_service()

    def start_service(self) -> None:
        """Start pcscd and wait until it takes clients; raises NotHereError when it does not."""
        if self._ask(_START) != _DONE:
            log = (self.folder / "pcscd.log").read_text(encoding="utf-8", errors="replace")
            self.stop()
            msg = f"pcscd did not start: {log.strip() or 'it said nothing'}"
            raise NotHereError(msg)

    def kill_service(self) -> None:
        """End pcscd with SIGKILL; the reader stays and can be used after `start_service`."""
        super().stop()
        self._ask(_KILL)

    def stop(self) -> None:
        """Take the card away, end pcscd and its keeper, remove the folder."""
        super().stop()
        self._control.close()
        self._keeper.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, request: bytes) -> bytes:
        self._control.sendall(request)
        return self._control.recv(1)

    def _dial(self, request: bytes) -> socket.socket:
        """Have the keeper connect to a reader in there and hand the open socket out."""
        self._control.sendall(request)
        answer, handles, _flags, _address = socket.recv_fds(self._control, 1, 1)
        if answer != _DONE:
            msg = "vpcd does not listen"
            raise ConnectionRefusedError(msg)
        return socket.socket(fileno=handles[0])


def ensure_pcscd() -> VirtualPcsc:
    """Return a PC/SC service with a virtual reader; the caller stops it.

    Give its `environment` to every program that shall see the reader. Raises Fault
    SETUP_PACKAGE_MISSING, or NotHereError when neither way is open.
    """
    if packages := missing_packages():
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages=" ".join(packages))
    namespaces = namespace_command()
    return OwnPcsc(namespaces) if namespaces else _use_running()


def missing_packages() -> tuple[str, ...]:
    """Return the Debian packages a virtual reader needs and this machine lacks."""
    missing = []
    if shutil.which("pcscd", path=_search_path()) is None:
        missing.append("pcscd")
    if _driver_path() is None:
        missing.append("vsmartcard-vpcd")
    return tuple(missing)


def namespace_command() -> list[str] | None:
    """Return the unshare command that gives us a place of our own, None when none may."""
    plain = ["unshare", "--mount", "--net"]
    for command in (plain, [*plain, "--user", "--map-root-user"]):
        probe = [*command, "sh", "-c", "mount -t tmpfs tmpfs /run && ip link set lo up"]
        try:
            result = subprocess.run(probe, check=False, capture_output=True)
        except FileNotFoundError:
            return None
        if result.returncode == 0:
            return command
    return None


def _use_running() -> VirtualPcsc:
    try:
        dial_vpcd().close()
    except OSError as error:
        msg = (
            "no virtual reader: this user may not make namespaces (unshare), and no pcscd with "
            f"vpcd listens on port {VPCD_PORT}. Run as root, or allow unprivileged user "
            "namespaces, or start `pcscd` with the package vsmartcard-vpcd installed"
        )
        raise NotHereError(msg) from error
    second = VirtualReader(partial(dial_vpcd, 1))
    return VirtualPcsc(VirtualReader(), second, {SOCKET_VARIABLE: _STOCK_SOCKET})


def _driver_path() -> Path | None:
    """Return where Debian put the vpcd driver."""
    patterns = ("usr/lib/pcsc/drivers/serial", "usr/lib/*/pcsc/drivers/serial")
    found = (path for each in patterns for path in Path("/").glob(f"{each}/libifdvpcd.so"))
    return next(found, None)


def _write_reader_conf(folder: Path) -> None:
    (folder / "reader.conf").write_text(
        f'FRIENDLYNAME "{READER_NAME}"\n'
        f"DEVICENAME /dev/null:{VPCD_PORT:#x}\n"
        f"LIBPATH {_driver_path()}\n"
        f"CHANNELID {VPCD_PORT:#x}\n",
        encoding="utf-8",
    )


def _search_path() -> str:
    return os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


# ---- inside the namespaces ----------------------------------------------------------------------


class Keeper:
    """Lives in the namespaces with pcscd as its child; ends with the program that started it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pcscd: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Serve requests until the other end of the control socket is closed."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C is for the program outside
        enter_own_run()
        while request := self._control.recv(1):
            if request in {_CONNECT, _CONNECT_SECOND}:
                self._hand_out_connection(int(request == _CONNECT_SECOND))
                continue
            done = self._start() if request == _START else self._kill()
            self._control.sendall(_DONE if done else _FAILED)
        self._kill()
        return 0

    def _start(self) -> bool:
        with Path("pcscd.log").open("ab") as log:
            self._pcscd = subprocess.Popen(
                ["pcscd", "--foreground", "--error", "--config", "/run/pcscd/reader.conf"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and self._pcscd.poll() is None:
            if _takes_clients() and _vpcd_listens():
                return True
            time.sleep(0.005)
        return False

    def _kill(self) -> bool:
        if self._pcscd is not None:
            self._pcscd.kill()
            self._pcscd.wait()
            self._pcscd = None
        for left_behind in ("pcscd.comm", "pcscd.pid"):
            Path(left_behind).unlink(missing_ok=True)
        return True

    def _hand_out_connection(self, slot: int) -> None:
        try:
            link = dial_vpcd(slot)
        except OSError:
            self._control.sendall(_FAILED)
            return
        with link:
            socket.send_fds(self._control, [_DONE], [link.fileno()])


def enter_own_run() -> None:
    """Make the current folder /run/pcscd in here, and give the network its loopback."""
    folder = Path.cwd()
    for command in (
        ["mount", "-t", "tmpfs", "tmpfs", "/run"],
        ["mkdir", "/run/pcscd"],
        ["mount", "--bind", ".", "/run/pcscd"],
        ["ip", "link", "set", "lo", "up"],
    ):
        subprocess.run(command, check=True, cwd=folder)


def _takes_clients() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex("/run/pcscd/pcscd.comm") == 0


def _vpcd_listens() -> bool:
    """Tell by the kernel's table: a probing connection would be a card laid down."""
    listening = f":{VPCD_PORT:04X} 00000000:0000 0A"
    return listening in Path("/proc/self/net/tcp").read_text(encoding="ascii")


def main(arguments: list[str]) -> int:
    """Start a service, say how to reach it and wait for an interrupt."""
    if arguments:
        with socket.socket(fileno=int(arguments[0])) as control:
            return Keeper(control).run()
    try:
        service = ensure_pcscd()
    except (Fault, NotHereError) as error:
        print(error, file=sys.stderr)
        return 1
    ends = {signal.SIGINT, signal.SIGTERM}
    with service:
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        for name, value in service.environment.items():
            print(f"export {name}={value}", flush=True)
        signal.sigwait(ends)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
