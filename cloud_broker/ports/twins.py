"""What boxes are to be like, layer by layer, and what they said of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from retail_core.fleet.twin import Layer, Scope, Told

# The place of the chain's own layer.
CHAIN = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Where:
    """A box and the places whose layers it stands under."""

    device: UUID
    store: UUID
    region: UUID

    def place(self, scope: Scope) -> UUID:
        """Return the place of one of its layers."""
        found = {"chain": CHAIN, "region": self.region, "store": self.store, "device": self.device}
        return found[scope]


@dataclass(frozen=True, slots=True)
class TwinTold:
    """What a box said last: which desired version it is about, and every key."""

    version: int
    keys: Mapping[str, Told]
    told_ms: int


@dataclass(frozen=True, slots=True)
class PlacedLayer:
    """A layer as it stood after a change, and where."""

    place: UUID
    layer: Layer


class TwinRepo(Protocol):
    """Twins of boxes."""

    def take_turn(self) -> None:
        """Let nobody else change a layer before this transaction ends."""
        ...

    def newest(self) -> int:
        """Return the version of the chain's last change, 0 before the first."""
        ...

    def region(self, name: str) -> UUID | None:
        """Return the region with this name."""
        ...

    def boxes(self, scope: Scope, place: UUID) -> tuple[Where, ...]:
        """Return the boxes that stand under a layer, by store and slot."""
        ...

    def layer(self, scope: Scope, place: UUID) -> Layer | None:
        """Return a layer as it stands."""
        ...

    def layers(self) -> Mapping[tuple[Scope, UUID], Layer]:
        """Return every layer that was ever said, as it stands."""
        ...

    def add(self, place: UUID, layer: Layer) -> None:
        """Append a layer's next state."""
        ...

    def history(self, limit: int) -> Sequence[PlacedLayer]:
        """Return the last changes, newest first."""
        ...

    def tell(self, device: UUID, told: TwinTold) -> None:
        """Keep what a box says, unless it is about an older version than the one kept."""
        ...

    def told(self, devices: Collection[UUID]) -> Mapping[UUID, TwinTold]:
        """Return what boxes said last."""
        ...
