"""What is said of data that is not there."""

from pathlib import Path

from tools.bench.report import Row


def absent(name: str, unit: str, bar: float, path: Path) -> Row:
    """Return the row of a figure that could not be measured."""
    return Row(name, None, unit, bar, why=f"no {path.name} under {path.parent.name}/")
