"""Where long works on rules are done, so that nobody who books or serves pages waits for them."""

from typing import Protocol

from cloud_broker.domain.rule_work import Task


class RuleWorkshop(Protocol):
    """Does one piece at a time."""

    def do(self, task: Task) -> bytes:
        """Do a piece and return what came of it.

        Faults: P107 for a draft that is not valid, RULES_JOB_FAILED when it takes too long or the
        workshop was closed.
        """
        ...

    def rest(self) -> None:
        """Give back what is only needed while there is work."""
        ...
