"""Which version of the rules a box can sell by: one that nobody can read counts as none.

Else the cloud would think a damaged bundle is held, and never send it again.
"""

from edge_agent.ports.replica import Replica
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import bundle_hash, parse_bundle


class RulesHeld:
    """Reads each content once."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._read: tuple[bytes, bool] = (b"", False)

    def version(self) -> int:
        """Return the version held, 0 for none or for one that cannot be read."""
        held = self._replica.bundle()
        if held is None:
            return 0
        version, content = held
        named = bundle_hash(content)
        if self._read[0] != named:
            self._read = named, _readable(content)
        return version if self._read[1] else 0


def _readable(content: bytes) -> bool:
    try:
        parse_bundle(content)
    except Fault:
        return False
    return True
