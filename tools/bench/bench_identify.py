"""`make bench-identify`: from a frame, a code or a card to the member's data at hand.

Everything is the product's own: capture process, models, race, encrypted replica, PC/SC. Only what
is in front of the devices is played: a photo file with a live camera's jitter, a rendered phone, a
card on a virtual reader.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from uuid import UUID

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.face_onnx.yunet import Detector
from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.drivers.nfc_pcsc.sim import Ntag424
from edge_agent.drivers.qr.reader import QrCascade
from edge_agent.drivers.qr.sim import Look, render
from edge_agent.ports.gallery_store import Template
from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.codes import CodeCheck, QrFrames
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.lookup import Kind, MemberLookup
from edge_agent.recognition.proofs import Proofs
from edge_agent.services.identify import Identification, Identify, Lane, Reader
from retail_core.identity.assurance import Factor
from retail_core.identity.member_code import key_id_of, mint
from retail_core.identity.sun import file_key
from retail_core.tally import FaultTally
from retail_core.wire.messages import MemberRecord, PhoneKey
from tools import build_models, fetch_photos
from tools.bench.report import Bench, Row
from tools.virtual_pcsc import READER_NAME, NotHereError, VirtualPcsc, ensure_pcscd

BAR_MS = 100.0
DEADLINE_MS = 5_000
WARM_UP = 3
STRANGERS = 500
TEMPLATES_EACH = 3
FPS = 15
CODE_TTL_S = 60
MEMBER = UUID(int=0xA11CE)
UID = bytes.fromhex("04A1B2C3D4E5F6")
META_KEY, MASTER_KEY = bytes(range(16)), bytes(range(16, 32))
REPLICA_KEY = bytes(32)
FACE: tuple[Reader, ...] = ("face",)
QR: tuple[Reader, ...] = ("qr",)
NFC: tuple[Reader, ...] = ("nfc",)
ALL: tuple[Reader, ...] = ()


class Alone:
    """A box without a cloud: nobody else knows more."""

    class Nobody:
        """The answer."""

        held: HeldMember | None = None

    def find(self, _kind: Kind, _value: bytes, /) -> Nobody:
        """Find nobody."""
        return self.Nobody()


class Scene:
    """What the camera sees: one file behind a link that is replaced in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.link = folder / "view.png"
        self._count = 0

    def show(self, image: np.ndarray) -> None:
        """Put a picture before the camera."""
        self._count += 1
        file = self._folder / f"{self._count}.png"
        cv2.imwrite(str(file), image)
        beside = self._folder / "next"
        beside.symlink_to(file)
        beside.replace(self.link)

    def wall(self) -> None:
        """Show an empty wall."""
        self.show(np.full((480, 640, 3), 120, np.uint8))


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    if build_models.main(["--quiet"]) or fetch_photos.main(["--quiet"]):
        return 1
    bench = Bench("identify")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-")))
        scene = Scene(folder)
        scene.wall()
        phone = Ed25519PrivateKey.generate()
        pcsc = _pcsc(stack)
        identify = stack.enter_context(_counter(folder, scene, phone, pcsc))
        _faces(bench, identify, scene, rounds)
        _codes(bench, identify, scene, phone, rounds)
        _cards(bench, identify, pcsc, rounds)
    _detector(bench, rounds)
    return bench.finish()


def _pcsc(stack: ExitStack) -> VirtualPcsc | None:
    try:
        service = stack.enter_context(ensure_pcscd())
    except NotHereError:
        return None
    os.environ.update(service.environment)
    return service


@contextmanager
def _counter(
    folder: Path, scene: Scene, phone: Ed25519PrivateKey, pcsc: VirtualPcsc | None
) -> Iterator[Identify]:
    models = FaceModels.load(build_models.MODELS)
    engine = FaceOnnx(models)
    replica = SqliteReplica(folder / "replica.db", REPLICA_KEY)
    replica.put_member(MEMBER, 1, _record(phone.public_key().public_bytes_raw()))
    lookup = MemberLookup(replica, Alone())
    proofs = Proofs(META_KEY, MASTER_KEY, bytes)
    codes = CodeCheck(lookup, proofs, SystemClock(UUID(int=1), lambda: True))
    camera = CameraOpenCv("lane", f"file:{scene.link}?jitter=1", fps=FPS)
    nfc = PcscNfcReader(READER_NAME)
    face = FaceReader(camera, engine, _gallery(engine), lookup, models.policy)
    cards = CardTaps(nfc, lookup, proofs) if pcsc is not None else None
    lane = Lane(lookup, proofs, codes, face, QrFrames(camera, QrCascade(), codes), cards)
    identify = Identify(lane, FaultTally())
    camera.start()
    if pcsc is not None:
        nfc.start()
    try:
        camera.newest(after_seq=0, timeout_ms=DEADLINE_MS)
        yield identify
    finally:
        identify.stop()
        camera.stop()
        nfc.stop()
        replica.close()


def _record(public: bytes) -> MemberRecord:
    return MemberRecord(
        wallet=bytes(16),
        name="李敏",
        tier="gold",
        tags=("敏感肌",),
        points_free=2340,
        points_pending=0,
        phone_masked="138****0000",
        phone_hash=None,
        phone_keys=(PhoneKey(key_id_of(public), public),),
        cards=(UID,),
        home_store=bytes(16),
    )


