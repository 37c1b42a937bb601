"""Can this shop sell? A basket is priced and a booking tried as a sale would, and nothing is kept.

Training mode is no way for it: that is a person's, at one lane. Here the price desk and the
journal of real sales are asked, and the journal's write is undone before it is whole.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge_agent.domain.sale import AskedLine
from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault

PRICE_FEN = 1_000
_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial; `journal_ms` is how long the journal took to begin and undo."""

    priced: bool
    booked: bool
    journal_ms: int


class _UndoneError(Exception):
    """Raised in the middle of a write, so that nothing of it is kept."""


class TrialSale:
    """Tries the path of a sale up to the moment it would count."""

    def __init__(
        self,
        desk: PriceDesk,
        journal: Journal,
        replica: Replica,
        clock: Clock,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._journal = journal
        self._replica = replica
        self._clock = clock
        self._seconds = seconds

    def run(self) -> Tried:
        """Try once; what fails is said, never raised."""
        priced = self._priced()
        began = self._seconds()
        booked = self.booked()
        return Tried(priced, booked, int((self._seconds() - began) * _MS_PER_S))

    def _priced(self) -> bool:
        try:
            listed = next(iter(self._replica.list_prices()), None)
            sku = "trial" if listed is None else listed.sku
            line = AskedLine(sku=sku, name="trial", unit_price_fen=PRICE_FEN)
            return self._desk.quote((line,), None, self._clock.now()).fallback is None
        except Fault:
            return False

    def booked(self) -> bool:
        """Try to write to the journal; nothing of it is kept."""
        try:
            self._journal.append((), beside=_undo)
        except _UndoneError:
            return True
        except Fault:
            return False
        return False


def _undo(_transaction: Any) -> None:
    raise _UndoneError
