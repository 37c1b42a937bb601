"""What the keeper of releases works with: what is on disk, asked of the box, and said of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from edge_agent.domain.basket import CounterBasket
from edge_agent.ports.documents import Documents
from retail_core.wire.fleet import ReleaseWish
from retail_core.wire.health import IssueTold

KEPT_AS = "update"
MINUTES_AN_HOUR = 60


class Kept(msgspec.Struct, frozen=True):
    """What is on disk beside the slots: HQ's wish, and what the present trial has seen.

    `stopped_before` is whether the shop could not sell already before the switch.
    """

    wish: ReleaseWish | None = None
    tried: int = 0
    sales: int = 0
    breaks: int = 0
    stopped_before: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the keeper asks of the rest of the box.

    `breaks` counts how often the program itself broke since it started, `ready` whether all parts
    work, `baskets` are those open at any counter, `runs` the slot this program was started from.
    """

    breaks: Callable[[], int]
    ready: Callable[[], bool]
    issues: Callable[[], Sequence[IssueTold]]
    baskets: Callable[[], Sequence[CounterBasket]]
    restart: Callable[[], None]
    zone: str
    platform: str
    runs: str
    factory: str
    tills: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """What runs on the box, what is wanted, and why it is not there yet; `code` names a fault."""

    version: str
    number: int
    slot: str
    proved_version: str
    wanted_version: str = ""
    wanted_number: int = 0
    stage: str = ""
    waits: str = ""
    holder: str = ""
    code: str = ""
    sales: int = 0
    sales_needed: int = 0
    breaks: int = 0
    well_s: int = 0
    well_needed_s: int = 0
    fetched: int = 0
    size: int = 0
    window: str = ""


class BasketHold:
    """Notes when an open basket was last touched; one that comes from before a start is fresh."""

    def __init__(self) -> None:
        self._seen: tuple[tuple[UUID, int], ...] = ()
        self._since_ms = 0

    def rested_ms(self, baskets: Sequence[CounterBasket], now_ms: int) -> int | None:
        """Return how long ago any of them was touched; None where none is open."""
        seen = tuple(sorted((one.basket_id, one.rev) for one in baskets))
        if seen != self._seen:
            self._seen, self._since_ms = seen, now_ms
        return now_ms - self._since_ms if seen else None


def window_said(wish: ReleaseWish) -> str:
    """Return a wish's hours as people read them; empty for any time."""
    if wish.window_from == wish.window_to:
        return ""
    return "-".join(
        f"{one // MINUTES_AN_HOUR:02d}:{one % MINUTES_AN_HOUR:02d}"
        for one in (wish.window_from, wish.window_to)
    )


def kept(documents: Documents) -> Kept:
    """Return what is on disk; nothing where the document cannot be read."""
    found = documents.get(KEPT_AS)
    try:
        return Kept() if found is None else msgspec.convert(found, Kept)
    except msgspec.ValidationError:
        return Kept()
