"""Devices in memory: a test plugs and unplugs them."""

from collections.abc import Callable

from edge_agent.domain.devices import Seen


class FakeDeviceBus:
    """Fulfils `DeviceBus`."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._changed = False

    def plug(self, one: Seen) -> None:
        self._seen[one.path] = one
        self._changed = True

    def unplug(self, path: str) -> None:
        del self._seen[path]
        self._changed = True

    def show(self, *seen: Seen) -> None:
        self._seen = {one.path: one for one in seen}
        self._changed = True

    def devices(self) -> tuple[Seen, ...]:
        return tuple(self._seen.values())

    def wait(self, *, timeout_ms: int) -> bool:
        changed, self._changed = self._changed, False
        return changed

    def wake(self) -> None:
        """Nobody sleeps here."""

    def close(self) -> None:
        """Nothing is open."""


class FakeLineListener:
    """Fulfils `LineListener`: says what `speaks` says of a path; keeps what was asked."""

    def __init__(
        self, speaks: Callable[[str, bytes], bytes] = lambda _path, _question: b""
    ) -> None:
        self.speaks = speaks
        self.asked: list[tuple[str, bytes]] = []

    def listen(self, path: str, *, question: bytes, timeout_ms: int) -> bytes:
        self.asked.append((path, question))
        return self.speaks(path, question)
