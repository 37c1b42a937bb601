"""The live stream: a snapshot unless up to date, deltas, ticks, the end of a session."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from cloud_broker.console import stream as stream_module
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.stream import BEAT, SIGNED_OUT, Stream, event_text
from cloud_broker.console.views import LIVE_SALES, wall_of
from cloud_broker.ports.live import LiveKind
from tests.unit.cloud_broker_console import console_fakes as fakes


class Viewer:
    """A stream with its fakes; `next` gives one message."""

    def __init__(self, number: int = 3, known: str = "") -> None:
        self.queries = fakes.FakeHqQueries(fakes.tiles(number), (fakes.sale(0),))
        self.auth = fakes.FakeHqAuth()
        self.hub = fakes.RingHub()
        shell = Shell(fakes.deps(self.queries, self.auth, self.hub))
        visit = Visit(self.auth.identity, fakes.TOKEN, "zh", fakes.NOW_MS, "/console/stream")
        self.messages = Stream(shell, visit, known or self.version(), gap_s=0).messages()

    def version(self) -> str:
        sales = self.queries.sales(fakes.TENANT, limit=LIVE_SALES)
        return wall_of(self.queries.overview(fakes.TENANT), sales).version()

    async def next(self) -> str:
        return await asyncio.wait_for(anext(self.messages), 5)

    async def after(self, *kinds: LiveKind, stores: tuple[UUID, ...] = ()) -> str:
        """Ring and return what the viewer gets; no kinds is a tick."""
        self.hub.ring(*kinds, stores=stores)
        return await self.next()


@pytest.fixture
async def viewer() -> AsyncIterator[Viewer]:
    made = Viewer()
    assert await made.next() == BEAT
    yield made
    await made.messages.aclose()
    assert all(feed.closed for feed in made.hub.feeds)


async def test_a_page_that_is_behind_gets_everything_first() -> None:
    viewer = Viewer(known="old")
    message = await viewer.next()
    assert message.startswith(f"id: {viewer.version()}\n")
    for target in ("figures", "totals", "issues", "wall-groups", "live-sales"):
        assert f'hx-target="#{target}"' in message
    await viewer.messages.aclose()


async def test_a_page_that_is_up_to_date_gets_nothing_until_something_happens(
    viewer: Viewer,
) -> None:
    assert await viewer.after() == BEAT


async def test_a_sale_arrives_with_its_shop(viewer: Viewer) -> None:
    sold = fakes.sale(3, total_fen=9_900)
    viewer.queries.all_sales = (sold, *viewer.queries.all_sales)
    store = replace(viewer.queries.stores[0], sales_today=50)
    viewer.queries.stores = (store, *viewer.queries.stores[1:])
    message = await viewer.after("sale", stores=(store.store_id,))
    assert "¥99.00" in message
    assert f'hx-target="#tile-{store.store_id}"' in message
    assert 'hx-target="#wall-groups"' not in message
    assert message.endswith("\n\n")


async def test_every_line_of_a_message_is_framed(viewer: Viewer) -> None:
    viewer.queries.stores = fakes.tiles(4)
    message = await viewer.after("store")
    lines = message.removesuffix("\n\n").split("\n")
    assert lines[0].startswith("id: ")
    assert all(line.startswith("data: ") for line in lines[1:])


async def test_a_large_wall_reads_only_the_shops_that_changed() -> None:
    viewer = Viewer(number=60)
    assert await viewer.next() == BEAT
    changed = replace(viewer.queries.stores[5], sales_today=77)
    viewer.queries.stores = (*viewer.queries.stores[:5], changed, *viewer.queries.stores[6:])
    message = await viewer.after("store", stores=(changed.store_id,))
    assert viewer.queries.partial_reads == 1
    assert message.startswith("event: tiles\ndata: {")
    assert f'["{changed.store_id}","ok","{changed.name} · 可售 · ' in message
    assert "id:" not in message, "the sums are not said yet"
    for _ in range(stream_module.TURNS_PER_PARTS - 1):
        message = await viewer.next()
    assert message.startswith(f"id: {viewer.version()}\n")
    assert 'hx-target="#totals"' in message
    assert 'hx-target="#tile' not in message
    await viewer.messages.aclose()


async def test_a_large_change_comes_in_batches_and_the_last_one_names_the_whole() -> None:
    viewer = Viewer(number=600)
    assert await viewer.next() == BEAT
    viewer.queries.stores = tuple(replace(each, state="gone") for each in viewer.queries.stores)
    messages = [await viewer.after("store")]
    while "id: " not in messages[-1]:
        messages.append(await viewer.next())
    counts = [message.count(',"gone","') for message in messages]
    assert max(counts) == stream_module.TILES_MAX
    assert sum(counts) == 600
    assert f"id: {viewer.version()}\n" in messages[-1]
    await viewer.messages.aclose()


async def test_an_ended_session_ends_the_stream(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "TICKS_PER_SESSION_CHECK", 1)
    assert await viewer.after() == BEAT
    viewer.auth.tokens.clear()
    assert await viewer.after() == SIGNED_OUT
    with pytest.raises(StopAsyncIteration):
        await viewer.next()


def test_blank_lines_would_cut_a_message_in_two() -> None:
    assert event_text("<p>\n\n  a\n</p>", "v1") == "id: v1\ndata: <p>\ndata:   a\ndata: </p>\n\n"
