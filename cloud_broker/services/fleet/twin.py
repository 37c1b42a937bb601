"""HQ's side of twins: layers are changed, boxes are nudged, differences are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.twins import CHAIN, PlacedLayer, TwinTold, Where
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.rights.restoring import epoch_of
from retail_core.errors import Fault
from retail_core.fleet.twin import (
    SCOPES,
    Desired,
    Difference,
    Layer,
    Move,
    Scope,
    Values,
    changed,
    differences,
    moves,
    not_here,
    resolved,
)
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind

MAY_STEER = frozenset({"admin", "operations"})
HISTORY_MAX = 200
_NIL = b"\xc0"


class Person(Protocol):
    """Whoever of HQ asks."""

    @property
    def tenant_id(self) -> UUID:
        """Whose boxes."""
        ...

    @property
    def login(self) -> str:
        """The name that goes on record."""
        ...

    @property
    def role(self) -> str:
        """What they may do."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A layer's place: the whole chain, a region, a store, a box."""

    scope: Scope
    place: UUID = CHAIN


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; `base` is the version the person looked at, None for any."""

    put: Values
    drop: frozenset[str] = frozenset()
    note: str = ""
    base: int | None = None


@dataclass(frozen=True, slots=True)
class BoxTwin:
    """A box: what is wanted of it, what it said, and where the two differ.

    `absent` are keys said to many boxes, of a till or a counter that this one does not have.
    """

    where: Where
    wanted: Mapping[str, Desired]
    told: TwinTold | None
    apart: tuple[Difference, ...]
    absent: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxMove:
    """What a change would move on one box; nothing where a nearer layer says otherwise."""

    where: Where
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A layer before and after a change, and every box under it."""

    before: Layer
    values: Values
    boxes: tuple[BoxMove, ...]

    @property
    def moved(self) -> tuple[BoxMove, ...]:
        """Return the boxes on which something would be different."""
        return tuple(one for one in self.boxes if one.moves)


@dataclass(frozen=True, slots=True)
class TwinDesk:
    """Answers HQ's pages and commands."""

    units: Units
    clock: Clock

    def spot(self, tenant: UUID, scope: Scope, name: str) -> Spot:
        """Return the place of this name or id; Fault API_NOT_FOUND."""
        if scope == "chain":
            return Spot(scope)
        with self.units.begin(tenant) as unit:
            found = _named(unit, scope, name)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"{scope} {name!r}")
        return Spot(scope, found)

    def layer(self, tenant: UUID, spot: Spot) -> Layer:
        """Return a layer as it stands, an empty one of version 0 before its first change."""
        with self.units.begin(tenant) as unit:
            return unit.twins.layer(spot.scope, spot.place) or Layer(spot.scope)

    def change(self, who: Person, spot: Spot, change: Change) -> Layer:
        """Change a layer and have its boxes ask.

        Faults API_SCOPE_MISSING, TWIN_KEY_UNKNOWN, TWIN_VALUE_WRONG, TWIN_CHANGED_MEANWHILE.
        """
        check_role(who)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.twins.take_turn()
            before = unit.twins.layer(spot.scope, spot.place) or Layer(spot.scope)
            _check_base(change, before)
            values = changed(before.values, change.put, change.drop)
            if values == dict(before.values):
                return before
            # A box may hold what a restore has lost, and takes nothing that is older.
            version = max(epoch_of(unit), unit.twins.newest() + 1)
            after = Layer(spot.scope, values, version, who.login, change.note.strip(), now_ms)
            unit.twins.add(spot.place, after)
            nudge(unit, unit.twins.boxes(spot.scope, spot.place), version, now_ms)
            said: dict[str, object] = {"scope": spot.scope, "version": version, "note": after.note}
            said |= {"put": sorted(change.put), "drop": sorted(change.drop)}
            unit.hq.audit(AuditEntry(who.login, "twin.set", str(spot.place), said), now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))
        return after

    def boxes(self, tenant: UUID, spot: Spot) -> tuple[BoxTwin, ...]:
        """Return the boxes under a layer, each with its differences."""
        with self.units.begin(tenant) as unit:
            boxes = unit.twins.boxes(spot.scope, spot.place)
            told = unit.twins.told([one.device for one in boxes])
            layers = unit.twins.layers()
        return tuple(_twin(layers, one, told.get(one.device)) for one in boxes)

    def preview(self, who: Person, spot: Spot, change: Change) -> Preview:
        """Say what a change would come to on which boxes; nothing is written.

        Faults API_SCOPE_MISSING, TWIN_KEY_UNKNOWN, TWIN_VALUE_WRONG, TWIN_CHANGED_MEANWHILE.
        """
        check_role(who)
        with self.units.begin(who.tenant_id) as unit:
            boxes, layers = unit.twins.boxes(spot.scope, spot.place), unit.twins.layers()
        before = layers.get(_key(spot), Layer(spot.scope))
        _check_base(change, before)
        values = changed(before.values, change.put, change.drop)
        after = {**layers, _key(spot): replace(before, values=values)}
        moved = [
            BoxMove(one, moves(wanted_from(layers, one), wanted_from(after, one))) for one in boxes
        ]
        return Preview(before, values, tuple(moved))

    def history(self, tenant: UUID, spot: Spot | None = None) -> Sequence[PlacedLayer]:
        """Return the last changes, of one place or of all."""
        with self.units.begin(tenant) as unit:
            found = unit.twins.history(HISTORY_MAX)
        return tuple(
            one for one in found if spot is None or (one.layer.scope, one.place) == _key(spot)
        )


