"""Figures of the board, read from the kernel's files; a root of its own lets tests give a tree.

What a file does not say, or a board does not have, is None: unsupported is not unwell.
"""

import os
from collections.abc import Callable
from pathlib import Path

from retail_core.wire.health import BoxVitals

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
TEMPERATURE = "sys/class/thermal/thermal_zone0/temp"
CARDS = "sys/block/mmcblk*/device"
MEMORY = "proc/meminfo"
UPTIME = "proc/uptime"
# JESD84: 0x01 to 0x0A stand for ten percent of the life each, 0x0B for more than all of it.
LIFE_STEP_PERCENT = 10
_MILLI = 1_000
_MEBIBYTE = 1 << 20


class BoardVitals:
    """Reads one look at the board; `disk` is a folder on the disk that matters."""

    def __init__(
        self,
        disk: Path,
        root: Path = Path("/"),
        statvfs: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:
        self._disk = disk
        self._root = root
        self._statvfs = statvfs

    def read(self) -> BoxVitals:
        """Return what the board says now; never raises."""
        life, end_of_life = self._card()
        free_mb, free_percent = self._free()
        return BoxVitals(
            throttled=_number(self._text(THROTTLED), 16),
            temperature_c=self._celsius(),
            card_life_percent=life,
            card_eol=end_of_life,
            disk_free_mb=free_mb,
            disk_free_percent=free_percent,
            memory_free_percent=self._memory(),
            uptime_s=_number(self._text(UPTIME).partition(".")[0]),
        )

    def _celsius(self) -> int | None:
        milli = _number(self._text(TEMPERATURE))
        return None if milli is None else max(0, milli // _MILLI)

    def _card(self) -> tuple[int | None, int | None]:
        """Return the life used by the worse of the two areas, and the card's own word."""
        for card in sorted(self._root.glob(CARDS)):
            words = _read(card / "life_time").split()
            used = [step for word in words if (step := _number(word, 16))]
            told = _number(_read(card / "pre_eol_info").strip(), 16)
            if used or told:
                return max(used) * LIFE_STEP_PERCENT if used else None, told or None
        return None, None

    def _free(self) -> tuple[int | None, int | None]:
        try:
            found = self._statvfs(self._disk)
        except OSError:
            return None, None
        free = found.f_bavail * found.f_frsize
        return free // _MEBIBYTE, found.f_bavail * 100 // max(1, found.f_blocks)

    def _memory(self) -> int | None:
        rows = (line.split() for line in self._text(MEMORY).splitlines())
        held = {row[0]: _number(row[1]) for row in rows if len(row) > 1}
        total, free = held.get("MemTotal:"), held.get("MemAvailable:")
        return None if not total or free is None else free * 100 // total

    def _text(self, path: str) -> str:
        return _read(self._root / path).strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _number(text: str, base: int = 10) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None
