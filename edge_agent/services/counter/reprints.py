"""How often a receipt was printed again: a second copy says that it is one."""

import threading
from uuid import UUID

from edge_agent.ports.documents import Documents

DOCUMENT = "reprints"
KEPT_MAX = 500


class Reprints:
    """Counts copies; the last few hundred receipts are remembered."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._lock = threading.Lock()

    def count(self, receipt_id: UUID) -> int:
        """Return how often a receipt was printed again."""
        return self._held().get(str(receipt_id), 0)

    def printed(self, receipt_id: UUID) -> int:
        """Note one more copy; return how many there are."""
        with self._lock:
            held = self._held()
            times = held.pop(str(receipt_id), 0) + 1
            kept = dict(list(held.items())[-(KEPT_MAX - 1) :])
            # As pairs: a document's names come back sorted, and the oldest are to go first.
            kept[str(receipt_id)] = times
            self._documents.put(DOCUMENT, {"copies": [[name, n] for name, n in kept.items()]})
        return times

    def _held(self) -> dict[str, int]:
        document = self._documents.get(DOCUMENT) or {}
        copies = document.get("copies")
        found: dict[str, int] = {}
        for pair in copies if isinstance(copies, list) else ():
            match pair:
                case [str(name), int(times)]:
                    found[name] = times
                case _:
                    pass
        return found
