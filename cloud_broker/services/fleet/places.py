"""The places of a chain by name: regions, stores and boxes, and what stands above each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.twins import CHAIN, Where
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.twin import Spot
from retail_core.errors import Fault
from retail_core.fleet.twin import SCOPES
from retail_core.texts.faults import FaultCode

AT_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class PlaceBook:
    """Names of regions and stores, and the boxes that stand in them, by store and slot."""

    regions: Mapping[UUID, str]
    stores: Mapping[UUID, str]
    boxes: Sequence[Where]

    def spot(self, at: str) -> Spot:
        """Return the place that an address names: `chain`, `region:ID`, `store:ID`, `device:ID`.

        Fault API_NOT_FOUND.
        """
        said, _, name = at[:AT_CHARS_MAX].partition(":")
        scope = next((one for one in SCOPES if one == said), None)
        if scope == "chain" and not name:
            return Spot(scope)
        place = _uuid(name)
        if scope is None or place is None or not self._has(Spot(scope, place)):
            raise Fault(FaultCode.API_NOT_FOUND, what=at[:AT_CHARS_MAX])
        return Spot(scope, place)

    def name(self, spot: Spot) -> str:
        """Return a place's name; a box is its store and the end of its id, the chain is ""."""
        if spot.scope == "region":
            return self.regions.get(spot.place, str(spot.place))
        if spot.scope == "store":
            return self.stores.get(spot.place, str(spot.place))
        if spot.scope == "device":
            store = next((one.store for one in self.boxes if one.device == spot.place), None)
            named = "" if store is None else f"{self.stores.get(store, store)} · "
            return f"{named}{str(spot.place)[-6:]}"
        return ""

    def above(self, spot: Spot) -> tuple[Spot, ...]:
        """Return the places whose layers a place stands under, from the chain down to itself."""
        if spot.scope in {"chain", "region"}:
            return tuple(dict.fromkeys((Spot("chain"), spot)))
        mine = (
            one for one in self.boxes if spot.place == (one.store, one.device)[_DEVICE[spot.scope]]
        )
        where = next(mine, None)
        if where is None:
            return Spot("chain"), spot
        named = SCOPES[: SCOPES.index(spot.scope) + 1]
        return tuple(Spot(scope, where.place(scope)) for scope in named)

    def _has(self, spot: Spot) -> bool:
        if spot.scope == "region":
            return spot.place in self.regions
        if spot.scope == "store":
            return spot.place in self.stores
        return any(one.device == spot.place for one in self.boxes)


_DEVICE = {"store": 0, "device": 1}


def at_of(spot: Spot) -> str:
    """Return the address of a place, as `PlaceBook.spot` reads it."""
    return spot.scope if spot.place == CHAIN else f"{spot.scope}:{spot.place}"


def places(units: Units, tenant: UUID) -> PlaceBook:
    """Read the chain's places."""
    with units.begin(tenant) as unit:
        regions = {place: name for name, place in unit.alerts.regions().items()}
        return PlaceBook(regions, unit.fleet.store_names(), unit.twins.boxes("chain", CHAIN))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
