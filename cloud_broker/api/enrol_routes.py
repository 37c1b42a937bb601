"""How boxes come in, on the paths of EST (RFC 7030), and what they ask once they are in."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud_broker.api.deps import RateGate
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.member_routes import body_of
from cloud_broker.api.peer import peer_of
from cloud_broker.domain.limiter import Rate
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.services.fleet.enrolling import Enrolling, Holder
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName
from retail_core.texts.faults import FaultCode

EST = "/.well-known/est"
CERTIFICATES = "application/pkcs7-mime; smime-type=certs-only"
BOARD_CHARS_MAX = 64
# One address is one shop: a technician who mistypes, not a machine that guesses.
TRY_RATE = Rate(per_minute=10, burst=10)
RENEW_RATE = Rate(per_minute=2, burst=6)
_UNTRUSTED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (401, 403, 409, 422, 429, 503)
}


@dataclass(frozen=True, slots=True)
class EnrolDeps:
    """What the routes work with; `broker_of` gives the address of a shard's broker for boxes.

    `release_root` gives the newest signed root of releases, empty where there are none.
    """

    enrolling: Enrolling
    keys: KeyRing
    clock: Clock
    url: str
    pages_url: str
    broker_of: Callable[[int], tuple[str, int]]
    release_root: Callable[[], bytes]


class LateAsked(BaseModel):
    """What an expired certificate's key asks; bytes as base64, the fingerprint as hexadecimal."""

    model_config = ConfigDict(extra="forbid")

    tenant: UUID
    device: UUID
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    request: Annotated[str, Field(max_length=limits.CERTIFICATE_BYTES_MAX)]
    proof: Annotated[str, Field(max_length=256)]


class Held(BaseModel):
    """Whose certificate is accepted, and where that box stands."""

    device: UUID
    store: UUID


class SheetTill(BaseModel):
    """A till as the box is to be wired."""

    id: UUID
    name: str
    kind: str
    profile: str
    port: str
    printer: str


class SheetOperator(BaseModel):
    """A person at the store's tills, with the PIN as a hash."""

    id: UUID
    number: str
    name: str
    pin_hash: str
    role: str


class Sheet(BaseModel):
    """What a box's device file is made of; the box adds the secrets that are its own."""

    tenant: UUID
    store: UUID
    device: UUID
    legal_entity: UUID
    store_name: str
    city: str
    region: str
    zone: str
    day_starts_at: str
    url: str
    broker_host: str
    broker_port: int
    bundle_public_key: str
    pages_url: str
    claim_secret: str
    phone_hash_key: str
    card_hash_key: str
    sun_meta_key: str
    sun_master_key: str
    release_root: str
    tills: list[SheetTill]
    operators: list[SheetOperator]


def router(deps: EnrolDeps) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["enrolment"], responses=_UNTRUSTED)
    tries, renewals = RateGate(TRY_RATE, deps.clock), RateGate(RENEW_RATE, deps.clock)
    enrolling = deps.enrolling

    @routes.get(f"{EST}/cacerts", response_class=Response)
    def authorities() -> Response:
        """Return our authorities; who asks has nothing yet to check them with but a pin."""
        return _certificates(enrolling.authority.chain())

    @routes.post(f"{EST}/simpleenroll", response_class=Response)
    def enrol(request: Request, body: Annotated[bytes, Depends(body_of)]) -> Response:
        """Let a box in: its board as user, the one-time code as password, a PKCS#10 as body."""
        tries.admit(request.client.host if request.client else "")
        board, code = _basic(request)
        _, issued = enrolling.enrol(code, _decoded(body), board)
        return _certificates((issued.content, *enrolling.authority.chain()[:1]))

    @routes.post(f"{EST}/simplereenroll", response_class=Response)
    def renew(request: Request, body: Annotated[bytes, Depends(body_of)]) -> Response:
        """Certify a box's next key, by its present certificate."""
        holder = holder_of(enrolling, request)
        renewals.admit(str(holder.place.device))
        issued = enrolling.renew(holder, _decoded(body))
        return _certificates((issued.content, *enrolling.authority.chain()[:1]))

    @routes.post("/v1/device/renew-late", response_class=Response)
    def renew_late(request: Request, asked: LateAsked) -> Response:
        """Certify the next key of a box that slept past its certificate's end."""
        tries.admit(request.client.host if request.client else "")
        issued = enrolling.renew_late(
            BoxName(asked.tenant, asked.device),
            bytes.fromhex(asked.fingerprint),
            _decoded(asked.request.encode()),
            _decoded(asked.proof.encode()),
        )
        return _certificates((issued.content, *enrolling.authority.chain()[:1]))

    @routes.get("/v1/device/identity")
    def identity(request: Request) -> Held:
        """Say who the box is: a new certificate is tried with this before the old one goes."""
        place = holder_of(enrolling, request).place
        return Held(device=place.device, store=place.store)

    @routes.get("/v1/device/sheet")
    def sheet(request: Request) -> Sheet:
        """Return what the box's device file is made of."""
        return _sheet(deps, holder_of(enrolling, request))

    return routes


