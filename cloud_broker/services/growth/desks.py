"""Tasks, the mall and shared links together, as whoever serves them uses them."""

from dataclasses import dataclass

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.growth.profile_desk import ProfileDesk
from cloud_broker.services.growth.sharing import Sharing
from cloud_broker.services.growth.task_view import TaskView
from cloud_broker.services.published.rules_in_force import RulesInForce


@dataclass(frozen=True, slots=True)
class GrowthDesks:
    """What members' phones and HQ ask."""

    tasks: TaskView
    mall: MallDesk
    sharing: Sharing
    profile: ProfileDesk


def growth_desks(
    units: Units, clock: Clock, ids: IdSource, keys: KeyRing, zone: str
) -> GrowthDesks:
    """Put them together over the same rules."""
    rules = RulesInForce(zone)
    return GrowthDesks(
        TaskView(units, clock, rules),
        MallDesk(units, clock, rules),
        Sharing(units, clock, ids, keys, rules),
        ProfileDesk(units, clock, rules),
    )
