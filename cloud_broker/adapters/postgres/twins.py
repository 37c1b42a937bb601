"""Layers of twins in PostgreSQL, and what boxes said of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.twins import PlacedLayer, TwinTold, Where
from retail_core.fleet.twin import Layer, Scope, Told

_LAYER = "scope, place, content, version, author, note, made_at from twin_layer"
_BOXES = """
select d.device_id, d.store_id, s.region_id from device d
join store s on s.tenant_id = d.tenant_id and s.store_id = d.store_id
where d.tenant_id = %(tenant)s and d.retired_at is null and s.closed_at is null and (
  %(scope)s::text = 'chain' or (%(scope)s::text = 'region' and s.region_id = %(place)s)
  or (%(scope)s::text = 'store' and s.store_id = %(place)s)
  or (%(scope)s::text = 'device' and d.device_id = %(place)s))
order by s.name, d.slot
"""
_TELL = """
insert into twin_told as held values (%(tenant)s, %(device)s, %(version)s, %(keys)s::jsonb, %(at)s)
on conflict (tenant_id, device_id) do update set version = excluded.version,
  outcomes = excluded.outcomes, told_at = excluded.told_at
where held.version <= excluded.version
"""


class PostgresTwins(Repository):
    """Fulfils `TwinRepo`."""

    def take_turn(self) -> None:
        """Let nobody else change a layer before this transaction ends."""
        self._run("select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 35))")

    def newest(self) -> int:
        """Return the version of the chain's last change, 0 before the first."""
        row = self._row(
            "select coalesce(max(version), 0) as version from twin_layer"
            " where tenant_id = %(tenant)s"
        )
        return 0 if row is None else int(row.version)

    def region(self, name: str) -> UUID | None:
        """Return the region with this name."""
        row = self._row(
            "select region_id from region where tenant_id = %(tenant)s and name = %(name)s",
            name=name,
        )
        return None if row is None else row.region_id

    def boxes(self, scope: Scope, place: UUID) -> tuple[Where, ...]:
        """Return the boxes that stand under a layer, by store and slot."""
        rows = self._rows(_BOXES, scope=scope, place=place)
        return tuple(Where(row.device_id, row.store_id, row.region_id) for row in rows)

    def layer(self, scope: Scope, place: UUID) -> Layer | None:
        """Return a layer as it stands."""
        row = self._row(
            f"select {_LAYER} where tenant_id = %(tenant)s and scope = %(scope)s"
            " and place = %(place)s order by version desc limit 1",
            scope=scope,
            place=place,
        )
        return None if row is None else _layer(row)

    def layers(self) -> Mapping[tuple[Scope, UUID], Layer]:
        """Return every layer that was ever said, as it stands."""
        rows = self._rows(
            f"select distinct on (scope, place) {_LAYER} where tenant_id = %(tenant)s"
            " order by scope, place, version desc"
        )
        return {(row.scope, row.place): _layer(row) for row in rows}

    def add(self, place: UUID, layer: Layer) -> None:
        """Append a layer's next state."""
        self._run(
            "insert into twin_layer values (%(tenant)s, %(version)s, %(scope)s, %(place)s,"
            " %(content)s::jsonb, %(author)s, %(note)s, %(made)s)",
            version=layer.version,
            scope=layer.scope,
            place=place,
            content=msgspec.json.encode(layer.values).decode(),
            author=layer.author,
            note=layer.note,
            made=at(layer.made_ms),
        )

    def history(self, limit: int) -> Sequence[PlacedLayer]:
        """Return the last changes, newest first."""
        rows = self._rows(
            f"select {_LAYER} where tenant_id = %(tenant)s order by version desc limit %(limit)s",
            limit=limit,
        )
        return tuple(PlacedLayer(row.place, _layer(row)) for row in rows)

    def tell(self, device: UUID, told: TwinTold) -> None:
        """Keep what a box says, unless it is about an older version than the one kept."""
        self._run(
            _TELL,
            device=device,
            version=told.version,
            keys=msgspec.json.encode(told.keys).decode(),
            at=at(told.told_ms),
        )

    def told(self, devices: Collection[UUID]) -> Mapping[UUID, TwinTold]:
        """Return what boxes said last."""
        rows = self._rows(
            "select device_id, version, outcomes, told_at from twin_told"
            " where tenant_id = %(tenant)s and device_id = any(%(devices)b)",
            devices=list(devices),
        )
        return {
            row.device_id: TwinTold(
                row.version, msgspec.convert(row.outcomes, dict[str, Told]), ms_of(row.told_at)
            )
            for row in rows
        }


def _layer(row: Row[Any]) -> Layer:
    return Layer(row.scope, row.content, row.version, row.author, row.note, ms_of(row.made_at))
