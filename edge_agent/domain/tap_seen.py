"""What somebody who watches a tap is shown: each copied block, each job, each change of state."""

from dataclasses import dataclass
from typing import Literal

from edge_agent.domain.tapped_receipt import TappedReceipt

SeenKind = Literal["bytes", "job", "state"]


@dataclass(frozen=True, slots=True)
class TapSeen:
    """One thing seen; `data` with `bytes`, `receipt` with `job`, `state` with `state`.

    A job comes once for each piece of paper, also for one that is no receipt of a sale.
    """

    kind: SeenKind
    till: str
    mono_ms: int
    data: bytes = b""
    receipt: TappedReceipt | None = None
    state: str = ""
