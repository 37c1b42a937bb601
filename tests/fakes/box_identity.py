"""The box's key store and the cloud's authority as a box sees it, in memory."""

from collections.abc import Sequence
from hashlib import sha256

from edge_agent.domain.box_key import (
    BoxIdentity,
    draw_key,
    identity_in,
    late_proof,
    request_for,
    with_chain,
)
from edge_agent.ports.box_identity import LateAsk
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_boxes import FakeBoxAuthority


class FakeIdentityStore:
    """An `IdentityStore` that holds PEMs."""

    def __init__(self) -> None:
        self.present = b""
        self.next = b""

    def held(self) -> BoxIdentity | None:
        return identity_in(self.present) if self.present else None

    def draw(self) -> bytes:
        self.next = draw_key()
        return request_for(self.next)

    def take(self, chain: Sequence[bytes]) -> None:
        held = self.held()
        self.next = with_chain(self.next, chain, None if held is None else held.name)

    def swap(self) -> None:
        self.present, self.next = self.next, b""

    def late_ask(self, request: bytes) -> LateAsk:
        held = identity_in(self.present)
        fingerprint = sha256(held.content).digest()
        return LateAsk(held.name, fingerprint, request, late_proof(self.present, request))


class FakeCertificateDesk:
    """A `CertificateDesk` that certifies as `name` at `now_ms`; `refuses` is raised instead."""

    def __init__(self, name: BoxName, now_ms: int) -> None:
        self.authority = FakeBoxAuthority(now_ms)
        self.name = name
        self.now_ms = now_ms
        self.asked: list[str] = []
        self.refuses: dict[str, FaultCode] = {}

    def enrol(self, board: str, code: str, request: bytes) -> tuple[bytes, ...]:
        return self._certified("enrol", request)

    def renew(self, request: bytes) -> tuple[bytes, ...]:
        return self._certified("renew", request)

    def renew_late(self, asked: LateAsk) -> tuple[bytes, ...]:
        return self._certified("late", asked.request)

    def try_drawn(self) -> None:
        self._asked("try")

    def _certified(self, how: str, request: bytes) -> tuple[bytes, ...]:
        self._asked(how)
        issued = self.authority.issue(request, self.name, self.now_ms)
        return (issued.content, *self.authority.chain())

    def _asked(self, how: str) -> None:
        self.asked.append(how)
        if how in self.refuses:
            raise Fault(self.refuses[how])
