"""A workshop in the same process, and what tests say of it."""

from dataclasses import dataclass, field

from cloud_broker.domain.rule_work import Task, work
from retail_core.errors import Fault


@dataclass
class FakeRuleWorkshop:
    """A `RuleWorkshop` that does the work at once, or fails while it is told to."""

    fails: Fault | None = None
    done: list[Task] = field(default_factory=list)
    rests: int = 0

    def do(self, task: Task) -> bytes:
        if self.fails is not None:
            raise self.fails
        self.done.append(task)
        return work(task)

    def rest(self) -> None:
        self.rests += 1
