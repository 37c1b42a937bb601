"""What people and programs meet of the agent, put together."""

from dataclasses import dataclass

from edge_agent.api.basket_desk import BasketDesk
from edge_agent.api.counter import Counter
from edge_agent.api.dependencies import LaneDesk
from edge_agent.api.device_desk import DeviceDesk
from edge_agent.api.fused_desk import FusedDesk
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.api.wellbeing import Wellbeing
from edge_agent.bootstrap.health import Care
from edge_agent.services.box.health_watch import HealthWatch
from edge_agent.services.line.line_view import LineView
from edge_agent.services.members.lane_calls import LaneCalls
from edge_agent.services.tills.append_receipt import AppendReceipt


@dataclass(frozen=True, slots=True)
class Surface:
    """What people and programs meet."""

    views: Views
    visits: Visits
    counter: Counter
    desks: dict[str, LaneDesk]
    wellbeing: Wellbeing
    calls: LaneCalls
    baskets: BasketDesk
    append: AppendReceipt
    fused: FusedDesk
    devices: DeviceDesk
    line: LineView
    care: Care

    @property
    def health(self) -> HealthWatch:
        """The watch over the box's body."""
        return self.care.health
