"""Making ready the types that are decoded, before two threads meet one.

msgspec works out what a type is made of when it first meets it, and shows the unfinished answer to
other threads: two that decode one type for the first time at once can end the whole program with a
segmentation fault. So a program works out all of them while it is alone, and those of our modules
that are loaded later as they are loaded: the lock of an import keeps everybody else away from them.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import msgspec

OURS = frozenset({"retail_core", "edge_agent", "cloud_broker", "regulars_cli"})
_met: set[type[msgspec.Struct]] = set()


def make_ready() -> int:
    """Work out every struct that is loaded, and from now on those that are loaded later.

    Returns how many. Call it before threads are started, in each process that has any.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return sum(_made_ready(kind) for kind in set(_below(msgspec.Struct)))


def unmet() -> tuple[str, ...]:
    """Name the structs of ours that are loaded and were not looked at, for whoever checks."""
    found = (kind for kind in _below(msgspec.Struct) if kind not in _met)
    return tuple(sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in found if _ours(kind)))


def _made_ready(kind: type[msgspec.Struct]) -> bool:
    _met.add(kind)
    with suppress(TypeError, NameError):  # holds what no bytes can: nobody decodes it
        msgspec.json.Decoder(kind)
        return True
    return False


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _ours(kind: type[msgspec.Struct]) -> bool:
    return kind.__module__.partition(".")[0] in OURS


class _Finder(MetaPathFinder):
    """Finds our own modules as ever, and has them worked out once they are loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in OURS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _ReadyLoader(spec.loader)
        return spec


class _ReadyLoader(Loader):
    """Loads a module by another loader, then works out the structs it brought."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for kind in vars(module).copy().values():
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in _met:
                _made_ready(kind)

    def __getattr__(self, name: str) -> Any:
        """Whatever else loaders can do (sources, resources) the other one does."""
        return getattr(self._loader, name)
