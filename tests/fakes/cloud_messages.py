"""A provider of advertisements in memory."""

from dataclasses import dataclass, field
from threading import Event

from cloud_broker.ports.messages import Outgoing
from retail_core.errors import Fault


@dataclass
class FakeMessageSender:
    """A `MessageSender` that keeps what it took; `refuses` is raised, `hangs` waited for."""

    took: list[Outgoing] = field(default_factory=list)
    refuses: Fault | None = None
    asked: Event = field(default_factory=Event)
    hangs: Event | None = None

    def send(self, message: Outgoing) -> str:
        self.asked.set()
        if self.hangs is not None:
            self.hangs.wait(60)
        if self.refuses is not None:
            raise self.refuses
        self.took.append(message)
        return f"ref-{len(self.took)}"
