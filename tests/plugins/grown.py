"""A chain with tasks, a mall and invitations, and one member of it."""

import pytest

from cloud_broker.ports.unit import Units
from tests.factories.grown import Grown
from tests.fakes.cloud_box import Person


@pytest.fixture
def grown(any_units: Units) -> Grown:
    """Return a chain whose box is open, on every store of the cloud in turn."""
    made = Grown(any_units)
    made.opened()
    return made


@pytest.fixture
def ann(grown: Grown) -> Person:
    """Return a member of the chain."""
    return grown.enrols()
