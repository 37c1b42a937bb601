"""Making ready the types that are decoded, before there are threads.

msgspec works out what a type is made of when it first meets it, and shows the unfinished answer to
other threads: two that decode one type for the first time at once can end the whole program with a
segmentation fault. So a program works out all of them while it is alone.
"""

from collections.abc import Iterator
from contextlib import suppress

import msgspec


def make_ready() -> int:
    """Work out every struct that is loaded; return how many. Call it before threads are started."""
    return sum(_made_ready(kind) for kind in set(_below(msgspec.Struct)))


def _made_ready(kind: type[msgspec.Struct]) -> bool:
    with suppress(TypeError, NameError):  # holds what no bytes can: nobody decodes it
        msgspec.json.Decoder(kind)
        return True
    return False


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
