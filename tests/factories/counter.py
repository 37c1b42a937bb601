"""A shop's counter with fake readers around the real race."""

from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.ports.gallery_store import Template
from edge_agent.ports.nfc import CardTap
from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.codes import CodeCheck, QrFrames
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.lookup import Kind, MemberLookup
from edge_agent.recognition.proofs import Proofs
from edge_agent.recognition.race import now_ms
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.card_book import CardBook
from edge_agent.services.recognition.identify import Identify
from edge_agent.services.recognition.readers import Lane
from retail_core.identity.member_code import key_id_of, mint
from retail_core.identity.sun import file_key, make_sun
from retail_core.tally import FaultTally
from retail_core.wire.member import MemberRecord, PhoneKey
from tests.factories.faces import POLICY
from tests.fakes.camera import FakeCamera
from tests.fakes.card_counters import FakeCardCounters
from tests.fakes.clock import FakeClock
from tests.fakes.face import FakeFaceEngine, unit
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.nfc import FakeNfcReader
from tests.fakes.qr import FakeQrReader
from tests.fakes.replica import FakeReplica

META_KEY, MASTER_KEY = bytes(range(16)), bytes(range(16, 32))
ALICE, BOB, CAROL = (UUID(int=number) for number in (0xA11CE, 0xB0B, 0xCA501))
TTL_S = 60
NFC_READER = "fake"


def uid_of(number: int) -> bytes:
    """A seven-byte card UID."""
    return bytes((4,)) + number.to_bytes(6, "big")


def card_hash(uid: bytes) -> bytes:
    """Stands for the tenant's keyed hash."""
    return b"hash of " + uid


@dataclass(frozen=True, slots=True)
class Phone:
    """A member's phone with its key."""

    private: bytes

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()

    @property
    def key(self) -> PhoneKey:
        return PhoneKey(key_id_of(self.public), self.public)

    def code(self, issued_at_s: int, nonce: int = 1) -> str:
        """The code it shows."""
        key_id = key_id_of(self.public)
        return mint(self.private, key_id, issued_at_s, TTL_S, nonce.to_bytes(8, "big"))


ALICES_PHONE, BOBS_PHONE = Phone(b"a" * 32), Phone(b"b" * 32)
ALICES_CARD, BOBS_CARD = uid_of(1), uid_of(2)


SECRET = b"secret of one phone."


def record(name: str, phone: Phone | None = None, card: bytes | None = None) -> MemberRecord:
    """What the cloud says of a member."""
    return MemberRecord(
        wallet=bytes(16),
        name=name,
        tier="gold",
        tags=(),
        points_free=100,
        points_pending=0,
        phone_masked="138****0000",
        phone_hash=None,
        phone_keys=() if phone is None else (phone.key,),
        cards=() if card is None else (card_hash(card),),
        home_store=bytes(16),
        digit_secret=b"" if phone is None else SECRET,
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of a look-up."""

    held: HeldMember | None


@dataclass(slots=True)
class FakeFinder:
    """The look-up that may ask the cloud; `known` is what the cloud knows."""

    known: dict[tuple[str, bytes], HeldMember] = field(default_factory=dict)
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    def find(self, kind: Kind, value: bytes) -> Found:
        self.asked.append((kind, value))
        return Found(self.known.get((kind, value)))


class Counter:
    """Readers, members and the service; close it with `stop`."""

    def __init__(self, *, live_min: float = 0.0, counters: FakeCardCounters | None = None) -> None:
        self.clock = FakeClock()
        self.camera = FakeCamera()
        self.engine = FakeFaceEngine()
        self.qr = FakeQrReader()
        self.nfc = FakeNfcReader()
        self.replica = FakeReplica()
        self.finder = FakeFinder()
        self.tally = FaultTally()
        self.gallery = Gallery(self.engine.model_id)
        self.lookup = MemberLookup(self.replica, self.finder)
        book = CardBook(
            counters or FakeCardCounters(),
            Recorder(FakeJournal()),
            self.clock,
            FakeIdSource(),
            FaultTally(),
        )
        self.proofs = Proofs(META_KEY, MASTER_KEY, card_hash, book)
        self.codes = CodeCheck(self.lookup, self.proofs, self.clock)
        self.cards = CardTaps(self.nfc, self.lookup, self.proofs)
        policy = POLICY
        self.lane = Lane(
            lookup=self.lookup,
            proofs=self.proofs,
            codes=self.codes,
            face=FaceReader(self.camera, self.engine, self.gallery, self.lookup, policy, live_min),
            qr=QrFrames(self.camera, self.qr, self.codes),
            cards=self.cards,
        )
        self.identify = Identify(self.lane, self.tally)
        self.camera.start()
        self.nfc.start()

    @property
    def now_s(self) -> int:
        return self.clock.wall_ms // 1000

    def hold(self, member: UUID, held: MemberRecord) -> None:
        """Let the shop hold a member."""
        self.replica.put_member(member, 1, held)

    def enrol_face(self, member: UUID, *values: float) -> None:
        """Put a template of a member into the gallery."""
        template = Template(
            UUID(int=len(self.gallery)), member, self.engine.model_id, unit(*values)
        )
        self.gallery.add(template)

    def tap(self, uid: bytes, count: int, *, ago_ms: float = 0) -> CardTap:
        """A genuine card on the reader."""
        uri = make_sun(uid, count, META_KEY, file_key(MASTER_KEY, uid))
        return CardTap(NFC_READER, uid, uri, int(now_ms() - ago_ms), 1.5)

    def stop(self) -> None:
        self.identify.stop()
