"""Live updates: one stream a viewer. A snapshot unless the page is up to date, then deltas.

The version of a page is a hash of its content and travels as the event's id, so a viewer that comes
back after a break gets nothing when nothing changed, and the whole page when something did.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from starlette.concurrency import run_in_threadpool

from cloud_broker.console.deltas import Delta, delta, snapshot
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.views import LIVE_SALES, ROOMY_STORES_MAX, Wall, wall_of, with_tiles
from cloud_broker.ports.live import LiveEvent, LiveFeed
from cloud_broker.services.overview import Overview, SaleRow
from retail_core.errors import Fault

TICK_S = 5.0
GAP_S = 0.2
TICKS_PER_SESSION_CHECK = 12
SIGNED_OUT = "event: signed-out\ndata: \n\n"
BEAT = ": beat\n\n"


class Stream:
    """The messages for one viewer."""

    def __init__(self, shell: Shell, visit: Visit, known: str, *, gap_s: float = GAP_S) -> None:
        self._shell = shell
        self._visit = visit
        self._known = known
        self._gap_s = gap_s
        self._ticks = 0
        self._overview: Overview | None = None
        self._sales: tuple[SaleRow, ...] = ()

    async def messages(self) -> AsyncGenerator[str]:
        """Yield server-sent events until the viewer leaves or the session ends."""
        # Subscribed before the first read: what happens in between is seen twice, never missed.
        feed = self._shell.deps.hub.subscribe(self._visit.who.tenant_id)
        try:
            shown = await run_in_threadpool(self._read, None)
            current = shown.version() == self._known
            yield BEAT if current else self._message(snapshot(), shown)
            async for event in self._events(feed):
                if event is None and not await run_in_threadpool(self._signed_in):
                    yield SIGNED_OUT
                    return
                fresh = await run_in_threadpool(self._read, event)
                changed = delta(shown, fresh)
                yield self._message(changed, fresh) if changed else BEAT
                shown = fresh
        finally:
            feed.close()

    async def _events(self, feed: LiveFeed) -> AsyncIterator[LiveEvent | None]:
        """Yield what happened, None for a tick; never more often than the gap allows."""
        while True:
            yield await feed.next(TICK_S)
            await asyncio.sleep(self._gap_s)

    def _signed_in(self) -> bool:
        self._ticks += 1
        if self._ticks % TICKS_PER_SESSION_CHECK:
            return True
        try:
            self._shell.deps.auth.who(self._visit.token)
        except Fault:
            return False
        return True

    def _read(self, event: LiveEvent | None) -> Wall:
        """Read what the event is about; all of it on a tick, or when the wall is small."""
        queries, tenant = self._shell.deps.queries, self._visit.who.tenant_id
        held = self._overview
        partly = held is not None and len(held.stores) > ROOMY_STORES_MAX
        if held is not None and partly and event is not None and event.stores:
            self._overview = with_tiles(held, queries.store_tiles(tenant, event.stores))
        else:
            self._overview = queries.overview(tenant)
        if event is None or event.kinds & {"sale", "member"}:
            self._sales = queries.sales(tenant, limit=LIVE_SALES)
        return wall_of(self._overview, self._sales)

    def _message(self, changed: Delta, wall: Wall) -> str:
        visit = replace(self._visit, now_ms=self._shell.deps.now_ms())
        html = self._shell.part(visit, "delta.html", delta=changed, wall=wall)
        return event_text(html, wall.version())


def event_text(html: str, version: str) -> str:
    """Frame a message: its id, then one `data:` a line, then the blank line that ends it."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"id: {version}\n{lines}\n"
