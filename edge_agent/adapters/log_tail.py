"""The last lines this program logged, for diagnostics; whoever reads them redacts them."""

from collections import deque

LINES_MAX = 500
LINE_CHARS_MAX = 1_000


class LogTail:
    """Keeps the last lines; any thread may write."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LINES_MAX)

    def write(self, text: str) -> None:
        """Take what was written to the log."""
        self._lines.extend(line[:LINE_CHARS_MAX] for line in text.splitlines() if line)

    def text(self) -> str:
        """Return the lines, the newest last."""
        return "".join(f"{line}\n" for line in self._lines.copy())
