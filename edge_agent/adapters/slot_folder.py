"""The two slots as directories, with the standard library alone: the starter needs it as well.

state.json   how the slots stand; replaced whole, so a cut leaves the old or the new state
a/  b/       what the releases brought: lib/ models/ device_configs/
current      a link to what was started last, for people
"""

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from retail_core.errors import Fault
from retail_core.fleet.slots import FACTORY, NAMES, Slot, Slots, Stage
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:  # the starter needs no list of a release, nor the library that reads it
    from retail_core.fleet.release import Part

STATE = "state.json"
CURRENT = "current"
FOLDER = "slots"
BLOCK = 1 << 20
INTO = {"agent": "lib", "models": "models", "configs": "device_configs"}


class SlotFolder:
    """Fulfils `SlotShelf`."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / FOLDER

    def read(self) -> Slots:
        """Return how the slots stand; what nobody can read is a box as it was installed."""
        try:
            held = json.loads((self.root / STATE).read_bytes())
            slots = Slots(
                active=held["active"],
                a=_slot(held["a"]),
                b=_slot(held["b"]),
                starts=int(held["starts"]),
                before=held["before"],
                bad=tuple(int(one) for one in held["bad"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Slots()
        known = slots.active in {FACTORY, *NAMES} and slots.before in {None, FACTORY, *NAMES}
        return slots if known and slots.slot(slots.active).stage is Stage.GOOD else Slots()

    def write(self, slots: Slots) -> None:
        """Keep how they stand."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.root / f"{STATE}.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(slots), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.root / STATE)
        _sync(self.root)

    @property
    def downloads(self) -> Path:
        """The folder for files that are being fetched."""
        folder = self.root / "downloads"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def place(self, name: str) -> Path:
        """Return a slot's folder."""
        return self.root / name

    def clear(self, name: str) -> None:
        """Empty a slot, its compiled files too."""
        for folder in (self.place(name), self.cache(name)):
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)

    def cache(self, name: str) -> Path:
        """Return where Python keeps what it compiled of a slot: never in the slot itself."""
        return self.root / f"cache-{name}"

    def unpack(self, name: str, part: "Part", packed: Path) -> None:
        """Unpack a fetched part into a slot; Fault RELEASE_WRONG for anything but plain files."""
        # Here alone: the starter, which uses this module, needs no more than Python.
        import tarfile  # noqa: PLC0415 -- as zstandard

        import zstandard  # noqa: PLC0415 -- see above

        place = self.place(name) / INTO[part.kind]
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        left = part.unpacked
        try:
            with (
                packed.open("rb") as file,
                zstandard.ZstdDecompressor().stream_reader(file) as plain,
                tarfile.open(fileobj=io.BufferedReader(plain, BLOCK), mode="r|") as tree,
            ):
                for entry in tree:
                    left -= entry.size
                    if left < 0 or not (entry.isreg() or entry.isdir()):
                        raise Fault(FaultCode.RELEASE_WRONG, what=f"{part.path}: {entry.name[:80]}")
                    tree.extract(entry, place, filter="data")
        except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
            raise Fault(FaultCode.RELEASE_WRONG, what=f"{part.path}: {error}"[:160]) from None

    def digest(self, name: str) -> str:
        """Return the sum over all files of a slot, which are on disk then."""
        total = sha256()
        for path in _files(self.place(name)):
            total.update(f"{path.relative_to(self.place(name)).as_posix()}\0".encode())
            with path.open("rb") as file:
                os.fsync(file.fileno())
                whole = sha256()
                while block := file.read(BLOCK):
                    whole.update(block)
            total.update(whole.digest())
        return total.hexdigest()

    def free_bytes(self) -> int:
        """Return how much room there is."""
        return shutil.disk_usage(self.downloads).free

    def tidy(self) -> None:
        """Delete what was fetched."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.root / "downloads")

    def point(self, name: str) -> None:
        """Let `current` lead to what is started; only people read it."""
        link, fresh = self.root / CURRENT, self.root / f"{CURRENT}.new"
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
            if name == FACTORY:
                link.unlink(missing_ok=True)
                return
            fresh.symlink_to(name)
            fresh.replace(link)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _slot(held: dict[str, object]) -> Slot:
    number = held["number"]
    if not isinstance(number, int):
        raise TypeError("number")
    stage, version = Stage(str(held["stage"])), str(held["version"])
    return Slot(stage, number, version, str(held["digest"]), str(held["code"]))


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
