"""What HQ's pages and API steer boxes with, over the same services as the command line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.archives import Archives
from cloud_broker.services.fleet.commands import CommandDesk
from cloud_broker.services.fleet.places import PlaceBook, places
from cloud_broker.services.fleet.releases import ReleaseDesk, ReleaseInfo
from cloud_broker.services.fleet.twin import TwinDesk


@dataclass(frozen=True, slots=True)
class FleetDesks:
    """The desks of settings, commands and releases, and the places they work on."""

    units: Units
    twins: TwinDesk
    orders: CommandDesk
    releases: ReleaseDesk
    archives: Archives

    def places(self, tenant: UUID) -> PlaceBook:
        """Return the chain's places by name."""
        return places(self.units, tenant)


def fleet_desks(
    units: Units, clock: Clock, ids: IdSource, shelf: Callable[[], Sequence[ReleaseInfo]]
) -> FleetDesks:
    """Put the desks together; `shelf` tells which releases are on offer."""
    releases = ReleaseDesk(units, clock, ids, shelf)
    twins, orders = TwinDesk(units, clock), CommandDesk(units, clock, ids)
    return FleetDesks(units, twins, orders, releases, Archives(units, clock))
