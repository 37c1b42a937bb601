"""A chain that advertises, at ten in the morning."""

import pytest

from cloud_broker.ports.unit import Units
from tests.factories.campaigns import Advertising
from tests.factories.grown import Grown


@pytest.fixture
def ads(any_units: Units) -> Advertising:
    """Return a chain whose box is open, on every store of the cloud in turn."""
    grown = Grown(any_units)
    grown.opened()
    made = Advertising(grown)
    made.at_hour(10)
    return made
