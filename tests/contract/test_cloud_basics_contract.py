"""What every Clock, IdSource, Passwords, KeyRing, LiveHub and LiveFeed of the cloud promises."""

import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import pytest

from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.hub_pg import STORES_MAX, PostgresHub, merged
from cloud_broker.adapters.ids_system import SystemIds
from cloud_broker.adapters.keyring_files import FileKeyRing
from cloud_broker.adapters.passwords_argon2 import Argon2Passwords
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.live import LiveEvent, LiveHub
from cloud_broker.ports.secrets import KeyRing, Passwords
from tests.fakes.cloud_basics import (
    FakeCloudClock,
    FakeCloudIdSource,
    FakeKeyRing,
    FakeLiveHub,
    FakePasswords,
)
from tests.fakes.cloud_box import fresh_id
from tests.fakes.ids import made_ms
from tests.plugins.postgres import Database


@pytest.fixture(params=[FakeCloudClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


@pytest.fixture(params=["fake", "system"])
def ids(request: pytest.FixtureRequest) -> IdSource:
    if request.param == "fake":
        return FakeCloudIdSource(FakeCloudClock())
    return SystemIds(SystemClock())


class TestClock:
    def test_it_does_not_go_back(self, clock: Clock) -> None:
        assert clock.now_ms() <= clock.now_ms()
        assert clock.now_ms() > 1_700_000_000_000


class TestIdSource:
    def test_ids_differ_and_carry_the_time(self, ids: IdSource) -> None:
        some = {ids.uuid7() for _ in range(100)}
        assert len(some) == 100
        assert all(one.version == 7 and made_ms(one) > 1_700_000_000_000 for one in some)

    def test_random_bytes_have_the_length_asked_for(self, ids: IdSource) -> None:
        assert [len(ids.random_bytes(count)) for count in (1, 32, 100)] == [1, 32, 100]
        assert ids.random_bytes(32) != ids.random_bytes(32)


@pytest.fixture(params=[FakePasswords, Argon2Passwords])
def passwords(request: pytest.FixtureRequest) -> Passwords:
    made: Passwords = request.param()
    return made


class TestPasswords:
    def test_only_the_right_one_matches(self, passwords: Passwords) -> None:
        hashed = passwords.hash("一个密码")
        assert passwords.matches("一个密码", hashed)
        assert not passwords.matches("另一个", hashed)
        assert not passwords.matches("", "no hash at all")


@pytest.fixture(params=["memory", "files"])
def key_ring(request: pytest.FixtureRequest, tmp_path: Path) -> KeyRing:
    return FakeKeyRing() if request.param == "memory" else FileKeyRing(tmp_path / "secrets")


class TestKeyRing:
    def test_keys_are_made_once_and_differ(self, key_ring: KeyRing) -> None:
        one, two = fresh_id(), fresh_id()
        keys = key_ring.keys(one)
        assert key_ring.keys(one) == keys
        assert key_ring.keys(two) != keys
        sizes = [len(keys.bundle_seed), len(keys.phone_hash_key), len(keys.card_hash_key)]
        assert sizes == [32, 32, 32]
        assert (len(keys.sun_meta_key), len(keys.sun_master_key)) == (16, 16)

    def test_files_are_for_the_owner_alone(self, tmp_path: Path) -> None:
        FileKeyRing(tmp_path / "secrets").keys(fresh_id())
        (path,) = (tmp_path / "secrets").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


class TestLiveHub:
    """`LiveHub` and its `LiveFeed`s."""

    @pytest.fixture(
        params=[
            "memory",
            pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
        ]
    )
    async def hub(
        self, request: pytest.FixtureRequest
    ) -> AsyncIterator[tuple[LiveHub, Callable[[LiveEvent], None]]]:
        if request.param == "memory":
            memory = FakeLiveHub()
            yield memory, memory.publish
            return
        database: Database = request.getfixturevalue("shared_database")
        units = PostgresUnits(make_engine(database.url, connections=1))
        hub = PostgresHub(database.url)
        hub.start()
        assert hub.wait_listening(10)

        def publish(event: LiveEvent) -> None:
            with units.begin(event.tenant) as unit:
                unit.announce(event)

        yield hub, publish
        hub.stop()
        units.close()

    async def test_events_of_ones_own_tenant_come(
        self, hub: tuple[LiveHub, Callable[[LiveEvent], None]]
    ) -> None:
        live, publish = hub
        tenant, store = fresh_id(), fresh_id()
        feed = live.subscribe(tenant)
        publish(LiveEvent(fresh_id(), frozenset({"sale"}), (store,)))
        publish(LiveEvent(tenant, frozenset({"member"}), (store,)))
        assert await feed.next(10) == LiveEvent(tenant, frozenset({"member"}), (store,))
        assert await feed.next(0.05) is None
        feed.close()
        feed.close()

    async def test_what_was_not_read_is_merged_and_not_lost(
        self, hub: tuple[LiveHub, Callable[[LiveEvent], None]]
    ) -> None:
        live, publish = hub
        tenant, stores = fresh_id(), sorted(fresh_id() for _ in range(3))
        feed = live.subscribe(tenant)
        for store in stores:
            publish(LiveEvent(tenant, frozenset({"sale"}), (store,)))
        publish(LiveEvent(tenant, frozenset({"repair"}), (stores[0],)))
        kinds: set[str] = set()
        seen: set[UUID] = set()
        while kinds != {"sale", "repair"}:
            event = await feed.next(10)
            assert event is not None
            kinds |= event.kinds
            seen |= set(event.stores)
        assert seen == set(stores)
        feed.close()


def test_a_long_list_of_stores_becomes_any_store() -> None:
    tenant = fresh_id()
    one = LiveEvent(tenant, frozenset({"sale"}), tuple(fresh_id() for _ in range(STORES_MAX)))
    assert merged(one, one).stores == tuple(sorted(one.stores))
    assert merged(one, LiveEvent(tenant, frozenset({"sale"}), (fresh_id(),))).stores == ()
    assert merged(one, LiveEvent(tenant, frozenset({"sale"}))).stores == ()
