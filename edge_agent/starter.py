"""`regulars-start`: what systemd starts; it counts the start, picks the slot, and becomes it.

It belongs to what the installer put on the box and is never part of a release: a release that does
not even start is left by it. Whatever goes wrong here, the installed program is started, which
says what it finds.
"""

import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed_version
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from edge_agent.adapters.slot_folder import SlotFolder
from retail_core.fleet.slots import FACTORY, Slots, boot, broken

# Its value is the version of what the installer put there.
STARTER = "REGULARS_STARTER"
SLOT = "REGULARS_SLOT"
SLOT_DIR = "REGULARS_SLOT_DIR"


def main() -> NoReturn:
    """Start the program with our own arguments; does not return."""
    arguments = sys.argv[1:]
    try:
        environment = chosen(data_dir(arguments), os.environ)
    except Exception as error:  # noqa: BLE001 -- a broken card or file must not keep the shop shut
        sys.stderr.write(f'{{"event": "starter_failed", "error": "{type(error).__name__}"}}\n')
        environment = bare(os.environ)
    program = command(arguments)
    os.execve(program[0], program, environment)  # noqa: S606 -- to become it is the point


def command(arguments: Sequence[str]) -> list[str]:
    """Return the program's command line; where its modules lie is said by the environment."""
    return [sys.executable, "-sP", "-m", "edge_agent", *arguments]


def data_dir(arguments: Sequence[str]) -> Path:
    """Return the folder of the box's state, as the config file of the command line names it."""
    pairs = pairwise(arguments)
    named = [after for before, after in pairs if before in {"--config", "-c"}]
    config = Path(named[-1]).absolute()
    said = tomllib.loads(config.read_text(encoding="utf-8"))["data_dir"]
    return config.parent / str(said)


def chosen(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Count the start, on disk before anything of the slot runs; return its environment."""
    shelf = SlotFolder(folder)
    before = shelf.read()
    slots, name = whole(shelf, *boot(before))
    if slots != before:
        shelf.write(slots)
    shelf.point(name)
    if name == FACTORY:
        return bare(environment)
    place = shelf.place(name)
    return {
        **bare(environment),
        "PYTHONPATH": str(place / "lib"),
        "PYTHONPYCACHEPREFIX": str(shelf.cache(name)),
        SLOT: name,
        SLOT_DIR: str(place),
    }


def whole(shelf: SlotFolder, slots: Slots, name: str) -> tuple[Slots, str]:
    """Return what is started once slots whose files changed on the card are left out."""
    while name != FACTORY and shelf.digest(name) != slots.slot(name).digest:
        slots, name = boot(broken(slots, name))
    return slots, name


def bare(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the installed program."""
    ours = {"PYTHONPATH", "PYTHONPYCACHEPREFIX", SLOT, SLOT_DIR}
    kept = {name: value for name, value in environment.items() if name not in ours}
    return {**kept, STARTER: installed_version("regulars")}


if __name__ == "__main__":
    main()
