"""What every source of identifiers does."""

import pytest

from edge_agent.adapters.ids_system import SystemIds
from edge_agent.ports.clock import IdSource
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.ids import FakeIdSource, made_ms

UUID_VERSION = 7


class IdSourceContract:
    """The suite; a subclass provides `ids`, dated at `NOON_MS` or a little later."""

    def test_mints_version_7(self, ids: IdSource) -> None:
        minted = ids.uuid7()
        assert minted.version == UUID_VERSION
        assert minted.variant == "specified in RFC 4122"
        assert NOON_MS <= made_ms(minted) < NOON_MS + 1_000

    def test_never_mints_the_same_twice(self, ids: IdSource) -> None:
        assert len({ids.uuid7() for _ in range(500)}) == 500

    @pytest.mark.parametrize("count", [0, 1, 12, 32, 100])
    def test_gives_as_many_bytes_as_asked(self, ids: IdSource, count: int) -> None:
        assert len(ids.random_bytes(count)) == count

    def test_bytes_differ(self, ids: IdSource) -> None:
        assert ids.random_bytes(16) != ids.random_bytes(16)


class TestFakeIdSource(IdSourceContract):
    @pytest.fixture
    def ids(self) -> FakeIdSource:
        return FakeIdSource()


class TestSystemIds(IdSourceContract):
    @pytest.fixture
    def ids(self) -> SystemIds:
        return SystemIds(FakeClock())
