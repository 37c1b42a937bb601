"""The walk-up zone through a real camera process and the real nets, with photos of real people."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.domain.walk_up import FRAMES_A_STAY, WalkUpState
from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
from edge_agent.drivers.camera_opencv.sim import MjpegServer
from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import GateLimits
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.qr.sim import jpeg
from edge_agent.ports.face import FaceReading
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.walk_up import FRAMES_A_LOOK, WalkUpReader
from edge_agent.services.recognition.identify import Identification, Identify
from edge_agent.services.recognition.readers import Lane
from edge_agent.services.recognition.walk_up import WalkUp, WalkUpFaces, Zone
from edge_agent.services.recognition.watch_lane import WatchLane
from retail_core.identity.assurance import Assurance, Factor
from retail_core.tally import FaultTally
from tests.factories.counter import ALICE, BOB, Counter, record
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(120)]

Picture = NDArray[np.uint8]
SIZE = (960, 540)
MIDDLE = (0.25, 0.0, 0.75, 1.0)
TURNS = 8


class Counted(FaceOnnx):
    """The real engine; how many templates it gave is counted."""

    templates = 0

    def read(self, image: Picture) -> FaceReading:
        reading = super().read(image)
        self.templates += reading.embedding is not None
        return reading


def scene(*shots: tuple[Picture, int]) -> bytes:
    """A picture of the counter with these photos standing before it, each at its place."""
    wall = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    for photo, left in shots:
        height, width = photo.shape[:2]
        scale = SIZE[1] / height
        small = cv2.resize(photo, (round(width * scale), SIZE[1]), interpolation=cv2.INTER_AREA)
        room = min(small.shape[1], SIZE[0] - left)
        wall[:, left : left + room] = small[:, :room]
    return jpeg(wall)


class Corner:
    """A lane with a zone in the middle of its camera's picture; Alice agreed to walking up."""

    def __init__(self, models: FaceModels, shots: dict[str, Picture]) -> None:
        self.shots = shots
        self.state: WalkUpState = "on"
        self.told: list[Identification] = []
        self.server = MjpegServer([scene()], fps=20)
        self.camera = CameraOpenCv("walk", f"mjpeg:{self.server.url}", fps=20, tally=FaultTally())
        self.engine = Counted(models, GateLimits(zone=MIDDLE))
        self.counter = Counter()
        self.counter.stop()
        self.counter.hold(ALICE, record("Alice"))
        self.counter.hold(BOB, record("Bob"))
        gallery = self.counter.gallery
        gallery.model_id = self.engine.model_id
        for member, shot in ((ALICE, "person-a/1"), (ALICE, "person-a/2"), (BOB, "person-b/1")):
            seen = FaceOnnx(models).read(shots[shot]).embedding
            assert seen is not None
            gallery.add(Template(UUID(int=len(gallery)), member, self.engine.model_id, seen))
        self.faces = WalkUpFaces(gallery, lambda: frozenset({ALICE}), lambda: self.state == "on")
        zone = Zone(self.camera, self.engine, lambda: self.state)
        self.walk_up = WalkUp(zone, self.faces)
        reader = WalkUpReader(
            self.camera,
            self.engine,
            self.faces.gallery,
            gallery,
            self.counter.lookup,
            models.policy,
            may=self.walk_up.may,
            computed=self.walk_up.computed,
            live_min=0,
        )
        lane = Lane(self.counter.lookup, self.counter.proofs, self.counter.codes, walk_up=reader)
        self.identify = Identify(lane, FaultTally())
        self.watch = WatchLane(self.identify, self.told.append, walk_up=self.walk_up)
        self.faces.tend()
        self.camera.start()
        eventually(lambda: self.camera.state() == "ok")

    def show(self, *shots: tuple[str, int]) -> None:
        """Put photos before the camera, and wait for a picture of them."""
        self.server.show([scene(*((self.shots[name], left) for name, left in shots))])
        seen = self.camera.looks()
        eventually(lambda: self.camera.looks() > seen + 4)

    def turns(self) -> int:
        """Look some times; return how many were announced."""
        before = len(self.told)
        for _ in range(TURNS):
            self.watch.turn()
        return len(self.told) - before

    def stop(self) -> None:
        self.identify.stop()
        self.camera.stop()
        self.server.stop()


@pytest.fixture
def corner(face_models: FaceModels, photos: Path) -> Iterator[Corner]:
    shots = {
        f"{path.parent.name}/{path.stem}": decode_picture(path.read_bytes())
        for path in sorted(photos.glob("*/*.jpg"))
    }
    corner = Corner(face_models, shots)
    yield corner
    corner.stop()


def test_only_who_agreed_is_announced_and_only_in_the_zone(corner: Corner) -> None:
    assert corner.faces.gallery.members == 1
    corner.show(("person-a/3", 0))
    assert corner.turns() == 0, "she stands beside the zone"
    assert corner.engine.templates == 0

    corner.show(("person-b/1", 270))
    assert corner.turns() == 0, "a member who said nothing of walking up is a stranger here"
    assert 0 < corner.engine.templates <= FRAMES_A_STAY + FRAMES_A_LOOK
    corner.walk_up.over()

    corner.show(("person-a/3", 270))
    eventually(lambda: corner.turns() == 1)
    (found,) = corner.told
    assert found.member is not None
    assert (found.member.member_id, found.walked_up) == (ALICE, True)
    assert (found.factor, found.assurance) == (Factor.FACE_VOTE, Assurance.LOW)
    templates = corner.engine.templates
    assert corner.turns() == 0, "once a stay"
    assert corner.engine.templates == templates
