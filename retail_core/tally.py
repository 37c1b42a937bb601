"""Counts of expected faults: they are shown and reported, not alarmed about one by one."""

from retail_core.texts.faults import FaultCode


class FaultTally:
    """How often each fault was seen since the process started; any thread may count."""

    def __init__(self) -> None:
        # Plain text keys, all there from the start: between reading and writing a count no Python
        # code runs, so the interpreter cannot switch threads there and lose one.
        self._counts = dict.fromkeys((code.value for code in FaultCode), 0)

    def count(self, code: FaultCode) -> None:
        """Note one more occurrence."""
        number = code.value
        self._counts[number] += 1

    def snapshot(self) -> dict[str, int]:
        """Return code → count, only for codes that were seen."""
        return {number: seen for number, seen in sorted(self._counts.items()) if seen}
