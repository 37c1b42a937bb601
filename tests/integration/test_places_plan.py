"""Where a batch's boxes stand is looked up box by box, however many stores a chain has."""

import json
from uuid import uuid4

import psycopg

from cloud_broker.adapters.postgres.fleet import PLACES
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from tests.plugins.postgres import Database
from tools.bench.ingest_frames import open_shops

STORES, ASKED = 60, 3


def looked_at(node: dict[str, object]) -> float:
    """Return how many rows a plan's scans went over, those passed over among them."""
    below = node.get("Plans", [])
    assert isinstance(below, list)
    own = 0.0
    if str(node["Node Type"]).endswith("Scan"):
        rows = [float(str(node.get(key, 0))) for key in ("Actual Rows", "Rows Removed by Filter")]
        own = sum(rows) * float(str(node["Actual Loops"]))
    return own + sum(map(looked_at, below))


def test_no_store_is_compared_with_every_box(database: Database, pg_units: PostgresUnits) -> None:
    tenant, entity = uuid4(), uuid4()
    shops = open_shops(pg_units, tenant, entity, STORES)
    with psycopg.connect(database.super_dsn, autocommit=True) as owner:
        owner.execute("analyze store, device")
    asked = [shop.device for shop in shops[:ASKED]]
    statement = (PLACES + "d.device_id = any(%(devices)b)").replace(")b", ")s")
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant),))
        connection.execute("set local plan_cache_mode = force_generic_plan")
        values = {"tenant": tenant, "devices": asked}
        assert len(connection.execute(statement, values).fetchall()) == ASKED
        row = connection.execute(f"explain (analyze, format json) {statement}", values).fetchone()
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    # All boxes once and all stores once a box at worst; not all boxes for each store.
    assert looked_at(plan[0]["Plan"]) <= STORES * (1 + ASKED)
