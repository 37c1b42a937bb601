"""What members' phones ask; each request but the claim is signed by the phone's own key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class ClaimAsked(BaseModel, extra="forbid"):
    """A phone's claim: the code shown at enrolment, and its own Ed25519 public key.

    A browser that cannot make such a key sends none and shows the digit code alone.
    """

    claim_code: str = Field(min_length=1, max_length=64)
    public_key: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class ClaimAnswered(BaseModel):
    """The member the phone now speaks for; the secret makes its 20-digit codes and comes once."""

    member_id: UUID
    key_id: str
    tenant_id: UUID
    digit_secret: str = Field(repr=False)
    now_ms: int


def peer_of(request: Request) -> str:
    """Return who is at the other end of the connection; forwarded-for headers are not believed."""
    return "?" if request.client is None else request.client.host


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/member`."""
    routes = APIRouter(prefix="/v1/member", tags=["member"])
    phones = doors.deps.phones

    @routes.post("/claim", responses={404: {"model": ErrorBody}, 429: {"model": ErrorBody}})
    def claim(asked: ClaimAsked, peer: Annotated[str, Depends(peer_of)]) -> ClaimAnswered:
        """Let a phone speak for the member of this claim; once, and before it expires."""
        doors.claims.admit(peer)
        public_key = None if asked.public_key is None else bytes.fromhex(asked.public_key)
        if public_key is not None and not any(public_key):
            raise Fault(FaultCode.API_BODY_INVALID, detail="public_key")
        claimed = phones.claim(asked.claim_code, public_key)
        return ClaimAnswered(
            member_id=claimed.member,
            key_id=claimed.key_id.hex(),
            tenant_id=claimed.tenant,
            digit_secret=claimed.digit_secret.hex(),
            now_ms=claimed.now_ms,
        )

    return routes