def holder_of(enrolling: Enrolling, request: Request) -> Holder:
    """Return the box that the connection's certificate is of; Faults F106, F107, A101."""
    peer = peer_of(request)
    if peer is None:
        raise Fault(FaultCode.API_TOKEN_MISSING)
    return enrolling.holder(peer.name, peer.fingerprint)


def _sheet(deps: EnrolDeps, holder: Holder) -> Sheet:
    place, keys = holder.place, deps.keys.keys(holder.tenant)
    told = deps.enrolling.sheet(holder)
    signer = Ed25519PrivateKey.from_private_bytes(keys.bundle_seed).public_key()
    host, port = deps.broker_of(place.shard)
    return Sheet(
        tenant=holder.tenant,
        store=place.store,
        device=place.device,
        legal_entity=place.legal_entity,
        store_name=told.store_name,
        city=told.city,
        region=told.region,
        zone=place.zone,
        day_starts_at=f"{place.day_starts_at:%H:%M}",
        url=deps.url,
        broker_host=host,
        broker_port=port,
        bundle_public_key=signer.public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
        pages_url=deps.pages_url,
        claim_secret=told.claim_secret.hex(),
        phone_hash_key=keys.phone_hash_key.hex(),
        card_hash_key=keys.card_hash_key.hex(),
        sun_meta_key=keys.sun_meta_key.hex(),
        sun_master_key=keys.sun_master_key.hex(),
        release_root=deps.release_root().decode(),
        tills=[
            SheetTill(
                id=one.till,
                name=one.name,
                kind=one.kind,
                profile=one.profile,
                port=one.port,
                printer=one.printer,
            )
            for one in told.tills
        ],
        operators=[
            SheetOperator(
                id=one.operator,
                number=one.number,
                name=one.name,
                pin_hash=one.pin_hash,
                role=one.role,
            )
            for one in told.operators
        ],
    )


def _certificates(chain: Sequence[bytes]) -> Response:
    """Return certificates as EST does: PKCS#7 without a signature, in base64."""
    found = [x509.load_der_x509_certificate(one) for one in chain]
    packed = pkcs7.serialize_certificates(found, Encoding.DER)
    return Response(b64encode(packed), media_type=CERTIFICATES)


def _basic(request: Request) -> tuple[str, str]:
    """Return (board, code); Fault ENROL_CODE_WRONG for anything else."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    try:
        board, _, code = b64decode(said, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        raise Fault(FaultCode.ENROL_CODE_WRONG) from None
    if scheme.lower() != "basic" or not board.isprintable() or len(board) > BOARD_CHARS_MAX:
        raise Fault(FaultCode.ENROL_CODE_WRONG)
    return board, code


def _decoded(body: bytes) -> bytes:
    try:
        return b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise Fault(FaultCode.ENROL_CSR_REFUSED, reason="base64") from None
