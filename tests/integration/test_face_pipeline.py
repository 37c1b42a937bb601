"""Real models on photos of real people: found, told apart, recognised through a real camera."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
from edge_agent.drivers.camera_opencv.sim import MjpegServer
from edge_agent.drivers.camera_opencv.sources import FILE_SIDE_MAX, fit
from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import ENROLMENT_GATES
from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.qr.reader import QrCascade
from edge_agent.drivers.qr.sim import Look, jpeg, render
from edge_agent.ports.camera import Camera
from edge_agent.recognition.codes import QrFrames
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.gallery import Gallery
from edge_agent.services.recognition.enrol_face import EnrolFace, FaceDesk
from edge_agent.services.recognition.identify import Identify
from edge_agent.services.recognition.readers import Lane
from retail_core.identity.assurance import Assurance, Factor
from retail_core.texts.faults import FaultCode
from tests.factories.consents import make_consent
from tests.factories.counter import ALICE, ALICES_PHONE, BOB, BOBS_PHONE, Counter, record
from tests.factories.faces import POLICY
from tests.factories.waiting import PATIENCE_MS
from tests.fakes.gallery_store import FakeGalleryStore
from tests.fakes.ids import FakeIdSource

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def shots(photos: Path) -> dict[str, Picture]:
    """Every photo by person and number."""
    return {
        f"{path.parent.name}/{path.stem}": decode_picture(path.read_bytes())
        for path in sorted(photos.glob("*/*.jpg"))
    }


@pytest.fixture
def engine(face_models: FaceModels) -> FaceOnnx:
    return FaceOnnx(face_models)


def similarity(engine: FaceOnnx, one: Picture, two: Picture) -> float:
    first, second = engine.read(one).embedding, engine.read(two).embedding
    assert first is not None
    assert second is not None
    return float(first @ second)


def test_one_persons_photos_lie_together_and_two_persons_apart(
    engine: FaceOnnx, shots: dict[str, Picture]
) -> None:
    for one, two in (("1", "2"), ("1", "3"), ("2", "3")):
        same = similarity(engine, shots[f"person-a/{one}"], shots[f"person-a/{two}"])
        other = similarity(engine, shots[f"person-a/{one}"], shots["person-b/1"])
        assert same > 0.55
        assert other < 0.25


def test_a_face_is_found_where_opencvs_own_runner_finds_it(
    face_models: FaceModels, models_dir: Path, shots: dict[str, Picture]
) -> None:
    image = cv2.resize(shots["person-a/1"], (384, 480))
    file = models_dir / read_manifest(models_dir).models["yunet"].file
    peer = cv2.FaceDetectorYN.create(str(file), "", (384, 480), 0.7, 0.3)
    _, rows = peer.detect(image)
    (found,) = face_models.detector.detect(np.asarray(image, np.uint8))
    theirs = np.asarray(rows)[0]
    assert found.box == pytest.approx(theirs[:4].tolist(), abs=0.5)
    assert found.points.reshape(-1) == pytest.approx(theirs[4:14], abs=0.5)
    assert found.score == pytest.approx(theirs[14], abs=0.01)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda image: cv2.resize(image, None, fx=0.2, fy=0.2), FaultCode.FACE_SMALL),
        (lambda image: cv2.GaussianBlur(image, (0, 0), 16), FaultCode.FACE_BLURRED),
        (lambda image: (image // 12).astype(np.uint8), FaultCode.FACE_EXPOSURE),
        (lambda image: np.hstack([image, image]), FaultCode.FACE_SEVERAL),
        (lambda image: image[:200, :200], FaultCode.FACE_NONE),
    ],
    ids=["far away", "blurred", "dark", "two people", "nobody"],
)
def test_each_gate_refuses_what_it_is_for(
    engine: FaceOnnx, shots: dict[str, Picture], spoil: object, code: FaultCode
) -> None:
    assert callable(spoil)
    reading = engine.read(np.asarray(spoil(shots["person-a/1"]), np.uint8))
    assert reading.embedding is None
    assert reading.refused_by is code


def test_a_reading_says_how_it_came_about(engine: FaceOnnx, shots: dict[str, Picture]) -> None:
    reading = engine.read(shots["person-a/1"])
    assert set(reading.stage_ms) == {"detect", "settle", "align", "liveness", "embed"}
    assert {"width_px", "sharpness", "yaw", "pitch", "roll", "score"} <= set(reading.quality)
    assert reading.liveness is not None
    assert 0 <= reading.liveness <= 1


# ---- at the counter -----------------------------------------------------------------------------


class Lived(Counter):
    """The counter with the real engine, reader and camera; cloud and replica are fakes."""

    def __init__(self, models: FaceModels, camera: Camera) -> None:
        super().__init__()
        super().stop()
        self.real_camera = camera
        engine = FaceOnnx(models)
        self.gallery = Gallery(engine.model_id)
        face = FaceReader(camera, engine, self.gallery, self.lookup, POLICY, live_min=0)
        qr = QrFrames(camera, QrCascade(), self.codes)
        lane = Lane(self.lookup, self.proofs, self.codes, face, qr)
        self.identify = Identify(lane, self.tally)
        store = FakeGalleryStore()
        store.ledger.add_consent(make_consent(ALICE, consent_id=ALICE))
        gated = FaceOnnx(models, ENROLMENT_GATES)
        desk = FaceDesk(gated, gated, camera, self.gallery, store, POLICY)
        self.enrolment = EnrolFace(desk, FakeIdSource(), lambda who, _kind: who)
        self.hold(ALICE, record("Alice", ALICES_PHONE))
        self.hold(BOB, record("Bob", BOBS_PHONE))


@contextmanager
def counter_at(models: FaceModels, source: str) -> Iterator[Lived]:
    camera = CameraOpenCv("lane", source, fps=10)
    camera.start()
    counter = Lived(models, camera)
    try:
        assert camera.newest(after_seq=0, timeout_ms=PATIENCE_MS) is not None
        yield counter
    finally:
        counter.stop()
        camera.stop()


@pytest.fixture
def view(tmp_path: Path) -> Path:
    """A link to what the camera sees: nothing yet but a wall."""
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((480, 640, 3), 120, np.uint8))
    link = tmp_path / "view"
    link.symlink_to(tmp_path / "wall.png")
    return link


def show(counter: Lived, view: Path, image: Picture, name: str) -> None:
    """Put something of another shape before the camera, and wait until it is seen."""
    file = view.parent / f"{name}.png"
    cv2.imwrite(str(file), image)
    beside = view.parent / "next"
    beside.symlink_to(file)
    beside.replace(view)
    wanted, seq = fit(image, FILE_SIDE_MAX).shape, 0
    for _ in range(100):
        frame = counter.real_camera.newest(after_seq=seq, timeout_ms=PATIENCE_MS)
        assert frame is not None
        seq = frame.seq
        if frame.image.shape == wanted:
            return
    raise AssertionError(f"never saw {name}")


def test_a_member_comes_back_and_a_stranger_does_not(
    face_models: FaceModels, shots: dict[str, Picture], view: Path
) -> None:
    with counter_at(face_models, f"file:{view}?jitter=1") as counter:
        pictures = [shots["person-a/1"], shots["person-a/2"]]
        plan = counter.enrolment.from_pictures(ALICE, pictures)
        assert (plan.accepted, plan.enough, plan.lookalike) == (2, False, None)
        show(counter, view, shots["person-a/3"], "her")
        result = counter.identify.identify(["face"], PATIENCE_MS)
        assert result.member is not None
        assert result.member.member_id == ALICE
        assert (result.factor, result.assurance) == (Factor.FACE_VOTE, Assurance.LOW)
        show(counter, view, shots["person-b/1"], "stranger")
        result = counter.identify.identify(["face"], 2_000)
        assert result.member is None
        assert result.outcome == "unknown"


def test_her_phones_code_is_read_off_the_camera(face_models: FaceModels, view: Path) -> None:
    with counter_at(face_models, f"file:{view}?jitter=1") as counter:
        code = ALICES_PHONE.code(counter.now_s)
        phone = render(code, Look(blur=1.0, perspective=0.12))
        show(counter, view, np.asarray(phone[:, 20:], np.uint8), "phone")
        result = counter.identify.identify(["qr"], PATIENCE_MS)
        assert result.member is not None
        assert result.member.member_id == ALICE
        assert (result.factor, result.assurance) == (Factor.MEMBER_CODE, Assurance.HIGH)
        again = counter.identify.identify(["qr"], 500)
        assert again.reasons == (FaultCode.QR_REPLAYED,)


def test_enrolled_before_a_network_camera_and_recognised_there(
    face_models: FaceModels, photos: Path
) -> None:
    def content(number: str) -> bytes:
        image = decode_picture((photos / "person-a" / number).read_bytes())
        small = cv2.resize(image, None, fx=0.6, fy=0.6)
        return jpeg(np.asarray(small, np.uint8))

    with (
        MjpegServer([content("1.jpg"), content("2.jpg")], fps=8) as server,
        counter_at(face_models, f"mjpeg:{server.url}") as counter,
    ):
        hints: list[bool] = []
        plan = counter.enrolment.from_camera(
            ALICE, 2, lambda hint: hints.append(hint.ok), PATIENCE_MS
        )
        assert plan.accepted == 2
        assert hints.count(True) == 2
        server.show([content("3.jpg")])
        result = counter.identify.identify((), PATIENCE_MS)
        assert result.member is not None
        assert result.member.member_id == ALICE
