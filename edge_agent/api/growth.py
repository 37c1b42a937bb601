"""What tasks, gifts and calls need at the counter, in one piece."""

from dataclasses import dataclass

from edge_agent.services.counter.calls import CallDesk
from edge_agent.services.counter.gifts import HandOver
from edge_agent.services.counter.tasks import TaskDesk


@dataclass(frozen=True, slots=True)
class Growth:
    """Gifts to hand over, tasks to show, calls to answer."""

    gifts: HandOver
    tasks: TaskDesk
    calls: CallDesk