def _gallery(engine: FaceOnnx) -> Gallery:
    """Enrol two of her photos among strangers (random directions; only their number matters)."""
    gallery = Gallery(engine.model_id)
    random = np.random.default_rng(1)
    size = 0
    for number in ("1", "2"):
        content = (fetch_photos.DESTINATION / "person-a" / f"{number}.jpg").read_bytes()
        own = engine.read(decode_picture(content)).embedding
        if own is None:
            raise RuntimeError(f"photo {number} gives no embedding")
        gallery.add(Template(UUID(int=len(gallery)), MEMBER, engine.model_id, own))
        size = own.size
    for stranger in range(1, STRANGERS + 1):
        for vector in random.normal(size=(TEMPLATES_EACH, size)):
            unit = (vector / np.linalg.norm(vector)).astype(np.float32)
            template = Template(UUID(int=len(gallery)), UUID(int=stranger), engine.model_id, unit)
            gallery.add(template)
    return gallery


def _faces(bench: Bench, identify: Identify, scene: Scene, rounds: int) -> None:
    image = decode_picture((fetch_photos.DESTINATION / "person-a" / "3.jpg").read_bytes())
    scene.show(image)
    for name, factors in (("face alone", FACE), ("face, all readers racing", ALL)):
        results = [identify.identify(factors, DEADLINE_MS) for _ in range(WARM_UP + rounds)]
        _report(bench, name, results[WARM_UP:], Factor.FACE_VOTE)
        if factors:
            for stage in ("frame_age", "detect", "align", "embed", "face"):
                times = [result.stage_ms[stage] for result in results[WARM_UP:]]
                bench.add(Row(f"{name}, {stage} p50", median(times), "ms"))


def _codes(
    bench: Bench, identify: Identify, scene: Scene, phone: Ed25519PrivateKey, rounds: int
) -> None:
    private = phone.private_bytes_raw()
    key_id = key_id_of(phone.public_key().public_bytes_raw())
    results = []
    for number in range(WARM_UP + rounds):
        now_s = int(time.time())
        code = mint(private, key_id, now_s, CODE_TTL_S, number.to_bytes(8, "big"))
        scene.show(render(code, Look(blur=1.0, perspective=0.12, seed=number)))
        results.append(identify.identify(QR, DEADLINE_MS))
    _report(bench, "member code, blurred and in perspective", results[WARM_UP:], Factor.MEMBER_CODE)


def _cards(bench: Bench, identify: Identify, pcsc: VirtualPcsc | None, rounds: int) -> None:
    name = "card over PC/SC"
    if pcsc is None:
        why = "no virtual reader can run on this machine"
        bench.add(Row(f"{name} p95", None, "ms", BAR_MS, why=why))
        return
    card = Ntag424(UID, meta_key=META_KEY, file_key=file_key(MASTER_KEY, UID))
    results = []
    for _ in range(WARM_UP + rounds):
        pcsc.reader.insert(card)
        results.append(identify.identify(NFC, DEADLINE_MS))
        pcsc.reader.remove()
        time.sleep(0.1)
    _report(bench, name, results[WARM_UP:], Factor.SUN_CARD)


def _report(bench: Bench, name: str, results: list[Identification], factor: Factor) -> None:
    right = [r for r in results if r.factor is factor and r.member and r.member.member_id == MEMBER]
    share = 100 * len(right) / len(results)
    bench.add(Row(f"{name}: recognised", share, "%", 100.0, "higher"))
    times = [r.frame_to_member_ms for r in right if r.frame_to_member_ms is not None]
    if not times:
        bench.add(Row(f"{name}, to member p95", None, "ms", BAR_MS, why="nobody was recognised"))
        return
    bench.add_times(f"{name}, to member", times, p95_bar=BAR_MS)
    first = [r.first_usable_ms for r in right if r.first_usable_ms is not None]
    if factor is Factor.FACE_VOTE:
        bench.add_times(f"{name}, from first usable frame", first, p95_bar=None)


def _detector(bench: Bench, rounds: int) -> None:
    """Detect on 640 x 480, beside OpenCV's own runner on the same weights and frame."""
    image = cv2.imread(str(fetch_photos.DESTINATION / "person-a" / "1.jpg"))
    if image is None:
        raise RuntimeError("a photo is missing")
    frame = cv2.resize(image, (640, 480))
    models = FaceModels.load(build_models.MODELS)
    file = build_models.MODELS / read_manifest(build_models.MODELS).models["yunet"].file
    peer = cv2.FaceDetectorYN.create(str(file), "", (640, 480), 0.7, 0.3)
    cv2.setNumThreads(1)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_timed(models.detector, frame))
        began = time.perf_counter()
        peer.detect(frame)
        theirs.append((time.perf_counter() - began) * 1000)
    ratio = median(ours) / median(theirs)
    told = f"cv2.FaceDetectorYN {median(theirs):.2f} ms, ratio {ratio:.2f}"
    bench.add(Row("detector 640×480, one thread p50", median(ours), "ms", None, peer=told))


def _timed(detector: Detector, frame: np.ndarray) -> float:
    began = time.perf_counter()
    detector.detect(frame)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
