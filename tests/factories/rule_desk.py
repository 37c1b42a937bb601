"""HQ's desks for rules over a store of tests, with keys of their own."""

from cloud_broker.ports.unit import Units
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.services.rules.desks import RuleDesks, rule_desks
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing

ZONE = "Asia/Shanghai"


def rules_of(units: Units, clock: FakeCloudClock) -> RuleDesks:
    """Put the desks of a chain together."""
    ids = FakeCloudIdSource(clock)
    return rule_desks(units, clock, ids, CataloguePublisher(units, clock, ids, FakeKeyRing()), ZONE)
