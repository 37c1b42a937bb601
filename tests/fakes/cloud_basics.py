"""The cloud's clock, ids, passwords, keys and hub, without a machine behind them."""

import asyncio
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.secrets import TenantKeys
from retail_core.ids import RANDOM_BYTES, uuid7
from tests.fakes.cloud_box import WALL_MS


class FakeCloudClock:
    """A `Clock` that stands still until it is told to move."""

    def __init__(self, now_ms: int = WALL_MS + 60_000) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms

    def advance(self, ms: int) -> None:
        self.ms += ms


class FakeCloudIdSource:
    """An `IdSource` that counts."""

    def __init__(self, clock: FakeCloudClock) -> None:
        self._clock = clock
        self._count = 0

    def uuid7(self) -> UUID:
        return uuid7(self._clock.now_ms(), self.random_bytes(RANDOM_BYTES))

    def random_bytes(self, count: int) -> bytes:
        self._count += 1
        digest = sha256(self._count.to_bytes(8, "big")).digest()
        return (digest * (count // len(digest) + 1))[:count]


class FakePasswords:
    """`Passwords` as fast as tests want them."""

    def hash(self, password: str) -> str:
        return f"hashed:{password}"

    def matches(self, password: str, hashed: str) -> bool:
        return hashed == f"hashed:{password}"


class FakeKeyRing:
    """A `KeyRing` in memory."""

    def __init__(self) -> None:
        self._keys: dict[UUID, TenantKeys] = {}

    def keys(self, tenant: UUID) -> TenantKeys:
        return self._keys.setdefault(
            tenant,
            TenantKeys(*(sha256(tenant.bytes + bytes([n])).digest()[:size]
                         for n, size in enumerate((32, 32, 32, 16, 16)))),
        )  # fmt: skip


class FakeLiveFeed:
    """A `LiveFeed` for one loop."""

    def __init__(self, hub: "FakeLiveHub", tenant: UUID) -> None:
        self._hub = hub
        self.tenant = tenant
        self._waiting: list[LiveEvent] = []
        self._ready = asyncio.Event()

    def put(self, event: LiveEvent) -> None:
        self._waiting.append(event)
        self._ready.set()

    async def next(self, timeout_s: float) -> LiveEvent | None:
        try:
            await asyncio.wait_for(self._ready.wait(), timeout_s)
        except TimeoutError:
            return None
        self._ready.clear()
        some, self._waiting = self._waiting, []
        kinds = frozenset().union(*(event.kinds for event in some))
        stores = {store for event in some for store in event.stores}
        if not all(event.stores for event in some):
            stores = set()
        return LiveEvent(self.tenant, kinds, tuple(sorted(stores)))

    def close(self) -> None:
        self._hub.feeds.discard(self)


class FakeLiveHub:
    """A `LiveHub` within one loop."""

    def __init__(self) -> None:
        self.feeds: set[FakeLiveFeed] = set()

    def subscribe(self, tenant: UUID) -> FakeLiveFeed:
        feed = FakeLiveFeed(self, tenant)
        self.feeds.add(feed)
        return feed

    def publish(self, event: LiveEvent) -> None:
        for feed in self.feeds:
            if feed.tenant == event.tenant:
                feed.put(event)