def check_role(who: Person, roles: frozenset[str] = MAY_STEER) -> None:
    """Let through who may steer boxes; Fault API_SCOPE_MISSING."""
    if who.role not in roles:
        raise Fault(FaultCode.API_SCOPE_MISSING, scope="fleet")


def nudge(unit: Unit, boxes: Sequence[Where], version: int, now_ms: int) -> None:
    """Let boxes ask; one that hears nothing of it asks when its line comes back anyhow."""
    changes: dict[UUID, list[NewChange]] = {}
    for one in boxes:
        change = NewChange(ChangeKind.FLEET, one.device, version, _NIL)
        changes.setdefault(one.store, []).append(change)
    if changes:
        unit.feed.append(changes, now_ms)


def wanted_of(unit: Unit, where: Where) -> dict[str, Desired]:
    """Return what is wanted of a box, over all its layers."""
    layers = {
        scope: layer.values
        for scope in SCOPES
        if (layer := unit.twins.layer(scope, where.place(scope))) is not None
    }
    return resolved(layers)


def wanted_from(layers: Mapping[tuple[Scope, UUID], Layer], where: Where) -> dict[str, Desired]:
    """Return what is wanted of a box, from all layers of the chain."""
    own = {scope: layers.get((scope, where.place(scope))) for scope in SCOPES}
    return resolved({scope: one.values for scope, one in own.items() if one is not None})


def _check_base(change: Change, before: Layer) -> None:
    if change.base is not None and change.base != before.version:
        raise Fault(FaultCode.TWIN_CHANGED_MEANWHILE, version=before.version)


def _twin(
    layers: Mapping[tuple[Scope, UUID], Layer], where: Where, told: TwinTold | None
) -> BoxTwin:
    wanted = wanted_from(layers, where)
    found = differences(wanted, {} if told is None else told.keys)
    apart = tuple(one for one in found if not not_here(one))
    return BoxTwin(where, wanted, told, apart, tuple(filter(not_here, found)))


def _key(spot: Spot) -> tuple[Scope, UUID]:
    return spot.scope, spot.place


def _named(unit: Unit, scope: Scope, name: str) -> UUID | None:
    if scope == "region":
        return unit.twins.region(name)
    if scope == "store":
        names = unit.fleet.store_names().items()
        return next((store for store, said in names if name in {said, str(store)}), None)
    try:
        device = UUID(name)
    except ValueError:
        return None
    return device if unit.fleet.places([device]) else None
