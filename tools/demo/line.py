"""A shop's network line: a TCP relay that can be cut, so that nothing at all passes any more.

A cut line behaves like a dead router, not like a closed port: connections stay open and silent, new
ones get no answer. That is the harder case for the agent, which must notice by itself.
"""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field

CHUNK = 65_536
JOIN_S = 3.0


@dataclass(slots=True)
class Line:
    """Relays loopback ports to targets; `cut()` and `mend()` may come from any thread."""

    targets: dict[int, tuple[str, int]]
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _open: asyncio.Event | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _servers: list[asyncio.Server] = field(default_factory=list)

    def start(self) -> None:
        """Listen on every port and relay from now on."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self._run(self._listen())

    def cut(self) -> None:
        """Let no byte pass in either direction until `mend`."""
        self._run(self._set(passes=False))

    def mend(self) -> None:
        """Let bytes pass again; connections of before the cut are reset, as after a router boot."""
        self._run(self._set(passes=True))

    def stop(self) -> None:
        """Close everything."""
        if self._thread is None:
            return
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN_S)
        self._loop.close()
        self._thread = None

    def _run(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(JOIN_S)

    async def _listen(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        for port, target in self.targets.items():

            async def accept(
                reader: asyncio.StreamReader,
                writer: asyncio.StreamWriter,
                target: tuple[str, int] = target,
            ) -> None:
                await self._relay(reader, writer, target)

            self._servers.append(await asyncio.start_server(accept, "127.0.0.1", port))

    async def _set(self, *, passes: bool) -> None:
        if self._open is None:
            return
        if passes:
            for task in list(self._tasks):
                task.cancel()
            self._open.set()
        else:
            self._open.clear()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(
        self,
        near_in: asyncio.StreamReader,
        near_out: asyncio.StreamWriter,
        target: tuple[str, int],
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        far_out: asyncio.StreamWriter | None = None
        try:
            await self._passing()
            far_in, far_out = await asyncio.open_connection(*target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(near_in, far_out))
                both.create_task(self._pump(far_in, near_out))
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            for writer in (near_out, far_out):
                if writer is not None:
                    writer.close()

    async def _passing(self) -> None:
        if self._open is not None:
            await self._open.wait()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            await self._passing()
            writer.write(chunk)
            await writer.drain()
        raise EOFError
