"""What every `TillRepo` promises: the newest of each till, and each change of a permit."""

import msgspec
import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.till_desk import TillDesk
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.tills import TillAgreement
from tests.factories.grown import Grown
from tests.factories.wire_tills import till_agreement
from tests.fakes.cloud_box import fresh_id


@pytest.fixture
def chain(any_units: Units) -> Grown:
    grown = Grown(any_units)
    grown.opened()
    return grown


def tells(chain: Grown, **changes: object) -> TillAgreement:
    """Let the box tell of its till."""
    body = msgspec.structs.replace(till_agreement(), **changes)
    chain.box.journal(EventType.TILL_AGREEMENT, encode_body(body))
    return body


class TestTills:
    def test_the_newest_of_each_till_stands_and_a_lost_one_comes_first(self, chain: Grown) -> None:
        lost = tells(chain)
        first_till, chain.box.till = chain.box.till, fresh_id()
        tells(chain, why="count", score=1)
        well = tells(chain, why="count", score=990, channels=())
        chain.upload()
        tills, _ = TillDesk(chain.units).overview(chain.tenant)
        assert [(one.row.till, one.row.said, one.lost) for one in tills] == [
            (first_till, lost, True),
            (chain.box.till, well, False),
        ]
        assert [one.day for one in tills[0].trend] == [20261121, 20261122]
        assert {one.row.store for one in tills} == {chain.box.store}

    def test_what_is_told_twice_or_late_does_not_go_back(self, chain: Grown) -> None:
        tells(chain, why="count", score=1)
        chain.upload()
        now = tells(chain, why="count", score=2)
        chain.upload()
        chain.upload()
        tills, changes = TillDesk(chain.units).overview(chain.tenant)
        assert [one.row.said for one in tills] == [now]
        assert changes == ()

    def test_a_technicians_word_stays_on_record(self, chain: Grown) -> None:
        chain.box.operator = technician = fresh_id()
        told = tells(chain, why="override")
        chain.upload()
        _, changes = TillDesk(chain.units).overview(chain.tenant)
        assert [(one.operator, one.said) for one in changes] == [(str(technician), told)]

    def test_a_lost_permit_is_put_before_a_person(self, chain: Grown) -> None:
        tells(chain)
        chain.upload()
        assert chain.tally.snapshot() == {FaultCode.TILL_AGREEMENT_LOST: 1}
