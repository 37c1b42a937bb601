"""Counts of expected faults: they are shown and reported, not alarmed about one by one."""

from collections import Counter

from retail_core.texts.faults import FaultCode


class FaultTally:
    """How often each fault was seen since the process started."""

    def __init__(self) -> None:
        self._counts: Counter[FaultCode] = Counter()

    def count(self, code: FaultCode) -> None:
        """Note one more occurrence."""
        self._counts[code] += 1

    def snapshot(self) -> dict[str, int]:
        """Return code → count, only for codes that were seen."""
        return {code.value: seen for code, seen in sorted(self._counts.items())}
