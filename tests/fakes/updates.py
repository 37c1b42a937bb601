"""Releases and slots in memory."""

from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.ports.updates import Stopped
from retail_core.errors import Fault
from retail_core.fleet.release import Part, Release
from retail_core.fleet.slots import Slots
from retail_core.texts.faults import FaultCode


@dataclass
class FakeReleaseSource:
    """A `ReleaseSource`: `content` of parts by path; `fault` is what the next call ends with."""

    content: dict[str, bytes] = field(default_factory=dict)
    offers: dict[int, Release] = field(default_factory=dict)
    fault: Fault | None = None
    asked: int = 0

    def release(self, number: int) -> Release:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        if number not in self.offers:
            raise Fault(FaultCode.RELEASE_UNKNOWN, what=str(number))
        return self.offers[number]

    def offered(self, number: int) -> bool:
        return number in self.offers

    def size(self, part: Part) -> int:
        return len(self.content[part.path])

    def fetch(self, part: Part, into: Path, stopped: Stopped) -> bool:
        if stopped():
            return False
        into.write_bytes(self.content[part.path])
        return True


@dataclass
class FakeSlotShelf:
    """A `SlotShelf` whose slots hold the names of parts and their bytes."""

    folder: Path
    slots: Slots = field(default_factory=Slots)
    held: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"a": {}, "b": {}})
    room: int = 10**9

    def read(self) -> Slots:
        return self.slots

    def write(self, slots: Slots) -> None:
        self.slots = slots

    @property
    def downloads(self) -> Path:
        folder = self.folder / "downloads"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear(self, name: str) -> None:
        self.held[name] = {}

    def unpack(self, name: str, part: Part, packed: Path) -> None:
        content = packed.read_bytes()
        if not content.startswith(b"tree"):
            raise Fault(FaultCode.RELEASE_WRONG, what=part.path)
        self.held[name][part.path] = content

    def digest(self, name: str) -> str:
        return repr(sorted(self.held[name].items()))

    def free_bytes(self) -> int:
        return self.room

    def tidy(self) -> None:
        for one in self.downloads.iterdir():
            one.unlink()
