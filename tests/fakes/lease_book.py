"""A lease book in memory."""

from uuid import UUID

from edge_agent.ports.journal import Beside
from retail_core.loyalty.cap_sharing import NEVER_TOLD
from retail_core.loyalty.lease_box import BoxLeases


class FakeLeaseBook:
    """Fulfils `LeaseBook`; what a journal never called is not kept."""

    def __init__(self, device: UUID) -> None:
        self._state = BoxLeases(device, caps=NEVER_TOLD)

    def load(self) -> BoxLeases:
        return self._state

    def change(self, before: BoxLeases, after: BoxLeases) -> Beside:
        def write(_transaction: object) -> None:
            assert before == self._state
            self._state = after

        return write
