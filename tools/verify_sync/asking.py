"""What a box asks over HTTP: answered by the production services while the line stands."""

from typing import Protocol
from uuid import UUID

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import ChangeFrame
from retail_core.wire.restored import BoxStanding, CloudHolds
from retail_core.wire.rights import RightsAnswer, RightsAsked
from tests.fakes.cloud_directory import FakeCloudDirectory
from tools.verify_sync.cloud import Cloud


class Reached(Protocol):
    """The world, as far as a question goes."""

    http_up: bool

    @property
    def cloud(self) -> Cloud:
        """Who answers."""
        ...


class Desk:
    """A box's questions over HTTP after a restore, while the line stands."""

    def __init__(self, world: Reached, device: UUID) -> None:
        self._world, self._device = world, device

    def stand(self, standing: BoxStanding) -> CloudHolds:
        """Tell what is held. Raises Fault SYNC_LINK_DOWN."""
        if not self._world.http_up:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        return self._world.cloud.stand(self._device, standing)

    def ask_rights(self, asked: RightsAsked) -> RightsAnswer:
        """Refuse: rights have a simulator of their own."""
        raise Fault(FaultCode.SYNC_LINK_DOWN, asked=len(asked.rights))


class Feed(FakeCloudDirectory):
    """A box's HTTP side: its feed from the production service, while the line stands."""

    def __init__(self, world: Reached, device: UUID) -> None:
        super().__init__()
        self._world, self._device = world, device

    def changes_since(self, pos: int) -> ChangeFrame:
        """Return the feed after a position. Raises Fault SYNC_LINK_DOWN."""
        return self._asked().changes_since(self._device, pos)

    def kept_since(self, pos: int) -> ChangeFrame:
        """Return what no snapshot holds. Raises Fault SYNC_LINK_DOWN."""
        return self._asked().kept_since(self._device, pos)

    def snapshot(self) -> bytes:
        """Return the store's manifest. Raises Fault SYNC_LINK_DOWN."""
        return self._asked().snapshot(self._device)

    def snapshot_part(self, sha256: bytes, start: int, size: int) -> bytes:
        """Return a part of a segment. Raises Fault SYNC_LINK_DOWN."""
        return self._asked().snapshot_part(self._device, sha256, start, size)

    def _asked(self) -> Cloud:
        if not self._world.http_up:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        return self._world.cloud
