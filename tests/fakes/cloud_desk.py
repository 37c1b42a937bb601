"""The cloud's desk for rights, as far as a box sees it."""

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.restored import BoxStanding, CloudHolds
from retail_core.wire.rights import AskState, RightsAnswer, RightsAsked, RightStands


class FakeCloudDesk:
    """Fulfils `CloudDesk`; `down` makes every call fail, `holds` and `answer` are what it says."""

    def __init__(self, epoch: int = 1) -> None:
        self.down = False
        self.holds = CloudHolds(WIRE_VERSION, epoch)
        self.answer: RightsAnswer | None = None
        self.standings: list[BoxStanding] = []
        self.asked: list[RightsAsked] = []

    def stand(self, standing: BoxStanding) -> CloudHolds:
        self._reach()
        if standing.cloud_epoch != self.holds.cloud_epoch:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        self.standings.append(standing)
        return self.holds

    def ask_rights(self, asked: RightsAsked) -> RightsAnswer:
        self._reach()
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer
        stands = (RightStands(one.kind, one.right, AskState.NOTHING) for one in asked.rights)
        return RightsAnswer(WIRE_VERSION, (), tuple(stands))

    def _reach(self) -> None:
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
