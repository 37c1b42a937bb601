"""A counter for benches: everything of the product, with played devices in front.

A photo file before a live camera's capture process, a rendered phone, a card on a virtual reader.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from edge_agent.adapters.card_counters_sqlite import SqliteCardCounters
from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.drivers.qr.reader import QrCascade
from edge_agent.ports.face import FaceEngine
from edge_agent.ports.gallery_store import Template
from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.codes import CodeCheck, QrFrames
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.fair import FairEngine, FairTurns
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.lookup import Kind, MemberLookup
from edge_agent.recognition.proofs import Proofs
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.card_book import CardBook
from edge_agent.services.recognition.identify import Identify
from edge_agent.services.recognition.readers import Lane
from retail_core.identity.member_code import key_id_of
from retail_core.tally import FaultTally
from retail_core.wire.member import MemberRecord, PhoneKey
from tools import build_models, fetch_photos
from tools.virtual_pcsc import READER_NAME, NotHereError, VirtualPcsc, ensure_pcscd

DEADLINE_MS = 5_000
WIDTH, HEIGHT = 640, 480
MEMBER = UUID(int=0xA11CE)
UID = bytes.fromhex("04A1B2C3D4E5F6")
META_KEY, MASTER_KEY = bytes(range(16)), bytes(range(16, 32))
REPLICA_KEY = bytes(32)
STEP = 1_000


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

    def show(self, image: NDArray[np.uint8]) -> None:
        """Put a picture before the camera."""
        self._count += 1
        file = self._folder / f"{self._count}.png"
        cv2.imwrite(str(file), image)
        beside = self._folder / "next"
        beside.symlink_to(file)
        beside.replace(self.link)

    def wall(self) -> None:
        """Show an empty wall."""
        self.show(np.full((HEIGHT, WIDTH, 3), 120, np.uint8))


def card_reader(stack: ExitStack) -> VirtualPcsc | None:
    """Start a virtual reader; None where none can run."""
    try:
        service = stack.enter_context(ensure_pcscd())
    except NotHereError:
        return None
    os.environ.update(service.environment)
    return service


@dataclass(frozen=True, slots=True)
class Setting:
    """How fast the cameras are, and how many templates the gallery holds."""

    fps: int = 15
    templates: int = 1_500


class Stand(NamedTuple):
    """One lane: its `identify`, its camera, and the engine it shares with the others."""

    identify: Identify
    camera: CameraOpenCv
    engine: FairEngine


@contextmanager
def counters(
    folder: Path,
    scenes: Sequence[Scene],
    phone: Ed25519PrivateKey,
    pcsc: VirtualPcsc | None,
    setting: Setting = Setting(),
) -> Iterator[list[Stand]]:
    """Set up a lane before each scene, over one gallery, one engine and one replica."""
    models = FaceModels.load(build_models.MODELS)
    engine = FairEngine(FaceOnnx(models), FairTurns(os.cpu_count() or 1))
    gallery = shop_gallery(engine, setting.templates)
    replica = SqliteReplica(folder / "replica.db", REPLICA_KEY)
    replica.put_member(MEMBER, 1, _record(phone.public_key().public_bytes_raw()))
    lookup = MemberLookup(replica, Alone())
    clock = SystemClock(UUID(int=1), lambda: True)
    journal = SqliteJournal(folder / "journal.db", REPLICA_KEY, SystemIds(clock))
    card_counters = SqliteCardCounters(folder / "cards.db", REPLICA_KEY)
    # A tap is synced to the disk before its member is shown: the figures have it in them.
    book = CardBook(card_counters, Recorder(journal), clock, SystemIds(clock), FaultTally())
    proofs = Proofs(META_KEY, MASTER_KEY, bytes, book)
    codes = CodeCheck(lookup, proofs, clock)
    cameras = [
        CameraOpenCv(f"lane{n}", f"file:{scene.link}?jitter=1", fps=setting.fps)
        for n, scene in enumerate(scenes)
    ]
    nfc = PcscNfcReader(READER_NAME)
    cards = CardTaps(nfc, lookup, proofs) if pcsc is not None else None
    made = []
    for camera in cameras:
        face = FaceReader(camera, engine, gallery, lookup, models.policy)
        lane = Lane(lookup, proofs, codes, face, QrFrames(camera, QrCascade(), codes), cards)
        made.append(Stand(Identify(lane, FaultTally()), camera, engine))
        camera.start()
    if pcsc is not None:
        nfc.start()
    try:
        for camera in cameras:
            camera.newest(after_seq=0, timeout_ms=DEADLINE_MS)
        yield made
    finally:
        for stand in made:
            stand.identify.stop()
            stand.camera.stop()
        nfc.stop()
        for file in (replica, journal, card_counters):
            file.close()


def shop_gallery(engine: FaceEngine, templates: int) -> Gallery:
    """Enrol her photos among strangers (random directions; only their number matters)."""
    gallery = Gallery(engine.model_id)
    for number in ("1", "2", "3"):
        own = engine.read(on_frame(photo(number))).embedding
        if own is None:
            raise RuntimeError(f"photo {number} gives no embedding")
        gallery.add(Template(UUID(int=len(gallery)), MEMBER, engine.model_id, own))
    gallery.fill(strangers(templates - len(gallery), engine.model_id))
    return gallery


def strangers(count: int, model_id: str, width: int = 512) -> Iterator[Template]:
    """Yield templates in random directions, three a member."""
    random = np.random.default_rng(1)
    for first in range(0, count, STEP):
        vectors = random.normal(size=(min(STEP, count - first), width)).astype(np.float32)
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        for number, vector in enumerate(vectors, first):
            yield Template(UUID(int=1 << 80 | number), UUID(int=1 + number // 3), model_id, vector)


def photo(number: str, person: str = "person-a") -> NDArray[np.uint8]:
    """Return one of her photos, or a stranger's."""
    return decode_picture((fetch_photos.DESTINATION / person / f"{number}.jpg").read_bytes())


def on_frame(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut the upper part of a portrait to the shape of a frame and shrink it to 640 x 480."""
    upper = image[: image.shape[1] * HEIGHT // WIDTH]
    frame = cv2.resize(upper, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(frame, np.uint8)


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
