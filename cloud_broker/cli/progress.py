"""How far a long command is, on the error stream."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from cloud_broker.cli.common import err


class Bar:
    """Shows on the error stream what is at work and how far it is."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("…", total=None)

    def bytes(self, done: int, whole: int) -> None:
        """Show how much of a file is read."""
        self.share("read", done, whole)

    def share(self, what: str, done: int, whole: int) -> None:
        """Show how much of some work is done."""
        self._bar.update(self._task, description=what, completed=done, total=whole)

    def step(self, what: str) -> None:
        """Show what is worked out now."""
        self._bar.update(self._task, description=what, completed=0, total=None)


@contextmanager
def progress() -> Iterator[Bar]:
    """Show a bar while something works; nothing where nobody looks."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    hidden = not sys.stderr.isatty()
    with Progress(*columns, console=err, disable=hidden, transient=True) as bar:
        yield Bar(bar)
