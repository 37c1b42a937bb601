"""Points are lent to no store whose rules let nobody spend them, over both kinds of store."""

import pytest

from cloud_broker.ports.unit import Units
from retail_core.pricing.rules.ruleset import Restriction, RuleBundle
from tests.contract.test_cloud_placements_contract import Chain


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def test_a_store_that_takes_no_points_is_lent_none(chain: Chain) -> None:
    here, airport = chain.box("徐汇店"), chain.box("机场店")
    here.enrols(chain.person)
    for box in (here, *[airport] * 9):
        box.sells(chain.person)
    chain.upload(here)
    chain.upload(airport)
    chain.placing.run(chain.tenant)
    assert min(chain.lent(airport), chain.lent(here)) > 0
    shut = Restriction(stores=frozenset({"机场店"}), points_off=True)
    chain.rules.bundle = RuleBundle(version=2, restrictions=(shut,))
    airport.sells(chain.person)
    chain.upload(airport)
    chain.placing.run(chain.tenant)
    assert chain.heard(airport)[-1] == "lease.recalled", "it lies where nobody can spend it"
    chain.gives_back(airport)
    chain.upload(airport)
    chain.placing.run(chain.tenant)
    assert (chain.lent(here), chain.lent(airport)) == (11 * 59 * 9 // 10, 0)
