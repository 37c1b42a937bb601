"""What tasks and gifts need at the counter, in one piece."""

from dataclasses import dataclass

from edge_agent.services.counter.gifts import HandOver
from edge_agent.services.counter.tasks import TaskDesk


@dataclass(frozen=True, slots=True)
class Growth:
    """Gifts to hand over, tasks to show."""

    gifts: HandOver
    tasks: TaskDesk
