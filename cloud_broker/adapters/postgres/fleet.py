"""Tenants, stores and boxes in PostgreSQL."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.fleet import (
    BrokerAccount,
    DeviceState,
    NewDevice,
    NewOperator,
    NewStore,
    NewTill,
)
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

# From the boxes to their stores and never the other way: the row rules let the planner take the
# whole chain for one store, and a batch then compared every store with every box.
_PLACES_EVER = """
select d.device_id, s.store_id, s.legal_entity_id, s.shard, s.zone, s.day_starts_at
from device d cross join lateral (
  select w.store_id, w.legal_entity_id, w.shard, w.zone, w.day_starts_at from store w
  where w.tenant_id = d.tenant_id and w.store_id = d.store_id offset 0) s
where d.tenant_id = %(tenant)s and
"""
PLACES = _PLACES_EVER + " d.retired_at is null and "

# A will comes late when the box was faster to return than the broker to notice that it had gone.
# A retained presence is what the broker remembers; it is no sign of life.
_SAVE_STATES = """
insert into device_state as held (
  tenant_id, device_id, store_id, state, boot_id, wall_ms, software, epoch, outbox_depth, feed_pos,
  can_sell, devices, faults, vitals, last_seen_at, changed_at, session_id, on_purpose)
select %(tenant)s, n.device_id, n.store_id, n.state, n.boot_id, n.wall_ms, n.software, n.epoch,
  n.outbox_depth, n.feed_pos, n.can_sell, n.devices::jsonb, n.faults::jsonb,
  n.vitals::jsonb, n.seen_at, n.seen_at, n.session_id, n.on_purpose
from unnest(
  %(device)b::uuid[], %(store)b::uuid[], %(state)b::text[], %(boot)b::uuid[], %(wall)b::bigint[],
  %(software)b::text[], %(epoch)b::bigint[], %(depth)b::bigint[], %(pos)b::bigint[],
  %(sells)b::boolean[], %(devices)b::text[], %(faults)b::text[], %(vitals)b::text[],
  %(seen)b::timestamptz[], %(session)b::uuid[], %(purpose)b::boolean[]
) as n(device_id, store_id, state, boot_id, wall_ms, software, epoch, outbox_depth, feed_pos,
  can_sell, devices, faults, vitals, seen_at, session_id, on_purpose)
order by n.device_id
on conflict (tenant_id, device_id) do update set
  store_id = excluded.store_id,
  state = excluded.state,
  boot_id = excluded.boot_id,
  wall_ms = case when excluded.state = 'gone' then held.wall_ms else excluded.wall_ms end,
  software = case when excluded.state = 'gone' then held.software else excluded.software end,
  epoch = case when excluded.state = 'gone' then held.epoch else excluded.epoch end,
  outbox_depth =
    case when excluded.state = 'gone' then held.outbox_depth else excluded.outbox_depth end,
  feed_pos = case when excluded.state = 'gone' then held.feed_pos else excluded.feed_pos end,
  can_sell = excluded.can_sell,
  devices = case when excluded.state = 'gone' then held.devices else excluded.devices end,
  faults = case when excluded.state = 'gone' then held.faults else excluded.faults end,
  vitals = case when excluded.state = 'gone' then held.vitals else excluded.vitals end,
  last_seen_at = case
    when excluded.state = 'gone' or excluded.device_id = any(%(asleep)b::uuid[])
    then held.last_seen_at else excluded.last_seen_at end,
  changed_at = case when held.state is distinct from excluded.state
    then excluded.changed_at else held.changed_at end,
  session_id = excluded.session_id,
  on_purpose = excluded.on_purpose
where excluded.state <> 'gone' or (held.boot_id = excluded.boot_id
  and coalesce(held.session_id = excluded.session_id, true))
