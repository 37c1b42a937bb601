"""Two namespaces of our own with a line between them; everything is removed again at the end."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

from tools.wan.line import Manners

ROOT = Path(__file__).resolve().parents[2]
CLOUD_IP, STORES_IP = "10.99.0.1", "10.99.0.2"
END_S = 5.0


def why_not() -> str:
    """Say in words why there can be no such line here; empty when there can."""
    if os.geteuid() != 0:
        return "需要 root:网络命名空间和 TUN 设备 needs root: network namespaces and TUN devices"
    if not Path("/dev/net/tun").exists():
        return "没有 /dev/net/tun:内核或容器不给 no /dev/net/tun: kernel or container lacks it"
    if shutil.which("ip") is None:
        return "没有 ip 命令:apt-get install iproute2 no `ip`: apt-get install iproute2"
    return ""


@dataclass(slots=True)
class Wan:
    """A line; use it as a context. `quick` lowers TCP's smallest resend time at both ends."""

    manners: Manners
    seconds: float = 600.0
    seed: int = 1
    quick: bool = False
    _pump: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def cloud(self) -> str:
        """The cloud's namespace."""
        return f"regulars-{os.getpid()}-c"

    @property
    def stores(self) -> str:
        """The stores' namespace."""
        return f"regulars-{os.getpid()}-s"

    @staticmethod
    def inside(namespace: str) -> tuple[str, ...]:
        """Return what is put before a command so that it runs in a namespace."""
        return ("ip", "netns", "exec", namespace)

    def __enter__(self) -> Self:
        """Make namespaces and line (RuntimeError in words when that cannot be)."""
        reason = why_not()
        if reason:
            raise RuntimeError(reason)
        for namespace in (self.cloud, self.stores):
            subprocess.run(["ip", "netns", "add", namespace], check=True, capture_output=True)
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Remove the line and both namespaces."""
        pump, self._pump = self._pump, None
        if pump is not None:
            if pump.stdin is not None:
                pump.stdin.close()
            try:
                pump.wait(END_S)
            except subprocess.TimeoutExpired:
                pump.kill()
                pump.wait()
            if pump.stdout is not None:
                pump.stdout.close()
        for namespace in (self.cloud, self.stores):
            with suppress(OSError):
                subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)

    def say(self, what: str) -> None:
        """Change the line's manners while it runs: `loss 100` is a black hole."""
        if self._pump is not None and self._pump.stdin is not None:
            self._pump.stdin.write(what + "\n")
            self._pump.stdin.flush()

    def _open(self) -> None:
        manners = [f"--{one.name}={getattr(self.manners, one.name)}" for one in fields(Manners)]
        self._pump = subprocess.Popen(
            [
                *(sys.executable, "-m", "tools.wan.pump"),
                *(self.cloud, CLOUD_IP, self.stores, STORES_IP),
                *manners,
                *(f"--secs={self.seconds}", f"--seed={self.seed}"),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._pump.stdout is None or self._pump.stdout.readline().strip() != "up":
            raise RuntimeError("线路没有起来 the line did not come up")
        for namespace in (self.cloud, self.stores) if self.quick else ():
            route = "route change 10.99.0.0/24 dev wan0 proto kernel scope link"
            subprocess.run(
                ["ip", "-n", namespace, *route.split(), "rto_min", "20ms", "quickack", "1"],
                check=True,
            )
