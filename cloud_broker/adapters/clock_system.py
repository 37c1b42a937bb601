"""The machine's clock, kept right by its time service."""

import time


class SystemClock:
    """Milliseconds since 1970."""

    def now_ms(self) -> int:
        """Return the present moment, UTC."""
        return time.time_ns() // 1_000_000  # noqa: TID251  # this is the Clock port's adapter
