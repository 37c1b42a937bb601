"""`make verify-identity`: being one person and two again, on the real service and PostgreSQL.

`--seed N` plays one history again and tells where it differs.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from cloud_broker.bootstrap.office import build_office
from cloud_broker.migrations.runner import upgrade
from cloud_broker.settings import Settings
from tools import embedded_pg
from tools.verify_identity.play import Outcome, play

HISTORIES = 1_000
STEPS = 24


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when a history ended otherwise than without its merges."""
    asked = _parser().parse_args(arguments)
    console = Console(highlight=False, stderr=True)
    seeds = [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.n)
    base = Path(tempfile.mkdtemp(prefix="regulars-identity-"))
    base.chmod(0o755)
    began, outcomes = time.perf_counter(), []
    try:
        server = embedded_pg.start(base)
        upgrade(server.owner_url)
        office = build_office(Settings(database_url=server.app_url, secrets_dir=base / "keys"))
        for seed in track(seeds, "identity", console=console, transient=True):
            if asked.minutes and time.perf_counter() - began > asked.minutes * 60:
                break
            outcomes.append(play(office, seed, asked.steps))
        office.close()
    finally:
        embedded_pg.destroy(base)
        shutil.rmtree(base, ignore_errors=True)
    return _tell(outcomes, time.perf_counter() - began, asked.out)


def _tell(outcomes: Sequence[Outcome], seconds: float, out: Path | None) -> int:
    failed = [one for one in outcomes if one.other]
    said = {
        "histories": len(outcomes),
        "steps": sum(one.steps for one in outcomes),
        "merges": sum(one.merges for one in outcomes),
        "different": len(failed),
        "seeds": [one.seed for one in failed[:20]],
        "seconds": round(seconds, 1),
    }
    for one in failed[:3]:
        for name, merged, never in one.other:
            print(f"seed {one.seed} {name}: {merged} and not {never}", file=sys.stderr)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(said))
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verify-identity", description=__doc__)
    parser.add_argument("--histories", dest="n", type=int, default=HISTORIES)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many")
    parser.add_argument("--out", type=Path, default=None)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
