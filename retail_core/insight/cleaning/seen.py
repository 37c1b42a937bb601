"""What cleaning looks at: orders and events as channels told them, names as keyed hashes."""

from dataclasses import dataclass

TILL = "till"


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order; '' where a channel does not say. `lines` are (sku, units), sorted.

    `undone_ms`: when it was cancelled or given back whole. `views`: articles looked at in the day
    before it, None where the channel tells nothing of that.
    """

    order_id: str
    channel: str
    buyer: str
    at_ms: int
    net_fen: int
    lines: tuple[tuple[str, int], ...]
    device: str = ""
    address: str = ""
    payer: str = ""
    undone_ms: int | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """A thing somebody did; `actor` is who is at the other end, `agent` what her program says."""

    event_id: str
    actor: str
    at_ms: int
    agent: str = ""
