"""What HQ's pages and API steer boxes with, over the same services as the command line."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.commands import CommandDesk
from cloud_broker.services.fleet.places import PlaceBook, places
from cloud_broker.services.fleet.twin import TwinDesk


@dataclass(frozen=True, slots=True)
class FleetDesks:
    """The desk of settings, the desk of commands, and the places both work on."""

    units: Units
    twins: TwinDesk
    orders: CommandDesk

    def places(self, tenant: UUID) -> PlaceBook:
        """Return the chain's places by name."""
        return places(self.units, tenant)


def fleet_desks(units: Units, clock: Clock, ids: IdSource) -> FleetDesks:
    """Put the desks together."""
    return FleetDesks(units, TwinDesk(units, clock), CommandDesk(units, clock, ids))
