"""Carries packets between two namespaces: `python -m tools.wan.pump NS_A IP_A NS_B IP_B`.

Told over stdin while it runs (`loss 100`); ends with stdin, or after `--secs` at the latest.
"""

import argparse
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from itertools import count

from tools.wan.line import Direction, Manners

DEVICE = b"wan0"
MTU = 1400
BURST = 64
QUEUE = 5_000
WAIT_S = 0.5
_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001


def open_tun(namespace: str, address: str) -> int:
    """Make a TUN device in a namespace and bring it up; return its descriptor (OSError)."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", DEVICE, _IFF_TUN_NO_PI))
        for command in (
            "ip link set lo up",
            f"ip addr add {address}/24 dev wan0",
            f"ip link set wan0 mtu {MTU} txqueuelen {QUEUE} up",
        ):
            subprocess.run(command.split(), check=True)
    finally:
        libc.setns(home, _CLONE_NEWNET)
        os.close(home)
        os.close(there)
    return tun


class Pump:
    """Two directions and what is under way in them."""

    def __init__(self, ends: tuple[int, int], manners: Manners, seed: int) -> None:
        self.manners = manners
        self._other = {ends[0]: ends[1], ends[1]: ends[0]}
        self._ways = {
            end: Direction(random.Random(seed + nth))  # noqa: S311 -- a seeded line
            for nth, end in enumerate(ends)
        }
        self._flying: list[tuple[float, int, int, bytes]] = []
        self._nth = count()

    def run(self, until_s: float) -> None:
        """Carry packets until the time is up or stdin ends."""
        watched: list[int] = [*self._other, 0]
        while (now := time.monotonic()) < until_s:
            self._deliver(now)
            wait = min(WAIT_S, self._flying[0][0] - now) if self._flying else WAIT_S
            ready, _, _ = select.select(watched, [], [], max(0.0, wait))
            for end in ready:
                if end:
                    self._take(end)
                elif not self._told():
                    return

    def counts(self) -> str:
        """Say how many packets passed and how many were dropped."""
        ways = self._ways.values()
        return f"passed {sum(w.passed for w in ways)} dropped {sum(w.dropped for w in ways)}"

    def _take(self, end: int) -> None:
        for _ in range(BURST):
            try:
                packet = os.read(end, MTU + 100)
            except BlockingIOError:
                return
            for due in self._ways[end].takes(self.manners, len(packet), time.monotonic()):
                heapq.heappush(self._flying, (due, next(self._nth), self._other[end], packet))

    def _deliver(self, now: float) -> None:
        while self._flying and self._flying[0][0] <= now:
            _, _, end, packet = heapq.heappop(self._flying)
            try:
                os.write(end, packet)
            except OSError:
                continue  # the queue of the other side is full: a lost packet, as on any line

    def _told(self) -> bool:
        said = sys.stdin.readline()
        if said and not self.manners.change(said):
            print(f"not understood: {said.strip()}", file=sys.stderr, flush=True)
        return bool(said)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry packets."""
    parser = argparse.ArgumentParser(prog="wan", description=__doc__)
    for name in ("ns_a", "ip_a", "ns_b", "ip_b"):
        parser.add_argument(name)
    for field in fields(Manners):
        parser.add_argument(f"--{field.name}", type=float, default=0.0)
    parser.add_argument("--secs", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    ends = open_tun(options.ns_a, options.ip_a), open_tun(options.ns_b, options.ip_b)
    manners = Manners(**{one.name: getattr(options, one.name) for one in fields(Manners)})
    pump = Pump(ends, manners, options.seed)
    print("up", flush=True)
    pump.run(time.monotonic() + options.secs)
    print(pump.counts(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
