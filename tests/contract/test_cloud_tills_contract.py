"""What every `TillRepo` promises: the newest of each till, and each change of a permit."""

import msgspec

from cloud_broker.services.hq.till_desk import TillDesk
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.tills import TillAgreement
from tests.factories.grown import Grown
from tests.factories.wire_tills import till_agreement
from tests.fakes.cloud_box import fresh_id


def tells(grown: Grown, **changes: object) -> TillAgreement:
    """Let the box tell of its till."""
    body = msgspec.structs.replace(till_agreement(), **changes)
    grown.box.journal(EventType.TILL_AGREEMENT, encode_body(body))
    return body


class TestTills:
    def test_the_newest_of_each_till_stands_and_a_lost_one_comes_first(self, grown: Grown) -> None:
        lost = tells(grown)
        first_till, grown.box.till = grown.box.till, fresh_id()
        tells(grown, why="count", score=1)
        well = tells(grown, why="count", score=990, channels=())
        grown.upload()
        tills, _ = TillDesk(grown.units).overview(grown.tenant)
        assert [(one.row.till, one.row.said, one.lost) for one in tills] == [
            (first_till, lost, True),
            (grown.box.till, well, False),
        ]
        assert [one.day for one in tills[0].trend] == [20261121, 20261122]
        assert {one.row.store for one in tills} == {grown.box.store}

    def test_what_is_told_twice_or_late_does_not_go_back(self, grown: Grown) -> None:
        tells(grown, why="count", score=1)
        grown.upload()
        now = tells(grown, why="count", score=2)
        grown.upload()
        grown.upload()
        tills, changes = TillDesk(grown.units).overview(grown.tenant)
        assert [one.row.said for one in tills] == [now]
        assert changes == ()

    def test_a_technicians_word_stays_on_record(self, grown: Grown) -> None:
        grown.box.operator = technician = fresh_id()
        told = tells(grown, why="override")
        grown.upload()
        _, changes = TillDesk(grown.units).overview(grown.tenant)
        assert [(one.operator, one.said) for one in changes] == [(str(technician), told)]

    def test_a_lost_permit_is_put_before_a_person(self, grown: Grown) -> None:
        tells(grown)
        grown.upload()
        assert grown.tally.snapshot() == {FaultCode.TILL_AGREEMENT_LOST: 1}
