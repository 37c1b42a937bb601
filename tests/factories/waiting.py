"""Waiting for another thread or process to have done its part."""

import time
from collections.abc import Callable

# How long a test believes in a thing that does not come. Two busy cores make seconds of what takes
# milliseconds, so it is long: a test that passes never waits for it, one that fails may.
PATIENCE_S = 60.0
PATIENCE_MS = int(PATIENCE_S * 1_000)


def comes_about(holds: Callable[[], object], *, within_s: float = PATIENCE_S) -> bool:
    """Wait until `holds` is true; False when it never is."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def eventually(holds: Callable[[], object], *, within_s: float = PATIENCE_S) -> None:
    """Wait until `holds` is true; fail when it never comes about."""
    assert comes_about(holds, within_s=within_s), "it did not come about in time"
