"""What the first customer would wait for is done beside the start."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from retail_core.checkout.basket import Basket
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.solver.model import highs

# One at a time, whoever leaves things out of collections or takes them in again.
_turn = threading.Lock()


@contextmanager
def warmed_beside(*, programs: bool) -> Iterator[None]:
    """Begin in a thread of its own: with `programs` HiGHS, and a last collection of all there is.

    The library of integer programs takes half a second to load, and few baskets need it. What lives
    to the end is left out of collections: walking it took 76 ms in which no till is answered. When
    the program ends it is collected like everything else: else what native libraries handed out is
    never given back, and they complain.
    """
    over = threading.Event()

    def warm() -> None:
        if programs:
            highs()
        with _turn:
            if not over.is_set():
                gc.collect()
                gc.freeze()

    threading.Thread(target=warm, name="warm", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        with _turn:
            gc.unfreeze()


class ProgramsSoon:
    """A way to price, beside whose first basket of two lines HiGHS begins to load.

    The library and the arrays it stands on take 15 MB, which a box that nobody buys at does not
    carry: its trial of a sale has one line. No basket waits, the first is rung up while they load.
    """

    def __init__(self, price: Callable[..., PricedBasket] = price_basket) -> None:
        self._price = price
        self._begun = False

    def __call__(self, basket: Basket, *asked: Any, **more: Any) -> PricedBasket:
        """Price as it always was."""
        if not self._begun and len(basket.lines) > 1:
            self._begun = True
            threading.Thread(target=_load_programs, name="programs", daemon=True).start()
        return self._price(basket, *asked, **more)


def _load_programs() -> None:
    highs()
    with _turn:
        if gc.get_freeze_count():  # as long as the program leaves things out
            gc.collect()
            gc.freeze()
