"""`make verify-kills`, `make verify-cuts`: a real chain of shops in bad weather, then reckoned.

`--control sent|highest` puts a tempting shortcut into the boxes or the cloud; then the reckoning
must find sales lost, or the rig proves nothing.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from tools.kill_rig.control import CONTROLS
from tools.kill_rig.pieces import Pieces
from tools.kill_rig.reckon import Verdict, reckon
from tools.kill_rig.site import Site
from tools.kill_rig.storm import Storm, Weather

SHOPS = 4
ROUND = 100
SECONDS_A_MINUTE = 60.0
EXIT_NOT_HELD = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 when it held, or, of a control arm, when it did not."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    console = Console(highlight=False)
    pieces = Pieces(asked.out, asked.control, resume=asked.resume)
    seed = asked.seed + len(pieces)
    folder = Path(tempfile.mkdtemp(prefix="regulars-rig-"))
    folder.chmod(0o755)
    with ExitStack() as ends:
        if not asked.keep:
            ends.callback(shutil.rmtree, folder, ignore_errors=True)
        site = Site(folder, seed, asked.control)
        ends.callback(site.close)
        with console.status("database, broker, cloud, boxes"):
            site.build(asked.shops)
        rng = Random(seed)  # noqa: S311 -- a rig repeats itself as far as processes let it
        run = Run(site, pieces, asked, console)
        for storm, wanted in ((Storm(site, rng), asked.kills), (Weather(site, rng), asked.cuts)):
            if run.verdict.ok:
                run.through(storm, wanted - pieces.done(storm.what))
    told = run.told()
    console.print_json(json.dumps(told, ensure_ascii=False))
    return 0 if told["held"] else EXIT_NOT_HELD


def _interrupted(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


@dataclass(slots=True)
class Run:
    """One piece: a site taken through its storms; `parts` is what each came to."""

    site: Site
    pieces: Pieces
    asked: argparse.Namespace
    console: Console
    parts: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)

    def told(self) -> dict[str, Any]:
        """Write the report and return it; `held` is what was hoped for."""
        held = self.verdict.ok != bool(self.asked.control)
        return self.pieces.with_this(self.parts | self.verdict.told_as() | {"held": held})

    def through(self, storm: Storm | Weather, wanted: int) -> None:
        """Let it blow in rounds, each followed by a calm and a reckoning."""
        began = time.monotonic()
        until = began + self.asked.minutes * SECONDS_A_MINUTE
        rounds, longest_s = 0, 0.0
        while storm.total() < wanted and time.monotonic() < until and self.verdict.ok:
            self._blow(storm, min(wanted, storm.total() + self.asked.round), until)
            calm = time.monotonic()
            self.verdict = reckon(self.site)
            calm_s = time.monotonic() - calm
            longest_s, rounds = max(longest_s, calm_s), rounds + 1
            self.parts[storm.what] = storm.told_as() | {
                "rounds": rounds,
                "seconds": round(time.monotonic() - began, 1),
                "longest_calm_s": round(longest_s, 1),
                "asked_again": sum(shop.till.repeated for shop in self.site.shops),
                "unanswered": sum(shop.till.unanswered for shop in self.site.shops),
            }
            self._say(storm, calm_s, self.told())

    def _blow(self, storm: Storm | Weather, total: int, until: float) -> None:
        for shop in self.site.shops:
            shop.till.start()
        storm.blow(total, until)
        self.site.keep()
        for shop in self.site.shops:
            shop.till.stop()

    def _say(self, storm: Storm | Weather, calm_s: float, told: dict[str, Any]) -> None:
        wanted = {"kills": self.asked.kills, "cuts": self.asked.cuts}[storm.what]
        self.console.print(
            f"{storm.what} {told[storm.what]['count']} of {wanted} · {told['told']} sales told ·"
            f" {told['lost']} lost · {told['doubled']} doubled ·"
            f" {told['negative_balances']} negative · calm after {calm_s:.1f} s"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kill_rig", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="how many processes to kill")
    parser.add_argument("--cuts", type=int, default=0, help="how many times to cut a line")
    parser.add_argument("--round", type=int, default=ROUND, help="so many, then a reckoning")
    parser.add_argument("--shops", type=int, default=SHOPS)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop a storm after this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", choices=sorted(CONTROLS), default="", help="must fail")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    parser.add_argument("--out", type=Path, help="the verdict as a JSON file")
    parser.add_argument("--resume", action="store_true", help="go on from what --out holds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