returning store_id
"""


class PostgresFleet(Repository):
    """Fulfils `FleetRepo`."""

    def add_tenant(self, name: str, slug: str, now_ms: int) -> None:
        """Enter the tenant of this transaction."""
        self._run(
            "insert into tenant values (%(tenant)s, %(name)s, %(now)s)", name=name, now=at(now_ms)
        )
        self._run("insert into tenant_slug values (%(tenant)s, %(slug)s)", slug=slug)

    def add_legal_entity(self, legal_entity: UUID, name: str) -> UUID:
        """Enter a legal entity and return its id; one with the same name is returned instead."""
        known = self._row(
            "select legal_entity_id as id from legal_entity"
            " where tenant_id = %(tenant)s and name = %(name)s",
            name=name,
        )
        if known is not None:
            return _id(known)
        self._run(
            "insert into legal_entity values (%(tenant)s, %(id)s, %(name)s)",
            id=legal_entity,
            name=name,
        )
        return legal_entity

    def add_region(self, region: UUID, name: str) -> UUID:
        """Enter a region and return its id; one with the same name is returned instead."""
        known = self._row(
            "select region_id as id from region where tenant_id = %(tenant)s and name = %(name)s",
            name=name,
        )
        if known is not None:
            return _id(known)
        self._run(
            "insert into region values (%(tenant)s, %(id)s, null, %(name)s)", id=region, name=name
        )
        return region

    def add_store(self, store: NewStore, now_ms: int) -> None:
        """Enter a store with an empty feed; Fault API_BODY_INVALID when the name is taken."""
        added = self._run(
            "insert into store values (%(tenant)s, %(store)s, %(entity)s, %(region)s, %(name)s,"
            " %(city)s, %(zone)s, %(starts)s, %(shard)s, %(now)s, null)"
            " on conflict (tenant_id, name) do nothing",
            store=store.store,
            entity=store.legal_entity,
            region=store.region,
            name=store.name,
            city=store.city,
            zone=store.zone,
            starts=store.day_starts_at,
            shard=store.shard,
            now=at(now_ms),
        )
        if not added:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"store name {store.name} is taken")
        self._run(
            "insert into store_feed (tenant_id, store_id, feed_epoch) values"
            " (%(tenant)s, %(store)s, 1)",
            store=store.store,
        )

    def add_device(self, device: NewDevice, now_ms: int) -> None:
        """Enter a box; whoever was in its slot is retired."""
        self._run(
            "update device set retired_at = %(now)s where tenant_id = %(tenant)s"
            " and store_id = %(store)s and slot = %(slot)s and retired_at is null",
            store=device.store,
            slot=device.slot,
            now=at(now_ms),
        )
        self._run(
            "insert into device values (%(tenant)s, %(device)s, %(store)s, %(slot)s, %(token)s,"
            " %(broker)s, %(now)s, null)",
            device=device.device,
            store=device.store,
            slot=device.slot,
            token=device.token_hash,
            broker=device.broker_hash,
            now=at(now_ms),
        )

    def add_till(self, till: NewTill, now_ms: int) -> None:
        """Enter a till."""
        self._run(
            "insert into till values (%(tenant)s, %(till)s, %(store)s, %(name)s, %(kind)s,"
            " %(profile)s, %(now)s, %(port)s, %(printer)s)",
            till=till.till,
            store=till.store,
            name=till.name,
            kind=till.kind,
            profile=till.profile,
            port=till.port,
            printer=till.printer,
            now=at(now_ms),
        )

    def add_operator(self, operator: NewOperator, now_ms: int) -> None:
        """Enter a person."""
        self._run(
            "insert into operator values (%(tenant)s, %(operator)s, %(store)s, %(number)s,"
            " %(name)s, %(pin)s, %(role)s, %(now)s, null)",
            operator=operator.operator,
            store=operator.store,
            number=operator.number,
            name=operator.name,
            pin=operator.pin_hash,
            role=operator.role,
            now=at(now_ms),
        )

    def store_names(self) -> dict[UUID, str]:
        """Return every store's name."""
        rows = self._rows("select store_id, name from store where tenant_id = %(tenant)s")
        return {row.store_id: row.name for row in rows}

    def device_by_token(self, token_hash: bytes) -> Place | None:
        """Return where the box with this token stands, if it is not retired."""
        row = self._row(PLACES + "d.token_hash = %(token)s", token=token_hash)
        return None if row is None else place_of(row)

    def places(self, devices: Collection[UUID]) -> dict[UUID, Place]:
        """Return where boxes stand; retired and unknown ones are absent."""
        rows = self._rows(PLACES + "d.device_id = any(%(devices)b)", devices=list(devices))
        return {row.device_id: place_of(row) for row in rows}

    def places_ever(self, devices: Collection[UUID]) -> dict[UUID, Place]:
        """Return where boxes stand or stood; unknown ones are absent."""
        rows = self._rows(_PLACES_EVER + "d.device_id = any(%(devices)b)", devices=list(devices))
        return {row.device_id: place_of(row) for row in rows}

    def devices_of(self, stores: Collection[UUID]) -> dict[UUID, tuple[Place, ...]]:
        """Return the boxes of stores."""
        rows = self._rows(
            PLACES + "d.store_id = any(%(stores)b) order by d.slot", stores=sorted(stores)
        )
        found: dict[UUID, tuple[Place, ...]] = {}
        for row in rows:
            found[row.store_id] = (*found.get(row.store_id, ()), place_of(row))
        return found

    def broker_accounts(self) -> tuple[BrokerAccount, ...]:
        """Return every box that may connect."""
        rows = self._rows(
            "select d.device_id, s.shard, d.broker_hash from device d"
            " join store s on s.tenant_id = d.tenant_id and s.store_id = d.store_id"
            " where d.tenant_id = %(tenant)s and d.retired_at is null order by d.device_id"
        )
        return tuple(BrokerAccount(row.device_id, row.shard, row.broker_hash) for row in rows)

    def save_states(self, states: Sequence[DeviceState]) -> frozenset[UUID]:
        """Store the last presences; return the stores they belong to."""
        if not states:
            return frozenset()
        rows = self._rows(
            _SAVE_STATES,
            device=[state.device for state in states],
            store=[state.store for state in states],
            state=[state.state for state in states],
            boot=[state.boot_id for state in states],
            wall=[state.wall_ms for state in states],
            software=[state.software for state in states],
            epoch=[state.epoch for state in states],
            depth=[state.outbox_depth for state in states],
            pos=[state.feed_pos for state in states],
            sells=[state.can_sell for state in states],
            devices=[_json(state.devices) for state in states],
            faults=[_json(state.faults) for state in states],
            vitals=[_json(state.figures) for state in states],
            seen=[at(state.seen_ms) for state in states],
            session=[state.session for state in states],
            purpose=[state.on_purpose for state in states],
            asleep=[state.device for state in states if state.retained],
        )
        return frozenset(row.store_id for row in rows)


def _id(row: Row[Any]) -> UUID:
    found: UUID = row.id
    return found


def place_of(row: Row[Any]) -> Place:
    """Return the place that a row of `PLACES` describes."""
    return Place(
        row.device_id,
        row.store_id,
        row.legal_entity_id,
        row.shard,
        row.zone,
        row.day_starts_at,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
