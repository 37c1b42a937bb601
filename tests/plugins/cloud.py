"""The cloud's store for whoever asks: `any_units` in memory and in PostgreSQL, or `pg_units`."""

from collections.abc import Iterator
from datetime import time
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.fleet import NewDevice, NewStore
from cloud_broker.ports.unit import Units
from retail_core.wire.topics import shard_of
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id
from tests.fakes.cloud_units import FakeUnits

if TYPE_CHECKING:  # pytest itself imports the other plugins, after this one
    from tests.plugins.postgres import Database


@pytest.fixture
def pg_units(database: "Database") -> Iterator[PostgresUnits]:
    """Open the application's own store on a fresh database."""
    units = PostgresUnits(make_engine(database.url, connections=4))
    yield units
    units.close()


@pytest.fixture(scope="session")
def shared_pg_units(shared_database: "Database") -> Iterator[PostgresUnits]:
    """Open the application's own store on the database that many tests share."""
    units = PostgresUnits(make_engine(shared_database.url, connections=4))
    yield units
    units.close()


@pytest.fixture(
    params=[
        "memory",
        pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def any_units(request: pytest.FixtureRequest) -> Units:
    """Give the test each kind of store in turn."""
    if request.param == "memory":
        return FakeUnits()
    units: PostgresUnits = request.getfixturevalue("shared_pg_units")
    return units


def new_tenant(units: Units, slug: str = "") -> UUID:
    """Enter a tenant, by default with a short name nobody else has."""
    tenant = fresh_id()
    with units.begin(tenant) as unit:
        unit.fleet.add_tenant("熟客美妆", slug or f"t-{tenant}", WALL_MS)
    return tenant


def new_box(units: Units, tenant: UUID, name: str = "上海店", region_name: str = "华东") -> SimBox:
    """Enter a store with one box, and return the box."""
    box = SimBox(tenant)
    with units.begin(tenant) as unit:
        entity = unit.fleet.add_legal_entity(box.legal_entity, "总公司")
        region = unit.fleet.add_region(fresh_id(), region_name)
        unit.fleet.add_store(
            NewStore(
                store=box.store,
                legal_entity=entity,
                region=region,
                name=name,
                city="上海",
                zone="Asia/Shanghai",
                day_starts_at=time(4),
                shard=shard_of(box.store),
            ),
            WALL_MS,
        )
        unit.fleet.add_device(
            NewDevice(box.device, box.store, 1, token_hash(box), f"$7$1${box.device}$x"), WALL_MS
        )
    box.legal_entity = entity
    return box


def token_of(box: SimBox) -> str:
    """Return the token with which the box of `new_box` asks over HTTP."""
    return f"{box.tenant}.secret-of-{box.device}"


def second_box(units: Units, first: SimBox) -> SimBox:
    """Enter another box beside the first one of its store."""
    box = SimBox(first.tenant, first.store, legal_entity=first.legal_entity)
    with units.begin(first.tenant) as unit:
        slot = len(unit.fleet.devices_of([first.store])[first.store]) + 1
        hashed = f"$7$1${box.device}$x"
        unit.fleet.add_device(
            NewDevice(box.device, box.store, slot, token_hash(box), hashed), WALL_MS
        )
    return box


def token_hash(box: SimBox) -> bytes:
    """Return what the store keeps of it."""
    return sha256(token_of(box).encode()).digest()
