"""An order's progress, live: the part of its page, sent again whenever it is another one."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from hashlib import blake2b

from starlette.concurrency import run_in_threadpool

from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.stream import (
    BEAT,
    GAP_S,
    SIGNED_OUT,
    TICK_S,
    TICKS_PER_SESSION_CHECK,
    event_text,
)
from retail_core.errors import Fault


class OrderStream:
    """The messages for one viewer; what has not changed is not sent."""

    def __init__(self, shell: Shell, visit: Visit, part: Callable[[], str]) -> None:
        self._shell = shell
        self._visit = visit
        self._part = part

    async def messages(self) -> AsyncGenerator[str]:
        """Yield server-sent events until the viewer leaves or the session ends."""
        feed = self._shell.deps.hub.subscribe(self._visit.who.tenant_id)
        ticks, shown = 0, ""
        try:
            while True:
                html = await run_in_threadpool(self._part)
                version = blake2b(html.encode(), digest_size=12).hexdigest()
                yield BEAT if version == shown else event_text(html, version)
                shown = version
                event = await feed.next(TICK_S)
                ticks += event is None
                due = event is None and ticks % TICKS_PER_SESSION_CHECK == 0
                if due and not await run_in_threadpool(self._signed_in):
                    yield SIGNED_OUT
                    return
                await asyncio.sleep(GAP_S)
        finally:
            feed.close()

    def _signed_in(self) -> bool:
        try:
            self._shell.deps.auth.who(self._visit.token)
        except Fault:
            return False
        return True
