"""Can this shop sell? A basket is priced and the journal written as a sale would; no sale is kept.

Training mode is no way for it: that is a person's, at one lane. Here the price desk and the
journal of real sales are asked. What is written is no record, but it has to reach the disk: a write
that is undone before it is whole would be well on a card that is full or has turned read-only.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from edge_agent.domain.sale import AskedLine
from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault

log = structlog.get_logger("trial-sale")

PRICE_FEN = 1_000
_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial; `journal_ms` is how long the journal took until it was on the disk."""

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
        priced = _went(self._price)
        began = self._seconds()
        booked = _went(self._journal.try_out)
        return Tried(priced, booked, int((self._seconds() - began) * _MS_PER_S))

    def begun(self) -> bool:
        """Begin to write to the journal and undo it: whether it hangs, with no wear of the card."""
        try:
            self._journal.append((), beside=_undo)
        except _UndoneError:
            return True
        except Fault:
            return False
        return False

    def _price(self) -> None:
        listed = next(iter(self._replica.list_prices()), None)
        sku = "trial" if listed is None else listed.sku
        line = AskedLine(sku=sku, name="trial", unit_price_fen=PRICE_FEN)
        fallback = self._desk.quote((line,), None, self._clock.now()).fallback
        if fallback is not None:
            raise Fault(fallback)


def _went(part: Callable[[], object]) -> bool:
    """Tell whether a part of a sale goes through; nothing that nobody foresaw goes unsaid."""
    try:
        part()
    except Fault as fault:
        log.warning("trial_sale_failed", code=fault.code)
    except Exception as error:  # noqa: BLE001 -- what breaks a sale is what is looked for
        log.warning("trial_sale_broke", error=type(error).__name__)
    else:
        return True
    return False


def _undo(_transaction: Any) -> None:
    raise _UndoneError
