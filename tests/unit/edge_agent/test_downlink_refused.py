"""What came bent is told of, and the shop goes on with what it had."""

from hashlib import sha256

import pytest

from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.messages import WIRE_VERSION, Published
from tests.unit.edge_agent.test_downlink import SIGNED, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_rules_that_were_bent_on_the_way_are_told_of_until_whole_ones_come(bench: Bench) -> None:
    bent = bytearray(SIGNED)
    bent[-1] ^= 1
    bench.directory.bundles[3] = bytes(bent)
    bench.announce("bundle", 3, bytes(bent))
    (said,) = bench.downlink.noted()
    assert said.code is FaultCode.RULES_REFUSED
    assert "照旧按原来的规则卖" in said.text("zh")
    assert bench.published == []
    bench.directory.bundles[4] = SIGNED
    bench.announce("bundle", 4, SIGNED)
    assert bench.downlink.noted() == ()


def test_a_catalogue_that_is_not_what_was_announced_is_told_of(bench: Bench) -> None:
    bench.directory.catalogues[2] = b"damaged"
    message = Published(WIRE_VERSION, "catalogue", 2, sha256(b"whole").digest(), 5)
    bench.take("all/catalogue", encode(message))
    assert [one.code for one in bench.downlink.noted()] == [FaultCode.CATALOGUE_REFUSED]
