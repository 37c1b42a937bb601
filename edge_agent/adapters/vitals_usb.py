"""How often devices on USB dropped out: each time the kernel finds one anew it has a new number.

So one that was away between two looks is noticed too. Read from /sys: the kernel's log is shut to
us. Nobody pulls a plug five times in an hour by intention.
"""

from pathlib import Path

DEVICES = "sys/bus/usb/devices"
_ROOT_HUB = "usb"


class UsbDrops:
    """A counter that only grows; `root` lets tests give a tree."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._folder = root / DEVICES
        self._seen: dict[str, str] | None = None
        self._drops = 0

    def count(self) -> int | None:
        """Look, and return how many drops were seen since the start; None without USB."""
        now = self._numbers()
        if now is None:
            return None
        before, self._seen = self._seen or {}, now
        self._drops += sum(now.get(socket) != number for socket, number in before.items())
        return self._drops

    def _numbers(self) -> dict[str, str] | None:
        """Return the number of the device in each socket; root hubs and interfaces are none."""
        try:
            sockets = [one.name for one in self._folder.iterdir()]
        except OSError:
            return None
        plugged = (one for one in sockets if ":" not in one and not one.startswith(_ROOT_HUB))
        read = ((one, _number(self._folder / one / "devnum")) for one in plugged)
        return {socket: number for socket, number in read if number}


def _number(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
