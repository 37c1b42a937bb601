"""The composition of the long works on rules: who works them off, in a process of its own."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.rule_process import RuleProcess
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.rules.jobs import JobWork
from retail_core.tally import FaultTally

# The pricing is done elsewhere at low priority, so little rest is needed between two pieces.
SHARE = 0.2


class RuleWorker(BesideWorker):
    """A worker whose process ends with it."""

    def __init__(self, office: Office, tally: FaultTally, works: Callable[[UUID], bool]) -> None:
        self._workshop = RuleProcess()
        work = JobWork(office.units, office.clock, self._workshop)

        def tenants() -> tuple[UUID, ...]:
            return tuple(tenant for tenant in office.units.tenants() if works(tenant))

        super().__init__("rules", work.run, tenants, tally, share=SHARE)

    def stop(self) -> None:
        """End the process amid its piece, and the thread."""
        self._workshop.close()
        super().stop()
