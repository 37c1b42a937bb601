"""Another system's points, kept in memory and always answering."""

from edge_agent.domain.point_push import Reading
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class FakePointAccount:
    """Fulfils `PointAccount`."""

    def __init__(self) -> None:
        self.points: dict[str, int] = {}
        self.phones: dict[str, str] = {}

    def find(self, phone: str) -> str | None:
        return self.phones.get(phone)

    def read(self, customer: str) -> Reading:
        if customer not in self.points:
            raise Fault(FaultCode.SOFTWARE_REFUSED, detail="5004")
        return Reading(self.points[customer] * 1000)

    def add(self, customer: str, points: int, at_ms: int) -> None:
        if customer not in self.points or at_ms < 0:
            raise Fault(FaultCode.SOFTWARE_REFUSED, detail="5004")
        self.points[customer] += points
