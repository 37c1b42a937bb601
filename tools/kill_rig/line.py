"""A shop's line to the cloud: a relay that can be cut hard, made silent, and mended either way."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

CHUNK = 65_536
JOIN_S = 5.0


class Way(StrEnum):
    """How a line stands: it carries, is silent both ways, refuses, or is dead one way."""

    CARRIES = "carries"
    SILENT = "silent"
    REFUSES = "refuses"
    DEAF = "deaf"  # what the box sends arrives, what the cloud answers does not


@dataclass(slots=True)
class Loop:
    """One thread with an event loop for every line."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self.thread = threading.Thread(target=self.loop.run_forever, name="lines", daemon=True)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the loop and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self.loop).result(JOIN_S)

    def stop(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if self.thread is not None:
            self.thread.join(JOIN_S)
        self.loop.close()


class Line:
    """Relays loopback ports to targets; its methods may be called from any thread."""

    def __init__(self, loop: Loop, targets: Mapping[int, tuple[str, int]]) -> None:
        self._loop = loop
        self._targets = targets
        self._way = Way.CARRIES
        self._changed = asyncio.Event()
        self._relays: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self.carried = 0

    def start(self) -> None:
        """Listen."""
        self._loop.run(self._listen())

    def cut(self, way: Way) -> None:
        """Let the line stand like that; refusing ends what is open."""
        self._loop.run(self._set(way, reset=way == Way.REFUSES))

    def mend(self, *, reset: bool) -> None:
        """Let bytes pass again; with `reset` connections of before are ended, as by a router."""
        self._loop.run(self._set(Way.CARRIES, reset=reset))

    def stop(self) -> None:
        """Close everything."""
        self._loop.run(self._close())

    def open_relays(self) -> int:
        """Return how many connections stand."""
        return len(self._relays)

    # ---- on the loop ----------------------------------------------------------------------------

    async def _listen(self) -> None:
        for port, target in self._targets.items():

            async def accept(
                reader: asyncio.StreamReader,
                writer: asyncio.StreamWriter,
                target: tuple[str, int] = target,
            ) -> None:
                await self._relay(reader, writer, target)

            self._servers.append(await asyncio.start_server(accept, "127.0.0.1", port))

    async def _set(self, way: Way, *, reset: bool) -> None:
        self._way = way
        self._changed.set()
        self._changed = asyncio.Event()
        if reset:
            for relay in list(self._relays):
                relay.cancel()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        relays = list(self._relays)
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)

    async def _relay(
        self,
        near_in: asyncio.StreamReader,
        near_out: asyncio.StreamWriter,
        target: tuple[str, int],
    ) -> None:
        task = asyncio.current_task()
        if self._way == Way.REFUSES or task is None:
            near_out.close()
            return
        self._relays.add(task)
        far_out: asyncio.StreamWriter | None = None
        try:
            await self._passes({Way.CARRIES, Way.DEAF})
            far_in, far_out = await asyncio.open_connection(*target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(near_in, far_out, {Way.CARRIES, Way.DEAF}))
                both.create_task(self._pump(far_in, near_out, {Way.CARRIES}))
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._relays.discard(task)
            for writer in (near_out, far_out):
                if writer is not None:
                    with suppress(RuntimeError):
                        writer.transport.abort()

    async def _passes(self, ways: set[Way]) -> None:
        while self._way not in ways:
            await self._changed.wait()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ways: set[Way]
    ) -> None:
        while chunk := await reader.read(CHUNK):
            await self._passes(ways)
            self.carried += len(chunk)
            writer.write(chunk)
            await writer.drain()
        raise EOFError
