"""What a box asks the cloud about what it holds: rights that lie elsewhere, and after a restore."""

from typing import Protocol

from retail_core.wire.restored import BoxStanding, CloudHolds
from retail_core.wire.rights import RightsAnswer, RightsAsked


class CloudDesk(Protocol):
    """HTTP questions; each raises Fault SYNC_LINK_DOWN when the cloud cannot be reached."""

    def stand(self, standing: BoxStanding) -> CloudHolds:
        """Tell a restored cloud what is held here; the answer to the last part is what it has."""
        ...

    def ask_rights(self, asked: RightsAsked) -> RightsAnswer:
        """Ask for rights that lie in other stores."""
        ...
