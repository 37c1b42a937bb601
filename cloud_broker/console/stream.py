"""Live updates: one stream a viewer. A snapshot unless the page is up to date, then deltas.

The version of a page is a hash of its content and travels as the event's id, so a viewer that comes
back after a break gets nothing when nothing changed, and the whole page when something did.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from cloud_broker.console.deltas import Delta, delta, snapshot
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.console.tile_words import TileWords
from cloud_broker.console.views import (
    LIVE_SALES,
    ROOMY_STORES_MAX,
    TileView,
    Wall,
    wall_of,
    with_tiles,
)
from cloud_broker.ports.live import LiveEvent, LiveFeed
from cloud_broker.services.access.overview import Overview, SaleRow
from retail_core.errors import Fault

TICK_S = 5.0
GAP_S = 0.25
# A dense wall: so many tiles a message, and its lists and sums with every so many messages.
TILES_MAX = 250
TURNS_PER_PARTS = 4
# Nothing happened, but not everything is said.
UNCHANGED = LiveEvent(UUID(int=0), frozenset())
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
        self._words = TileWords(texts(visit.language), shell.deps.zone)
        # What the page's parts show may be older than what its tiles do: parts are sent less often.
        self._parts_of: Wall | None = None
        self._tiles_of: dict[UUID, TileView] = {}
        self._turn = 0
        self._unsaid = False

    async def messages(self) -> AsyncGenerator[str]:
        """Yield server-sent events until the viewer leaves or the session ends."""
        # Subscribed before the first read: what happens in between is seen twice, never missed.
        feed = self._shell.deps.hub.subscribe(self._visit.who.tenant_id)
        try:
            shown = await run_in_threadpool(self._read, None)
            current = shown.version() == self._known
            yield BEAT if current else self._message(snapshot(), shown)
            self._parts_of, self._tiles_of = shown, _by_id(shown)
            async for event in self._events(feed):
                if event is None and not await run_in_threadpool(self._signed_in):
                    yield SIGNED_OUT
                    return
                fresh = await run_in_threadpool(self._read, event)
                yield await run_in_threadpool(self._changed, shown, fresh) or BEAT
                shown = fresh
        finally:
            feed.close()

    def _changed(self, shown: Wall, fresh: Wall) -> str:
        """Return what a page has to be told, "" for nothing."""
        if fresh.roomy or shown.roomy:
            self._parts_of, self._tiles_of = fresh, _by_id(fresh)
            changed = delta(shown, fresh)
            return self._message(changed, fresh) if changed else ""
        held, self._turn = self._parts_of or shown, self._turn + 1
        changed = replace(delta(held, fresh), tiles=())
        known = {tile.store_id for group in changed.groups for tile in group.tiles}
        if "wall" in changed.parts or changed.groups or self._turn % TURNS_PER_PARTS == 0:
            self._parts_of = fresh
            whole = "wall" in changed.parts
            self._tiles_of |= {
                key: tile for key, tile in _by_id(fresh).items() if whole or key in known
            }
        else:
            changed = Delta()
        return self._batch(changed, fresh)

    def _batch(self, changed: Delta, fresh: Wall) -> str:
        """Return the parts of a dense page, if it is their turn, and a batch of its tiles."""
        every = _by_id(fresh)
        tiles = [tile for key, tile in every.items() if self._tiles_of.get(key) != tile]
        sent = tiles[:TILES_MAX]
        self._tiles_of |= {tile.store_id: tile for tile in sent}
        self._unsaid = len(tiles) > len(sent)
        # A page that is not told everything yet must not take the name of the whole.
        named = not self._unsaid and self._parts_of == fresh
        if named:
            self._turn = 0
        batch = f"event: tiles\ndata: {self._words.batch(fresh.figures, sent)}\n\n" if sent else ""
        parts = self._message(changed, fresh, named=named) if changed else ""
        return batch + parts

    async def _events(self, feed: LiveFeed) -> AsyncIterator[LiveEvent | None]:
        """Yield what happened, None for a tick; never more often than the gap allows."""
        while True:
            waiting = self._unsaid or (self._parts_of is not None and self._turn % TURNS_PER_PARTS)
            event = await feed.next(self._gap_s if waiting else TICK_S)
            yield UNCHANGED if event is None and waiting else event
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
        if held is not None and event is UNCHANGED:
            return wall_of(held, self._sales)
        partly = held is not None and len(held.stores) > ROOMY_STORES_MAX
        if held is not None and partly and event is not None and event.stores:
            self._overview = with_tiles(held, queries.store_tiles(tenant, event.stores))
        else:
            self._overview = queries.overview(tenant)
        if event is None or event.kinds & {"sale", "member"}:
            self._sales = queries.sales(tenant, limit=LIVE_SALES)
        return wall_of(self._overview, self._sales)

    def _message(self, changed: Delta, wall: Wall, *, named: bool = True) -> str:
        visit = replace(self._visit, now_ms=self._shell.deps.now_ms())
        html = self._shell.part(visit, "delta.html", delta=changed, wall=wall)
        return event_text(html, wall.version() if named else "")


def event_text(html: str, version: str) -> str:
    """Frame a message: its id, if any, one `data:` a line, then the blank line that ends it."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"id: {version}\n{lines}\n" if version else f"{lines}\n"


def _by_id(wall: Wall) -> dict[UUID, TileView]:
    return {tile.store_id: tile for group in wall.groups for tile in group.tiles}
