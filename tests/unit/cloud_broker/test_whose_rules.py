"""Rules are published by the chain they are of."""

import json

import pytest

from cloud_broker.services.published.catalogue import CataloguePublisher
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.newcomers import Chain
from tests.fakes.cloud_basics import FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_units import FakeUnits


def test_rules_of_another_chain_are_not_published() -> None:
    chain = Chain(FakeUnits())
    ids = FakeCloudIdSource(chain.clock)
    publisher = CataloguePublisher(chain.units, chain.clock, ids, FakeKeyRing())

    def publish(version: int, **named: str) -> int:
        content = json.dumps({"version": version, **named}).encode()
        return publisher.publish_bundle(chain.tenant, content, who="li")

    assert [publish(3), publish(4, chain="qinghe"), publish(5, chain="qinghe")] == [3, 4, 5]
    with pytest.raises(Fault) as refused:
        publish(6, chain="other")
    assert refused.value.code is FaultCode.OFFER_INVALID
    assert publish(6) == 6, "rules that name none are of this one"
