"""What members' phones ask; each request but the claim is signed by the phone's own key."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from cloud_broker.api import growth_routes, privacy_routes, profile_routes
from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.domain.phone_request import Asked, parse
from cloud_broker.services.access.overview import SaleRow
from cloud_broker.services.members.member_desk import Standing, last_sale
from cloud_broker.services.members.phones import PhoneHolder
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import CHANNELS
from retail_core.texts.faults import FaultCode

CODE_CHARS_MAX = 200


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


class LineShown(BaseModel):
    """One line of a purchase."""

    name: str
    qty_milli: int


class PurchaseShown(BaseModel):
    """A purchase as its buyer sees it."""

    store_name: str
    wall_ms: int
    total_fen: int
    points: int
    lines: tuple[LineShown, ...]


class ConsentShown(BaseModel):
    """The newest word on one kind of consent."""

    kind: str
    given: bool
    text_version: str
    wall_ms: int


class StandingShown(BaseModel):
    """How the member stands, with the cloud's time to set the phone's by.

    `points_free` is what she can spend; `points_owed` is taken off it already.
    """

    now_ms: int
    as_of_ms: int
    name: str
    phone_masked: str
    tier: str
    tier_name: str
    tier_name_en: str
    points_free: int
    points_pending: int
    points_owed: int
    home_store_name: str
    last: PurchaseShown | None
    consents: tuple[ConsentShown, ...]


class WithdrawAsked(BaseModel, extra="forbid"):
    """Which consent is taken back, and in which language she read what that means."""

    kind: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=32)
    language: Literal["zh", "en"] = "zh"


class Withdrawn(BaseModel):
    """It is recorded."""

    kind: str
    given: bool = False


class LaneShown(BaseModel):
    """Which counter a tag stands on, and whether it can be told."""

    store_name: str
    lane_name: str
    online: bool


class CheckInAsked(BaseModel, extra="forbid"):
    """Where the member says she stands, with a code her phone has just signed."""

    store: UUID
    lane: UUID
    code: str = Field(max_length=CODE_CHARS_MAX, repr=False)


class CheckInOpened(BaseModel):
    """The check-in is on its way; page and till show the same number."""

    checkin_id: UUID
    number: int
    expires_ms: int


class CheckInShown(BaseModel):
    """What became of it: '' while open, then shown, busy, expired, refused or superseded."""

    outcome: str


def peer_of(request: Request) -> str:
    """Return who is at the other end of the connection; forwarded-for headers are not believed."""
    return "?" if request.client is None else request.client.host


async def body_of(request: Request) -> bytes:
    """Return the bytes that were signed."""
    return await request.body()


class PhoneDoor:
    """Finds out whose phone asks."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def __call__(self, request: Request, body: Annotated[bytes, Depends(body_of)]) -> PhoneHolder:
        """Return the member. Faults API_TOKEN_MISSING, PHONE_*, API_RATE_LIMITED."""
        signed = parse(request.headers.get("authorization", ""))
        # By who asks too: a key's id stands in every code, its owner must not be shut out by it.
        self._doors.phones.admit(f"{peer_of(request)} {signed.key_id.hex()}")
        query = request.url.query
        target = request.url.path + (f"?{query}" if query else "")
        return self._doors.deps.phones.who(signed, Asked(request.method, target, body))


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/member`."""
    routes = APIRouter(prefix="/v1/member", tags=["member"])
    _claims(routes, doors)
    FromPhone = Annotated[PhoneHolder, Depends(PhoneDoor(doors))]  # noqa: N806 - an alias is a type
    _own_data(routes, doors, FromPhone)
    _lanes(routes, doors, FromPhone)
    growth_routes.add_to(routes, doors, FromPhone)
    profile_routes.add_to(routes, doors, FromPhone)
    privacy_routes.add_to(routes, doors, FromPhone)
    return routes


def _claims(routes: APIRouter, doors: Doors) -> None:
    @routes.post("/claim", responses={404: {"model": ErrorBody}, 429: {"model": ErrorBody}})
    def claim(asked: ClaimAsked, peer: Annotated[str, Depends(peer_of)]) -> ClaimAnswered:
        """Let a phone speak for the member of this claim; once, and before it expires."""
        doors.claims.admit(peer)
        public_key = None if asked.public_key is None else bytes.fromhex(asked.public_key)
        if public_key is not None and not any(public_key):
            raise Fault(FaultCode.API_BODY_INVALID, detail="public_key")
        claimed = doors.deps.phones.claim(asked.claim_code, public_key)
        return ClaimAnswered(
            member_id=claimed.member,
            key_id=claimed.key_id.hex(),
            tenant_id=claimed.tenant,
            digit_secret=claimed.digit_secret.hex(),
            now_ms=claimed.now_ms,
        )


def _own_data(routes: APIRouter, doors: Doors, FromPhone: Any) -> None:  # noqa: N803 - a type
    desk = doors.deps.member_desk

    @routes.get("/me", responses={401: {"model": ErrorBody}})
    def me(who: FromPhone) -> StandingShown:
        """Return how the member stands."""
        return _shown(desk.standing(who))

    @routes.post("/consents/withdraw", responses={404: {"model": ErrorBody}})
    def withdraw(asked: WithdrawAsked, who: FromPhone) -> Withdrawn:
        """Record that she takes a consent back; the stores that hold her are told."""
        if asked.kind in CHANNELS:
            contacts = doors.deps.campaigns.contacts
            contacts.opt_out(who.tenant, who.member, asked.kind, asked.language, "phone")
        else:
            desk.withdraw(who, asked.kind, asked.language)
        return Withdrawn(kind=asked.kind)

    @routes.get("/export", responses={401: {"model": ErrorBody}})
    def export(who: FromPhone) -> dict[str, Any]:
        """Return every row the cloud holds of her."""
        told = desk.export(who)
        if doors.deps.privacy is None:
            return told
        return told | {"more": doors.deps.privacy.export.more(who.tenant, [who.member])}


def _lanes(routes: APIRouter, doors: Doors, FromPhone: Any) -> None:  # noqa: N803 - a type
    checkins = doors.deps.checkins

    @routes.get("/lanes/{store}/{lane}", responses={404: {"model": ErrorBody}})
    def lane(store: UUID, lane: UUID, who: FromPhone) -> LaneShown:
        """Return which counter a tag stands on."""
        found = checkins.lane(who.tenant, store, lane)
        return LaneShown(
            store_name=found.store_name, lane_name=found.lane_name, online=found.online
        )

    @routes.post("/checkins", responses={503: {"model": ErrorBody}})
    def check_in(asked: CheckInAsked, who: FromPhone) -> CheckInOpened:
        """Say that she stands at a lane; the counter is told at once."""
        opened = checkins.open(who, asked.store, asked.lane, asked.code)
        return CheckInOpened(
            checkin_id=opened.checkin, number=opened.number, expires_ms=opened.expires_ms
        )

    @routes.get("/checkins/{checkin}", responses={404: {"model": ErrorBody}})
    def checked_in(checkin: UUID, who: FromPhone) -> CheckInShown:
        """Return what became of a check-in."""
        return CheckInShown(outcome=checkins.outcome(who, checkin))


def _shown(standing: Standing) -> StandingShown:
    page = standing.page
    return StandingShown(
        now_ms=standing.now_ms,
        as_of_ms=standing.now_ms,
        name=page.name,
        phone_masked=page.phone_masked,
        tier=page.tier,
        tier_name=standing.tier_name.zh,
        tier_name_en=standing.tier_name.en,
        points_free=page.points_free,
        points_pending=page.points_pending,
        points_owed=page.points_owed,
        home_store_name=page.home_store_name,
        last=_purchase(last_sale(page)),
        consents=tuple(
            ConsentShown(
                kind=one.kind, given=one.given, text_version=one.text_version, wall_ms=one.wall_ms
            )
            for one in standing.consents
        ),
    )


def _purchase(sale: SaleRow | None) -> PurchaseShown | None:
    if sale is None:
        return None
    return PurchaseShown(
        store_name=sale.store_name,
        wall_ms=sale.wall_ms,
        total_fen=sale.total_fen,
        points=sale.points,
        lines=tuple(LineShown(name=line.name, qty_milli=line.qty_milli) for line in sale.lines),
    )
