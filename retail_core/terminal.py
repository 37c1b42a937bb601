"""What people or files name never steers the terminal that it is printed on."""

import io
import sys
from typing import TextIO, cast

from rich import control

_KEPT = {ord("\n"), ord("\t")}
_PICTURES, _DELETE, _DELETED, _UNKNOWN = 0x2400, 0x7F, 0x2421, 0xFFFD
# What turns the direction of the text after it: a price would read backwards.
_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
HARMLESS: dict[int, int] = {
    **{code: _PICTURES + code for code in range(0x20) if code not in _KEPT},
    _DELETE: _DELETED,
    **dict.fromkeys((*range(0x80, 0xA0), *_TURNING), _UNKNOWN),
}


def harmless(text: str) -> str:
    """Return a text with a visible picture (`␛`) for each character that steers a terminal."""
    return text.translate(HARMLESS)


class HarmlessStream(io.TextIOWrapper):
    """A terminal's stream for plain texts; Rich writes its own colours past it."""

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream
        stream.flush()
        super().__init__(
            cast("io.BufferedWriter", stream.buffer),
            encoding=stream.encoding,
            errors=stream.errors,
            write_through=True,
        )

    def write(self, text: str) -> int:
        """Write a text with nothing in it that steers."""
        super().write(harmless(text))
        return len(text)


def guard_terminal() -> None:
    """Keep the texts of this whole program harmless, once and at its start.

    Rich drops five control characters from every text that is shown: now it pictures all of them.
    What is not a terminal gets plain output unchanged, since a program reads it.
    """
    control._CONTROL_STRIP_TRANSLATE.update(HARMLESS)  # type: ignore[arg-type]  # noqa: SLF001
    if sys.stdout.isatty():
        sys.stdout = HarmlessStream(cast("TextIO", sys.stdout))
    if sys.stderr.isatty():
        sys.stderr = HarmlessStream(cast("TextIO", sys.stderr))
