"""The small document of claims: read whole or taken as empty, written at once or beside."""

from edge_agent.domain.device_claims import Kept, claims_document, read_claims
from edge_agent.ports.documents import Documents
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

DOCUMENT = "device_claims"


class ClaimBook:
    """Keeps what outlives the program."""

    def __init__(self, documents: Documents, tally: FaultTally) -> None:
        self._documents, self._tally = documents, tally

    def read(self) -> Kept:
        """Return what was kept; nothing where the document is none of ours."""
        document = self._documents.get(DOCUMENT)
        if document is None:
            return Kept()
        try:
            return read_claims(document)
        except (AttributeError, KeyError, TypeError, ValueError):
            self._tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
            return Kept()

    def write(self, kept: Kept) -> None:
        """Keep it; when this returns it is on disk. Raises what the disk says."""
        self._documents.put(DOCUMENT, claims_document(kept))

    def write_beside(self, kept: Kept) -> None:
        """Keep what only helps after a restart: a full disk costs that, not the devices."""
        try:
            self.write(kept)
        except (Fault, OSError):
            self._tally.count(FaultCode.DISK_FULL)
