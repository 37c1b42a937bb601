"""Members' codes that a till's own scanner read: checked at its lane, shown there, kept from it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.scanner_tap import ScanEvent
from edge_agent.services.members.members import Members
from edge_agent.services.recognition.identify import Identification, Identify, vouched
from retail_core.identity import digit_code, member_code
from retail_core.identity.assurance import Factor


@dataclass(frozen=True, slots=True)
class ScannedMembers:
    """Finds whom a scanned code stands for; `told` tells the till's counter."""

    members: Members
    identify: Callable[[UUID], Identify]
    told: Callable[[Identification, UUID], object]

    def take(self, event: ScanEvent) -> None:
        """Check a member's code and tell what came of it."""
        till = UUID(event.till)
        self.told(self._found(till, event.code), till)

    def _found(self, till: UUID, code: str) -> Identification:
        if code.startswith(member_code.PREFIX) or digit_code.is_digit_code(code.encode()):
            return self.identify(till).code(code)
        # A printed number can be copied by whoever saw it: it finds her and never spends.
        return vouched(self.members.find_card(code.encode()).held, Factor.STATIC_QR)
