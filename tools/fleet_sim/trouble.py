"""What a scenario does to stores inside one process: lines, clocks, cards."""

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retail_core.clock import TimeQuality
from tools.fleet_sim.box import JOURNAL, Box
from tools.fleet_sim.loop_link import Trouble

if TYPE_CHECKING:  # the worker calls us
    from tools.fleet_sim.worker import Worker

Order = dict[str, Any]
KEPT = ".kept"


async def do(worker: "Worker", order: Order) -> Order:
    """Do one fault to a share of this process's stores."""
    kind = str(order["kind"])
    if kind == "clock":
        worker.clock.jump_ms += int(order.get("jump_s", 0)) * 1_000
        worker.clock.quality = TimeQuality.UNKNOWN if order.get("unknown") else None
        return {}
    act = ACTS.get(kind)
    if act is None:
        return {"error": f"unknown fault {kind}"}
    boxes = [box for box in worker.boxes.values() if kind != ROLL_BACK or _has_copy(box)]
    count = min(len(boxes), max(1, int(len(boxes) * float(order.get("share", 1)))))
    chosen = worker.draw.sample(boxes, count)
    for box in chosen:
        act(box, order)
        await asyncio.sleep(0)
    return {"stores": len(chosen), "numbers": [box.spec.number for box in chosen]}


def _cut(box: Box, order: Order) -> None:
    box.link.cut(float(order["seconds"]))


def _half_open(box: Box, order: Order) -> None:
    box.link.go_deaf(deaf=True)
    box.world.lines.loop.call_later(float(order["seconds"]), partial(box.link.go_deaf, deaf=False))


def _twice(box: Box, order: Order) -> None:
    box.link.trouble.twice = int(order["permille"])


def _swapped(box: Box, order: Order) -> None:
    box.link.trouble.swapped = int(order["permille"])


def _mend(box: Box, _order: Order) -> None:
    box.link.trouble = Trouble()


def _keep_card(box: Box, _order: Order) -> None:
    """Copy the journal's file as a card image taken now would have it."""
    box.journal.file.forget_log()
    shutil.copyfile(box.folder / JOURNAL, box.folder / (JOURNAL + KEPT))


def _roll_back(box: Box, _order: Order) -> None:
    box.restart(put_back)


def _restart(box: Box, _order: Order) -> None:
    box.restart()


def _has_copy(box: Box) -> bool:
    return (box.folder / (JOURNAL + KEPT)).exists()


ROLL_BACK = "roll-back"
ACTS: dict[str, Callable[[Box, Order], None]] = {
    "cut": _cut,
    "half-open": _half_open,
    "twice": _twice,
    "swapped": _swapped,
    "mend": _mend,
    "keep-card": _keep_card,
    ROLL_BACK: _roll_back,
    "restart": _restart,
}


def put_back(folder: Path) -> None:
    """Set the card back to the copy taken earlier."""
    for end in ("-wal", "-shm"):
        (folder / (JOURNAL + end)).unlink(missing_ok=True)
    shutil.copyfile(folder / (JOURNAL + KEPT), folder / JOURNAL)
