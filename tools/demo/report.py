"""What the demo prints and writes: one line a step, a table at the end, `var/demo.json`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

STEPS = (
    "boxes",
    "enrol",
    "face",
    "qr",
    "nfc",
    "sell_http",
    "sell_escpos",
    "cross_store",
    "cut_kill",
    "reconcile",
    "hq_page",
)


@dataclass(slots=True)
class Step:
    """One step: `ms` is the figure the step is about, not the time the demo took to stage it."""

    name: str
    ok: bool = False
    ms: float = 0.0
    detail: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the step as it is written to disk."""
        return {"name": self.name, "ok": self.ok, "ms": round(self.ms, 2), **self.detail}


class Report:
    """Prints while the story runs and remembers every step."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[Step]:
        """Run one step: its exception makes it fail, and the story stops there."""
        step = Step(name)
        self.steps.append(step)
        started = time.monotonic()
        with self.console.status(f"[bold]{title}"):
            try:
                yield step
            except BaseException as error:
                step.ok = False
                step.detail["error"] = f"{type(error).__name__}: {error}"
                self.console.print(f"[red]✗[/] {title}: {step.detail['error']}", highlight=False)
                raise
        took = time.monotonic() - started
        mark = "[green]✓[/]" if step.ok else "[red]✗[/]"
        self.console.print(
            f"{mark} {title} [bold]{step.ms:.1f} ms[/] [dim]({took:.1f} s)[/]",
            highlight=False,
            soft_wrap=True,
        )

    def note(self, text: str) -> None:
        """Print an indented line under the present step."""
        self.console.print(f"    {text}", highlight=False, soft_wrap=True)

    def all_held(self) -> bool:
        """Return whether every step of the story was played and held."""
        held = {step.name for step in self.steps if step.ok}
        return held.issuperset(STEPS) and all(step.ok for step in self.steps)

    def summary(self, path: Path) -> None:
        """Print the table and write the JSON: one object a step."""
        table = Table(title="Regulars · 熟客")
        table.add_column("步骤 step")
        table.add_column("结果 ok")
        table.add_column("毫秒 ms", justify="right")
        for step in self.steps:
            table.add_row(step.name, "✓" if step.ok else "✗", f"{step.ms:.1f}")
        self.console.print(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = [step.as_json() for step in self.steps]
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        self.console.print(f"→ {path}")
