"""The races of the benches: a face, a code, a card before a counter; times of those recognised."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.drivers.nfc_pcsc.sim import Ntag424
from edge_agent.drivers.qr.sim import Look, render
from edge_agent.services.recognition.identify import Identification, Identify
from edge_agent.services.recognition.readers import Reader
from retail_core.identity.assurance import Factor
from retail_core.identity.member_code import key_id_of, mint
from retail_core.identity.sun import file_key
from tools.bench.counter import (
    DEADLINE_MS,
    MASTER_KEY,
    MEMBER,
    META_KEY,
    UID,
    Scene,
    on_frame,
    photo,
)
from tools.virtual_pcsc import VirtualPcsc

WARM_UP = 3
CODE_TTL_S = 60
REST_S = 0.1
FACE: tuple[Reader, ...] = ("face",)
QR: tuple[Reader, ...] = ("qr",)
NFC: tuple[Reader, ...] = ("nfc",)


@dataclass(frozen=True, slots=True)
class Series:
    """The rounds after the warm-up; `right` are those that named the member by this factor."""

    rounds: int
    right: tuple[Identification, ...]

    @classmethod
    def of(cls, results: Sequence[Identification], factor: Factor) -> "Series":
        """Keep the results that are right."""
        right = [r for r in results if r.factor is factor and r.member]
        hers = tuple(r for r in right if r.member and r.member.member_id == MEMBER)
        return cls(len(results), hers)

    @property
    def to_member_ms(self) -> list[float]:
        """From the deciding frame or the card to the member's data."""
        return [r.frame_to_member_ms for r in self.right if r.frame_to_member_ms is not None]

    @property
    def first_usable_ms(self) -> list[float]:
        """From the first frame that could be used to the member's data."""
        return [r.first_usable_ms for r in self.right if r.first_usable_ms is not None]

    def stage_ms(self, stage: str) -> list[float]:
        """Return one stage's last time of each round."""
        return [r.stage_ms[stage] for r in self.right if stage in r.stage_ms]


def faces(
    lanes: Sequence[Identify], scene: Scene, rounds: int, factors: tuple[Reader, ...] = FACE
) -> Series:
    """Let her face be seen at every lane at the same time."""
    scene.show(on_frame(photo("3")))

    def at_lane(identify: Identify) -> list[Identification]:
        results = [identify.identify(factors, DEADLINE_MS) for _ in range(WARM_UP + rounds)]
        return results[WARM_UP:]

    with ThreadPoolExecutor(len(lanes)) as pool:
        found = [result for results in pool.map(at_lane, lanes) for result in results]
    return Series.of(found, Factor.FACE_VOTE)


def codes(
    identify: Identify,
    scene: Scene,
    phone: Ed25519PrivateKey,
    rounds: int,
    look: Callable[[int], Look],
) -> Series:
    """Hold a fresh code before the camera again and again."""
    private = phone.private_bytes_raw()
    key_id = key_id_of(phone.public_key().public_bytes_raw())
    results = []
    for number in range(WARM_UP + rounds):
        code = mint(private, key_id, int(time.time()), CODE_TTL_S, number.to_bytes(8, "big"))
        scene.show(render(code, look(number)))
        results.append(identify.identify(QR, DEADLINE_MS))
    return Series.of(results[WARM_UP:], Factor.MEMBER_CODE)


def cards(identify: Identify, pcsc: VirtualPcsc, rounds: int) -> Series:
    """Lay a card on the virtual reader again and again."""
    card = Ntag424(UID, meta_key=META_KEY, file_key=file_key(MASTER_KEY, UID))
    results = []
    for _ in range(WARM_UP + rounds):
        pcsc.reader.insert(card)
        results.append(identify.identify(NFC, DEADLINE_MS))
        pcsc.reader.remove()
        time.sleep(REST_S)
    return Series.of(results[WARM_UP:], Factor.SUN_CARD)
