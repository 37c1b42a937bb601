"""The last time that somebody vouched for, over a restart: one line beside the journal."""

import os
from contextlib import suppress
from pathlib import Path

FILE = "known-time"
_DIGITS_MAX = 15


def read_known_time(folder: Path) -> int:
    """Return the time that was kept, 0 when none was or it cannot be read."""
    try:
        text = (folder / FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdigit() and len(text) <= _DIGITS_MAX else 0


def keep_known_time(folder: Path, wall_ms: int) -> None:
    """Keep a time; a full disk keeps the one before."""
    fresh = folder / f"{FILE}.new"
    with suppress(OSError):
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{wall_ms}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / FILE)
