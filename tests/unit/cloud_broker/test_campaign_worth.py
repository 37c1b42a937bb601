"""What people are expected to spend bounds what a campaign may."""

from datetime import timedelta

import pytest

from cloud_broker.services.insight.campaign_worth import reckon_worth
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import plan_of
from retail_core.texts.faults import FaultCode
from tests.factories.campaigns import Advertising
from tests.factories.grown import DAY_MS, Grown
from tests.fakes.cloud_units import FakeUnits


def test_who_buys_more_is_worth_more_and_the_budget_follows() -> None:
    grown = Grown(FakeUnits())
    grown.opened()
    ads = Advertising(grown)
    ads.enrol(12, agreed=False)
    for week in range(30):
        for nth, person in enumerate(ads.people):
            if week % (1 + nth) == 0:
                ads.buys(person, 5_000 + 500 * (nth % 3))
        ads.clock.advance(7 * DAY_MS)
    found = reckon_worth(ads.units, ads.tenant, ads.today() - timedelta(days=1))
    assert found["people"] == 12
    with ads.units.begin(ads.tenant) as unit:
        expected = unit.campaigns.expected([one.member for one in ads.people])
    first, last = (expected[ads.people[at].member] for at in (0, -1))
    assert first > 2 * last > 0
    ads.segment_of()
    bound = sum(fen * 300 * 200 // 1_000_000 for fen in expected.values())
    said = ads.said(worth_permille=200, budget_fen=bound + 1)
    made = ads.desks.campaigns.write(ads.who(), plan_of(said))
    with pytest.raises(Fault) as caught:
        ads.desks.campaigns.ask(ads.who(), made.campaign)
    assert caught.value.code is FaultCode.CAMPAIGN_WORTH
    assert ads.begun(worth_permille=200, budget_fen=bound).state == "running"
