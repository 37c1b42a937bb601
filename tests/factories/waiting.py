"""Waiting for another thread or process to have done its part."""

import time
from collections.abc import Callable

WITHIN_S = 10.0


def eventually(holds: Callable[[], object], *, within_s: float = WITHIN_S) -> None:
    """Wait until `holds` is true; fail when it never comes about."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)
