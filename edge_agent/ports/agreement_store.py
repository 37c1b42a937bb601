"""Where a box keeps how far its tills agree: it outlives restarts, and it stays small."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from edge_agent.domain.agreement import Example, TillTrust

# Of one till; older examples go.
EXAMPLES_KEPT = 50


class AgreementStore(Protocol):
    """One record a till, and the last examples of what differed."""

    def load(self) -> Mapping[UUID, TillTrust]:
        """Return every till's record."""
        ...

    def keep(self, till: UUID, trust: TillTrust, examples: Sequence[Example] = ()) -> None:
        """Replace a till's record and add examples; when this returns it is on disk."""
        ...

    def examples(self, till: UUID) -> tuple[Example, ...]:
        """Return the last examples of a till, newest first."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...
