"""Millions of members, loaded once and kept; whoever measures beside them begins with a copy.

`python -m tools.bench.sync_crowd --members 10000000` makes them beforehand. They are of one tenant,
at home in stores that no run opens: a chain has more stores than the thousand that are simulated.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from psycopg.conninfo import make_conninfo

from cloud_broker.migrations.runner import upgrade
from tools import bulk_members, embedded_pg
from tools.bench.report import ROOT
from tools.pg_account import choose_places

TENANT = UUID("01a00000-0000-7ccc-8000-000000000001")
STORES = 1_000
# Rows, indexes and their log, once here and once in the copy.
BYTES_EACH, SPARE_BYTES = 1_500, 8_000_000_000


def home_of(number: int) -> UUID:
    """Return the store of that number in which members of the crowd are at home."""
    return UUID(int=TENANT.int + 1 + number)


def kept(members: int) -> Path:
    """Return the base folder of a stopped server that holds so many; they are loaded when not.

    Raises RuntimeError in words when the disk has no room for them.
    """
    base = ROOT / "var" / f"bench-crowd-{members}"
    done = base / "loaded"
    if done.exists():
        return base
    base.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(base).free
    if free < 2 * members * BYTES_EACH + SPARE_BYTES:
        raise RuntimeError(
            f"盘上只剩 {free / 1e9:.0f} GB only {free / 1e9:.0f} GB of disk are left"
        )
    embedded_pg.destroy(base)
    server = embedded_pg.start(base)
    try:
        upgrade(server.owner_url)
        dsn = make_conninfo(server.super_dsn, dbname=embedded_pg.DATABASE)
        bulk_members.load(dsn, TENANT, [home_of(n) for n in range(STORES)], members)
    finally:
        embedded_pg.stop(base)
    done.touch()
    return base


def copy(source: Path, base: Path) -> None:
    """Put a copy of a stopped server's files where `embedded_pg.start(base)` looks for them."""
    base.mkdir(parents=True, exist_ok=True)
    before, after = choose_places(source.resolve()), choose_places(base.resolve())
    shutil.copy2(source / "secrets.toml", base / "secrets.toml")
    subprocess.run(
        ["cp", "-a", "--reflink=auto", str(before.data), str(after.data)], check=True, cwd="/"
    )


def main() -> int:
    """Load them and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=10_000_000)
    asked = parser.parse_args()
    began = time.monotonic()
    base = kept(asked.members)
    took = time.monotonic() - began
    sys.stdout.write(f"{asked.members:,} members in {base}: {took:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
