"""`make test-restore`: the story at any size, and the control arm that has to fail.

`python -m tools.restore_rig --stores 8 --rounds 400 --runs 3`
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.migrations.runner import upgrade
from tests.fakes.cloud_line import account
from tests.plugins.cloud import new_tenant
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tools import embedded_pg
from tools.bench.report import machine
from tools.restore_rig.cloud import Cloud
from tools.restore_rig.play import Database, Play, Verdict, shops


class Server:
    """One PostgreSQL for all runs; every database is a copy of the migrated one."""

    def __init__(self, base: Path) -> None:
        self._server = embedded_pg.start(base)
        upgrade(self._server.owner_url)
        self._numbers = count(1)

    def make(self) -> Database:
        """Return a fresh database."""
        name = f"rig{next(self._numbers)}"
        self._admin(
            sql.SQL("create database {} template {} owner {}").format(
                sql.Identifier(name),
                sql.Identifier(embedded_pg.DATABASE),
                sql.Identifier(embedded_pg.OWNER_ROLE),
            )
        )
        ending = f"/{embedded_pg.DATABASE}"
        dropped = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
        return Database(
            self._server.app_url.removesuffix(ending) + f"/{name}",
            self._server.owner_url.removesuffix(ending) + f"/{name}",
            lambda: self._admin(dropped),
        )

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._server.super_dsn, autocommit=True) as connection:
            connection.execute(statement)


def play(
    server: Server, folder: Path, asked: argparse.Namespace, seed: int, *, epoch: bool
) -> Verdict:
    """Play the story once."""
    folder.mkdir(parents=True)
    first = server.make()
    units = PostgresUnits(make_engine(first.url, connections=6))
    tenant = new_tenant(units)
    sims = shops(units, tenant, asked.stores)
    (folder / "broker").mkdir()
    broker = Broker(folder / "broker", [account(sim) for sim in sims])
    broker.start()
    cloud = Cloud(tenant, broker.host, broker.port, INGEST_PASSWORD, units)
    try:
        told = Play(folder, cloud, sims, (first, server.make), seed)
        return told.run(asked.rounds, raises_epoch=epoch)
    finally:
        cloud.units.close()
        broker.stop()


def main() -> int:
    """Play it, and the control arm once; 0 when all held and the control arm did not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="regulars-restore-"))
    base.chmod(0o755)
    try:
        server = Server(base / "pg")
        verdicts = [
            play(server, base / f"run{seed}", asked, seed, epoch=True) for seed in range(asked.runs)
        ]
        control = play(server, base / "control", asked, 0, epoch=False)
    finally:
        embedded_pg.destroy(base / "pg")
        shutil.rmtree(base, ignore_errors=True)
    told = {
        "machine": machine(),
        "load1": round(os.getloadavg()[0], 2),
        "stores": asked.stores,
        "runs": [{"bad": list(one.bad), **one.figures} for one in verdicts],
        "control": list(control.bad),
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(told))
    return int(any(one.bad for one in verdicts) or not control.bad)


if __name__ == "__main__":
    sys.exit(main())
