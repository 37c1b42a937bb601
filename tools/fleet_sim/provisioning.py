"""Stores by the thousand: the rows the product's provisioning writes, in one transaction.

`Provision.store` looks every store's name up and draws clerks' PINs for each; a fleet of five
thousand would take an hour. Rows and secrets here are made of the same parts.
"""

import random
import secrets
from dataclasses import dataclass
from datetime import time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_broker.adapters.mosquitto_files import hash_password
from cloud_broker.ports.fleet import NewDevice, NewStore
from cloud_broker.ports.unit import Unit
from cloud_broker.services.fleet.provision import BROKER_SALT_BYTES, FIRST_SLOT, TOKEN_BYTES
from retail_core.wire.topics import shard_of
from tools.fleet_sim.box import ZONE
from tools.fleet_sim.cloud import Cloud
from tools.fleet_sim.spec import Fleet, MemberSpec, StoreSpec, part_of

REGION, ENTITY = "华东", "总公司"
DAY_STARTS_AT = time(4)
CHUNK = 5_000
# A store keeps about fifteen files and sockets open; a process may open twenty thousand.
STORES_A_PART = 1_200


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a fleet: each store enrols `members`, `others` more stores hold each of them.

    Those are stores of the same process, so that one clock sees both ends.
    """

    stores: int = 20
    members: int = 4
    others: int = 2
    seed: int = 1
    parts: int = 0
    apart: int = 0

    @property
    def processes(self) -> int:
        """How many processes carry the stores."""
        return self.parts or max(1, -(-self.stores // STORES_A_PART))

    def part_of(self, number: int) -> int:
        """Return which process carries a store."""
        return part_of(number, self.processes, self.apart)

    def parts_with(self, every: int) -> list[int]:
        """Return which processes carry some of every n-th store."""
        return sorted({self.part_of(number) for number in range(0, self.stores, every)})


def provision(cloud: Cloud, folder: Path, plan: Plan) -> Fleet:
    """Enter stores with boxes; return what their boxes are told."""
    office, tenant = cloud.office, cloud.tenant
    made = _Made(cloud, tenant, office.clock.now_ms(), plan.members)
    with office.units.begin(tenant) as unit:
        entity = unit.fleet.add_legal_entity(office.ids.uuid7(), ENTITY)
        region = unit.fleet.add_region(office.ids.uuid7(), REGION)
        specs = [made.store(unit, number, (entity, region)) for number in range(plan.stores)]
    draw = random.Random(plan.seed)  # noqa: S311 -- a seeded run
    placed = visiting(specs, plan, draw)
    signer = Ed25519PrivateKey.from_private_bytes(office.keys.keys(tenant).bundle_seed)
    return Fleet(
        tenant=tenant,
        legal_entity=entity,
        bundle_public_key=signer.public_key().public_bytes_raw(),
        storage_key=secrets.token_bytes(TOKEN_BYTES),
        url=cloud.url,
        broker_host=cloud.host,
        broker_port=cloud.broker_port,
        seed=plan.seed,
        apart=plan.apart,
        stores=placed,
        catalogue=str(_document(cloud, folder, "catalogue")),
        bundle=str(_document(cloud, folder, "bundle")),
    )


def show_interest(cloud: Cloud, fleet: Fleet) -> int:
    """Let the stores hold the members who visit them, once those are enrolled."""
    office = cloud.office
    pairs = [(spec.store, one.member) for spec in fleet.stores for one in spec.visitors]
    for first in range(0, len(pairs), CHUNK):
        with office.units.begin(fleet.tenant) as unit:
            unit.members.add_interests(pairs[first : first + CHUNK], office.clock.now_ms())
    return len(pairs)


def visiting(specs: list[StoreSpec], plan: Plan, draw: random.Random) -> tuple[StoreSpec, ...]:
    """Draw for each member the other stores that hold her, among those of the same process."""
    visitors: dict[int, list[MemberSpec]] = {spec.number: [] for spec in specs}
    together: dict[int, list[int]] = {}
    for spec in specs:
        together.setdefault(plan.part_of(spec.number), []).append(spec.number)
    for spec in specs:
        near = [one for one in together[plan.part_of(spec.number)] if one != spec.number]
        for member in spec.members:
            for number in draw.sample(near, min(plan.others, len(near))):
                visitors[number].append(member)
    return tuple(
        msgspec.structs.replace(spec, visitors=tuple(visitors[spec.number])) for spec in specs
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """Enters one store after the other."""

    cloud: Cloud
    tenant: UUID
    now: int
    members: int

    def store(self, unit: Unit, number: int, where: tuple[UUID, UUID]) -> StoreSpec:
        """Enter a store and its box; return what the box is told. `where`: (entity, region)."""
        ids = self.cloud.office.ids
        first = number * self.members
        spec = StoreSpec(
            number=number,
            store=ids.uuid7(),
            device=ids.uuid7(),
            name=f"仿真店 {number:05d}",
            region=REGION,
            token=f"{self.tenant}.{secrets.token_urlsafe(TOKEN_BYTES)}",
            broker_password=secrets.token_urlsafe(TOKEN_BYTES),
            members=tuple(
                MemberSpec(ids.uuid7(), ids.uuid7(), first + nth) for nth in range(self.members)
            ),
        )
        store = NewStore(
            store=spec.store,
            legal_entity=where[0],
            region=where[1],
            name=spec.name,
            city="上海",
            zone=ZONE,
            day_starts_at=DAY_STARTS_AT,
            shard=shard_of(spec.store),
        )
        unit.fleet.add_store(store, self.now)
        device = NewDevice(
            device=spec.device,
            store=spec.store,
            slot=FIRST_SLOT,
            token_hash=sha256(spec.token.encode()).digest(),
            broker_hash=hash_password(spec.broker_password, ids.random_bytes(BROKER_SALT_BYTES)),
        )
        unit.fleet.add_device(device, self.now)
        return spec


def _document(cloud: Cloud, folder: Path, kind: str) -> Path:
    with cloud.office.units.begin(cloud.tenant) as unit:
        newest = unit.catalogue.newest(kind)
        content = None if newest is None else unit.catalogue.content(kind, newest.version)
    path = folder / f"{kind}.bin"
    path.write_bytes(content or b"")
    return path
