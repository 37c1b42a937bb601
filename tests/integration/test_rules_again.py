"""Rules that came damaged reach a box whose line never breaks: published once more."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_broker.adapters.clock_system import SystemClock as CloudClock
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.services.published.catalogue import CataloguePublisher
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import BUNDLE
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_line import wait_until
from tests.integration.test_leases_end_to_end import Box, Cloud, Directory, begun
from tests.plugins.mosquitto import Broker


class Mangling(Directory):
    """Serves what the cloud published; while `mangles`, something on the way cuts its end off."""

    mangles = True

    def bundle(self, version: int) -> bytes:
        self._ask(f"bundle {version}")
        with self._units.begin(self._tenant) as unit:
            signed = unit.catalogue.content("bundle", version)
        assert signed is not None
        return signed[:-9] if self.mangles else signed


class Line:
    """A cloud that published rules once, and a connected box that could not read them."""

    def __init__(self, cloud: Cloud, folder: Path, stack: ExitStack) -> None:
        self.cloud, keys = cloud, FakeKeyRing()
        seed = keys.keys(cloud.tenant).bundle_seed
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        ids = FakeCloudIdSource(FakeCloudClock())
        self.publisher = CataloguePublisher(cloud.units, CloudClock(), ids, keys)
        self.directory = Mangling(cloud.units, cloud.tenant, cloud.sim.store)
        self.box = Box(folder, cloud, fresh_id(), self.directory, public)
        stack.callback(self.box.off)
        self.box.online()
        wait_until(self.box.link.connected)
        self.publish(BUNDLE)
        wait_until(lambda: self.box.tally.snapshot().get(FaultCode.WIRE_MALFORMED) == 1)
        assert self.box.replica.bundle() is None

    def publish(self, content: bytes) -> None:
        self.publisher.publish_bundle(self.cloud.tenant, content, who="li")
        self.cloud.worker.wake()

    def arrives(self, content: bytes) -> bool:
        wait_until(lambda: self.box.replica.bundle() is not None)
        held = self.box.replica.bundle()
        return held is not None and held[1] == content


@pytest.fixture
def line(
    pg_units: PostgresUnits, mosquitto: Callable[..., Broker], tmp_path: Path
) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(begun(pg_units, mosquitto, stack), tmp_path, stack)


@pytest.mark.parametrize("content", [BUNDLE, BUNDLE.replace(b'"version": 3', b'"version": 4')])
def test_published_once_more_it_is_there_at_once(line: Line, content: bytes) -> None:
    line.directory.mangles = False
    line.publish(content)
    assert line.arrives(content)
    assert line.directory.asked[-1] == f"bundle {json.loads(content)['version']}"
