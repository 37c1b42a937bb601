"""What boxes may ask about rights, put together."""

from dataclasses import dataclass

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.rights.recall import Recall
from cloud_broker.services.rights.restoring import Restoring


@dataclass(frozen=True, slots=True)
class RightsDesk:
    """Rights that lie elsewhere, and what a restored cloud has to hear."""

    recall: Recall
    restoring: Restoring


def rights_desk(units: Units, clock: Clock) -> RightsDesk:
    """Put the parts together."""
    return RightsDesk(Recall(units, clock), Restoring(units, clock))
