"""HQ's leave in the box: fetched at a session's begin and when the feed calls, never older."""

from uuid import UUID

import msgspec
import pytest

from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.recognition.face_leave import FaceLeave
from retail_core.errors import Fault
from retail_core.identity.erasure import public_key_of
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import WIRE_VERSION, Change, ChangeFrame
from tests.factories.agent_api import face_leave
from tests.factories.agent_files import HQ_SEED
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.gallery_store import FakeVault
from tests.fakes.replica import FakeReplica

TENANT = UUID("01890000-0000-7000-8000-000000000001")
STORE = UUID("01890000-0000-7000-8000-000000000002")
PUBLIC = public_key_of(HQ_SEED)


class Box:
    """A downlink with its leave, worked by hand."""

    def __init__(self) -> None:
        self.directory, self.vault, self.tally = FakeCloudDirectory(), FakeVault(), FaultTally()
        self.leave = FaceLeave(self.vault, self.directory, PUBLIC, TENANT, STORE)
        self.downlink = Downlink(
            FakeReplica(),
            self.directory,
            FakeClock(),
            self.tally,
            bundle_public_key=PUBLIC,
            face_leave=self.leave.refresh,
        )

    def work(self) -> None:
        """Do what the downlink's thread does with what has come."""
        while not self.downlink._inbox.empty():
            self.downlink.take(self.downlink._inbox.get_nowait())
        self.downlink.settle()


@pytest.fixture
def box() -> Box:
    return Box()


def test_off_until_hq_says_on(box: Box) -> None:
    assert not box.leave.enabled()
    box.directory.face = face_leave(1)
    box.downlink.ask_all()
    box.work()
    assert box.leave.enabled()


def test_a_decision_reaches_the_box_over_its_feed(box: Box) -> None:
    box.directory.face = face_leave(1)
    box.downlink.ask_all()
    box.work()
    box.directory.face = face_leave(2, enabled=False)
    change = Change(1, ChangeKind.FACE_ENABLEMENT, STORE.bytes, 2, msgspec.Raw(b"\xc0"))
    frame = ChangeFrame(WIRE_VERSION, 1, 0, 1, (change,))
    box.downlink.put(Inbound("chg", encode(frame)))
    box.work()
    assert not box.leave.enabled()


def test_between_a_sessions_begin_and_the_feeds_end_the_box_is_behind(box: Box) -> None:
    assert not box.downlink.behind()
    box.downlink.ask_all()
    assert box.downlink.behind(), "somebody may have withdrawn meanwhile"
    box.work()
    assert not box.downlink.behind()


def test_an_older_cloud_knows_no_leave_and_faces_stay_off(box: Box) -> None:
    box.downlink.ask_all()
    box.work()
    assert not box.leave.enabled()
    assert box.tally.snapshot() == {"A108": 1}


def test_it_is_kept_and_checked_again(box: Box) -> None:
    box.leave.take(face_leave(3))
    assert FaceLeave(box.vault, box.directory, PUBLIC, TENANT, STORE).enabled()
    other = public_key_of(bytes(32))
    assert not FaceLeave(box.vault, box.directory, other, TENANT, STORE).enabled()
    assert not FaceLeave(box.vault, box.directory, PUBLIC, TENANT, TENANT).enabled()
    with pytest.raises(Fault, match="R603"):
        box.leave.take(face_leave(2))
