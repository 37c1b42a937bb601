"""What the first customer would wait for is done beside the start."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from starlette.types import Scope

from retail_core.pricing.solver.model import highs

_NOWHERE: Scope = {
    "type": "http",
    "method": "GET",
    "path": "/v1/nowhere",
    "root_path": "",
    "query_string": b"",
    "headers": [],
}


@contextmanager
def warmed_beside(app: FastAPI) -> Iterator[None]:
    """Begin in a thread of its own: the models of every route, and the integer programs.

    The framework builds a route's models when it is first looked for, 0.4 s for all of them; the
    library of integer programs takes half a second to load, and few baskets need it. What lives to
    the end is then left out of collections: walking it took 76 ms in which no till is answered.
    When the program ends it is collected like everything else: else what native libraries handed
    out is never given back, and they complain.
    """
    over, turn = threading.Event(), threading.Lock()

    def warm() -> None:
        for route in app.router.routes:
            route.matches(_NOWHERE)
        highs()
        with turn:
            if not over.is_set():
                gc.collect()
                gc.freeze()

    threading.Thread(target=warm, name="warm", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        with turn:
            gc.unfreeze()
