"""What a little more would save: looked for beside the counter, so that no scan waits for it.

A lane's newest basket is looked at once nobody has touched it for a moment: two dozen baskets are
priced for it, which would only slow down whoever is still scanning.
"""

import threading
import time
from uuid import UUID

from edge_agent.services.counter.baskets import BasketShown
from retail_core.errors import Fault
from retail_core.pricing.certificate import NearMiss
from retail_core.pricing.proof.near_miss import near_misses

WAIT_S = 0.5
QUIET_S = 0.4
KEPT_MAX = 64


class NearMisses:
    """One thread looks, any may ask."""

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._waiting: dict[str, tuple[float, BasketShown]] = {}
        self._found: dict[UUID, tuple[int, tuple[NearMiss, ...]]] = {}
        self._lock = threading.Condition()

    def ask(self, shown: BasketShown) -> None:
        """Look around in a basket soon, instead of its lane's last one."""
        with self._lock:
            self._waiting.pop(shown.basket.lane, None)
            self._waiting[shown.basket.lane] = (time.monotonic() + self._quiet_s, shown)
            self._lock.notify()

    def forget(self, lane: str) -> None:
        """Do not look around in what is sold already."""
        with self._lock:
            self._waiting.pop(lane, None)

    def known(self, shown: BasketShown) -> tuple[NearMiss, ...]:
        """Return what was found for this revision of a basket, if anything yet."""
        rev, found = self._found.get(shown.basket.basket_id, (0, ()))
        return found if rev == shown.basket.rev else ()

    def turn(self) -> tuple[BasketShown, tuple[NearMiss, ...]] | None:
        """Look around in one basket; None when there was none, or there is nothing to say."""
        with self._lock:
            shown = self._due() or self._due(WAIT_S)
        if shown is None:
            return None
        found = _found(shown)
        with self._lock:
            self._found.pop(shown.basket.basket_id, None)
            self._found[shown.basket.basket_id] = (shown.basket.rev, found)
            while len(self._found) > KEPT_MAX:
                self._found.pop(next(iter(self._found)))
            is_newest = shown.basket.lane not in self._waiting
        return (shown, found) if found and is_newest else None

    def _due(self, wait_s: float = 0.0) -> BasketShown | None:
        """Return the basket that has rested longest, after waiting for one to rest."""
        if wait_s:
            left = (due - time.monotonic() for due, _ in self._waiting.values())
            self._lock.wait(max(0.0, min(left, default=wait_s)))
        for lane, (due, shown) in self._waiting.items():
            if due <= time.monotonic():
                del self._waiting[lane]
                return shown
        return None


def _found(shown: BasketShown) -> tuple[NearMiss, ...]:
    quote = shown.priced.quote
    if not shown.basket.is_live or not quote.basket.lines or quote.fallback is not None:
        return ()
    try:
        return near_misses(quote.asked, quote.rules.bundle, quote.priced)
    except Fault:
        return ()
