"""How far tills agree, in memory."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from edge_agent.domain.agreement import Example, TillTrust
from edge_agent.ports.agreement_store import EXAMPLES_KEPT
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class FakeAgreementStore:
    """Fulfils `AgreementStore`; a restart is another service over the same one."""

    def __init__(self) -> None:
        self._trust: dict[UUID, TillTrust] = {}
        self._examples: dict[UUID, tuple[Example, ...]] = {}
        self.full = False

    def load(self) -> Mapping[UUID, TillTrust]:
        return dict(self._trust)

    def keep(self, till: UUID, trust: TillTrust, examples: Sequence[Example] = ()) -> None:
        if self.full:
            raise Fault(FaultCode.DISK_FULL)
        self._trust[till] = trust
        kept = (*reversed(examples), *self._examples.get(till, ()))
        self._examples[till] = kept[:EXAMPLES_KEPT]

    def examples(self, till: UUID) -> tuple[Example, ...]:
        return self._examples.get(till, ())

    def close(self) -> None:
        """Nothing is open."""
