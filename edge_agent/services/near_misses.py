"""What a little more would save: looked for beside the counter, so that no scan waits for it.

The newest basket of a lane is looked at; a basket that changed meanwhile is not worth telling of.
"""

import threading
from uuid import UUID

from edge_agent.services.baskets import BasketShown
from retail_core.errors import Fault
from retail_core.pricing.certificate import NearMiss
from retail_core.pricing.proof.near_miss import near_misses

WAIT_S = 0.5
KEPT_MAX = 64


class NearMisses:
    """One thread looks, any may ask."""

    def __init__(self) -> None:
        self._waiting: dict[str, BasketShown] = {}
        self._found: dict[UUID, tuple[int, tuple[NearMiss, ...]]] = {}
        self._lock = threading.Condition()

    def ask(self, shown: BasketShown) -> None:
        """Look around in a basket soon, instead of its lane's last one."""
        with self._lock:
            self._waiting[shown.basket.lane] = shown
            self._lock.notify()

    def known(self, shown: BasketShown) -> tuple[NearMiss, ...]:
        """Return what was found for this revision of a basket, if anything yet."""
        rev, found = self._found.get(shown.basket.basket_id, (0, ()))
        return found if rev == shown.basket.rev else ()

    def turn(self) -> tuple[BasketShown, tuple[NearMiss, ...]] | None:
        """Look around in one basket; None when there was none, or there is nothing to say."""
        with self._lock:
            if not self._waiting:
                self._lock.wait(WAIT_S)
            if not self._waiting:
                return None
            shown = self._waiting.pop(next(iter(self._waiting)))
        found = _found(shown)
        with self._lock:
            self._found.pop(shown.basket.basket_id, None)
            self._found[shown.basket.basket_id] = (shown.basket.rev, found)
            while len(self._found) > KEPT_MAX:
                self._found.pop(next(iter(self._found)))
            is_newest = shown.basket.lane not in self._waiting
        return (shown, found) if found and is_newest else None


def _found(shown: BasketShown) -> tuple[NearMiss, ...]:
    quote = shown.priced.quote
    if not shown.basket.is_live or not quote.basket.lines or quote.fallback is not None:
        return ()
    try:
        return near_misses(quote.asked, quote.rules.bundle, quote.priced)
    except Fault:
        return ()
