"""A library that is loaded when it is first used: programs stay small that never come to it."""

from importlib import import_module
from typing import Any


class Late:
    """A module by its name, loaded for the first thing that is asked of it; safe in threads."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        """Return what the module has by a name, and have it ourselves from now on."""
        found = getattr(import_module(self._module), name)
        setattr(self, name, found)
        return found
