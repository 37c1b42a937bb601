"""What goes wrong, and when: a TOML file, the same for the same seed.

name = "…"
seed = 7
control = ""            # "puback": boxes that delete at PUBACK, which must be found out

[[step]]
at_s = 5.0
do = "kill"             # broker | ingest | api | database | stores
what = "broker"
back_s = 1.5

[[step]]
at_s = 8.0
do = "stores"           # one of the faults of trouble.py, to a share of the stores
kind = "cut"
share = 0.3
seconds = 3.0

[[step]]
at_s = 9.0
do = "release"          # sent to all boxes and waited for
kind = "bad"            # breaks at each sale; else "good"
seconds = 60.0
"""

import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from tools.fleet_sim.run import Run

FOLDER = Path(__file__).parent / "scenarios"
BACK_S = 1.0


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that happens."""

    at_s: float
    do: Literal["kill", "stores", "wan", "stop", "disk", "release"]
    what: str = ""
    back_s: float = BACK_S
    kind: str = ""
    share: float = 1.0
    seconds: float = 1.0
    permille: int = 100
    jump_s: int = 0
    unknown: bool = False
    part: int = 0
    say: str = ""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named list of steps."""

    name: str
    seed: int = 1
    control: Literal["", "puback"] = ""
    fsync_ms: float = 0
    disk_mb: int = 0
    step: tuple[Step, ...] = ()


CALM = Scenario("calm")


def load(name: str) -> Scenario:
    """Read a file, or one of the ready ones by its name."""
    path = Path(name)
    if not path.suffix:
        path = FOLDER / f"{name}.toml"
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scenario)


def sell(
    run: Run, rate: float, seconds: float, story: Scenario, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Sell at a rate while the story happens; return what happened when."""
    run.begin_selling(rate, seconds)
    began = time.monotonic()
    happened = []
    for step in sorted(story.step, key=lambda one: one.at_s):
        time.sleep(max(0.0, began + step.at_s - time.monotonic()))
        at_s = round(time.monotonic() - began, 2)
        what = f"{step.do} {step.what or step.kind}"
        say(f"{at_s:6.2f} s  {what}")
        left_s = max(0.0, seconds - at_s)
        act = _sent_out if step.do == "release" else _happens
        happened.append({"at_s": at_s, "what": what, **act(run, step, rate, left_s)})
    run.crew.tell("sold")
    return happened


def _sent_out(run: Run, step: Step, _rate: float, _left_s: float) -> dict[str, Any]:
    return run.send_out(bad=step.kind == "bad", within_s=step.seconds)


def _happens(run: Run, step: Step, rate: float, left_s: float) -> dict[str, Any]:
    match step.do, step.what:
        case "kill", "stores":
            _kill_stores(run, step, rate, left_s)
        case "kill", _:
            run.cloud.kill(step.what)
            time.sleep(step.back_s)
            run.cloud.start_again(step.what)
        case "stop", _:
            run.cloud.pause(step.what, step.seconds)
        case "disk", _:
            return {"filled_bytes": run.fill_disk(step.seconds)}
        case "stores", _:
            return _to_stores(run, step)
        case "wan", _ if run.wan is None:
            return {"skipped": "no WAN emulator in this run: --wan"}
        case "wan", _ if run.wan is not None:
            run.wan.say(step.say)
    return {}


def _to_stores(run: Run, step: Step) -> dict[str, Any]:
    plain = {name: value for name, value in msgspec.to_builtins(step).items() if name != "do"}
    answers = run.crew.tell("fault", **plain)
    return {"stores": sum(int(one.get("stores", 0)) for one in answers)}


def _kill_stores(run: Run, step: Step, rate: float, left_s: float) -> None:
    """Cut the power of all boxes of one process; they come back and sell on."""
    parts = [step.part % run.crew.parts]
    run.crew.kill(parts[0])
    time.sleep(step.back_s)
    run.crew.start_again(parts[0])
    run.crew.tell("open", parts)
    run.crew.tell("begin", parts)
    run.crew.tell("sell", parts, rate=rate / run.crew.parts, seconds=left_s, fresh=False, every=1)
