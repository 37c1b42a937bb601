"""A lost database, a restored one, and boxes that tell it what it has lost: the rig, small."""

from collections.abc import Callable
from pathlib import Path

import psycopg

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from tests.fakes.cloud_line import account
from tests.plugins.cloud import new_tenant
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tests.plugins.postgres import Database as Made
from tools.restore_rig.cloud import Cloud
from tools.restore_rig.play import Database, Play, Verdict, shops

NewDatabase = Callable[[], Made]
STORES, ROUNDS = 3, 12


def played(
    new_database: NewDatabase, broker_of: Callable[..., Broker], folder: Path, *, epoch: bool
) -> Verdict:
    def made() -> Database:
        one = new_database()

        def drop() -> None:
            admin = psycopg.conninfo.make_conninfo(one.super_dsn, dbname="postgres")
            with psycopg.connect(admin, autocommit=True) as connection:
                connection.execute(f'drop database "{one.name}" with (force)')

        return Database(one.url, one.owner_url, drop)

    first = made()
    units = PostgresUnits(make_engine(first.url, connections=6))
    tenant = new_tenant(units)
    sims = shops(units, tenant, STORES)
    broker = broker_of([account(sim) for sim in sims])
    cloud = Cloud(tenant, broker.host, broker.port, INGEST_PASSWORD, units)
    try:
        return Play(folder, cloud, sims, (first, made), 7).run(ROUNDS, raises_epoch=epoch)
    finally:
        cloud.units.close()


def test_nothing_is_lost_doubled_or_overspent(
    new_database: NewDatabase, mosquitto: Callable[..., Broker], tmp_path: Path
) -> None:
    verdict = played(new_database, mosquitto, tmp_path, epoch=True)
    assert verdict.bad == ()
    assert verdict.figures["receipts_after_backup"] > ROUNDS
