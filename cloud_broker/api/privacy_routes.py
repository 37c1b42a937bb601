"""What members' phones ask of signing in by SMS and WeChat, consents, and closing the account."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.ports.privacy import Leaving
from cloud_broker.services.insight.contacts import OptIn
from cloud_broker.services.members.consenting import Purpose
from cloud_broker.services.members.phone_sign_in import code_life_s
from cloud_broker.services.members.phones import Claimed
from cloud_broker.services.members.privacy_desks import PrivacyDesks
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import CHANNELS
from retail_core.texts.faults import FaultCode

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (404, 409, 422, 429, 502)
}
Language = Literal["zh", "en"]
BY_PHONE = "phone"
Chain = Annotated[str, Field(max_length=64, description="the chain's short name, if several")]
Number = Annotated[str, Field(min_length=4, max_length=32, repr=False)]
Code = Annotated[str, Field(pattern="^[0-9]{6}$", repr=False)]
Key = Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")]
Browser = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
OAuthCode = Annotated[str, Field(min_length=1, max_length=512, repr=False)]
State = Annotated[str, Field(min_length=1, max_length=128)]


class _Asked(BaseModel, extra="forbid", frozen=True):
    pass


class CodeWanted(_Asked):
    """A number to send a code to; used for that one message, not kept and not logged."""

    phone: Number
    language: Language = "zh"
    chain: Chain = ""


class CodeOnItsWay(BaseModel):
    """The same for every number: if it is a member's, a code is on its way."""

    expires_s: int


class SignInAsked(_Asked):
    """The number, the code that came to it, and the phone's own public key (None: digits alone)."""

    phone: Number
    code: Code
    public_key: Key = None
    chain: Chain = ""


class SignedIn(BaseModel):
    """The member the phone now speaks for; the secret makes its 20-digit codes and comes once."""

    member_id: UUID
    key_id: str
    tenant_id: UUID
    digit_secret: str = Field(repr=False)
    now_ms: int


class WordShown(BaseModel):
    """One word she said."""

    given: bool
    text_version: str
    channel: str
    wall_ms: int


class PurposeShown(BaseModel):
    """A purpose: how it stands, whether it is said on her phone, and every word she said of it."""

    kind: str
    given: bool | None
    here: bool
    text_zh: str
    text_en: str
    words: tuple[WordShown, ...]


class ConsentsShown(BaseModel):
    """Every purpose, and the year she was born in, as she said it."""

    purposes: tuple[PurposeShown, ...]
    birth_year: int | None
    wechat: bool = Field(description="whether WeChat can be bound here")
    wechat_writes: bool = Field(description="whether messages by WeChat can be agreed to here")


class WordSaid(_Asked):
    """A yes or a no; a yes to SMS comes with the number she is a member by."""

    kind: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=32)
    given: bool
    language: Language = "zh"
    address: Annotated[str, Field(max_length=32, repr=False)] = ""


class YearSaid(_Asked):
    """The year she was born in, None to forget it."""

    year: Annotated[int, Field(ge=1900, le=2100)] | None


class LeaveAsked(_Asked):
    """The code that came to her own number."""

    code: Code


class LeavingShown(BaseModel):
    """How leaving stands: until when she may come back."""

    state: str
    due_ms: int | None
    grace_days: int


class WeChatAsked(_Asked):
    """Where the phone comes back to, and the number of its browser."""

    browser: Browser
    chain: Chain = ""


class WeChatAddress(BaseModel):
    """Where she agrees."""

    url: str


class WeChatCame(_Asked):
    """What WeChat sent the phone back with."""

    browser: Browser
    code: OAuthCode
    state: State
    public_key: Key = None
    chain: Chain = ""
    messages: Annotated[bool, Field(description="she agrees to messages by WeChat, too")] = False
    language: Language = "zh"


class Bound(BaseModel):
    """WeChat knows her."""

    bound: bool


def client_of(request: Request) -> str:
    """Return who is at the other end of the connection; forwarded-for headers are not believed."""
    return "?" if request.client is None else request.client.host


def add_to(routes: APIRouter, doors: Doors, FromPhone: Any) -> None:  # noqa: N803 - a type
    """Add the routes to those under `/v1/member`."""
    desks = doors.deps.privacy
    if desks is None:
        return
    _signing_in(routes, doors, desks)
    _consents(routes, doors, desks, FromPhone)
    _leaving(routes, desks, FromPhone)
    _wechat(routes, doors, desks, FromPhone)


def _signing_in(routes: APIRouter, doors: Doors, desks: PrivacyDesks) -> None:
    desk = desks.sign_in

    @routes.post("/sms", status_code=202, responses=_REFUSALS)
    def send(
        asked: CodeWanted, later: BackgroundTasks, peer: Annotated[str, Depends(client_of)]
    ) -> CodeOnItsWay:
        """Send a code to a member's own number; whoever asks is told the same for any number."""
        doors.sign_ins.admit(peer)
        later.add_task(desk.ask(asked.chain, asked.phone, asked.language))
        return CodeOnItsWay(expires_s=code_life_s())

    @routes.post("/sms/claim", responses=_REFUSALS)
    def claim(asked: SignInAsked, peer: Annotated[str, Depends(client_of)]) -> SignedIn:
        """Let a phone speak for whoever read the code; the phone before it ends."""
        doors.claims.admit(peer)
        key = _key(asked.public_key)
        return _signed_in(desk.claim(asked.chain, asked.phone, asked.code, key))


def _consents(routes: APIRouter, doors: Doors, desks: PrivacyDesks, FromPhone: Any) -> None:  # noqa: N803
    desk, contacts = desks.consenting, doors.deps.campaigns.contacts

    @routes.get("/consents", responses=_REFUSALS)
    def purposes(who: FromPhone) -> ConsentsShown:
        """Return every purpose with its text and its history."""
        return ConsentsShown(
            purposes=tuple(map(_purpose, desk.purposes(who))),
            birth_year=desk.year(who),
            wechat=desks.wechat.wechat is not None,
            wechat_writes=desks.wechat_writes,
        )

    @routes.post("/consents", responses=_REFUSALS)
    def say(asked: WordSaid, who: FromPhone) -> ConsentsShown:
        """Record a yes or a no; the stores that hold her are told."""
        if asked.kind not in CHANNELS:
            desk.say(who, asked.kind, asked.language, given=asked.given)
        elif not asked.given:
            contacts.opt_out(who.tenant, who.member, asked.kind, asked.language, BY_PHONE)
        elif asked.kind == "sms":
            said = OptIn(who.member, asked.kind, asked.address, asked.language, BY_PHONE)
            contacts.opt_in(who.tenant, said)
        else:  # WeChat alone can say which account is hers
            raise Fault(FaultCode.CONTACT_INVALID)
        return purposes(who)

    @routes.put("/birth-year", responses=_REFUSALS)
    def birth_year(asked: YearSaid, who: FromPhone) -> ConsentsShown:
        """Keep the year she was born in as she says it."""
        desk.declare_year(who, asked.year)
        return purposes(who)


def _leaving(routes: APIRouter, desks: PrivacyDesks, FromPhone: Any) -> None:  # noqa: N803
    @routes.post("/leaving/code", responses=_REFUSALS)
    def send(asked: CodeWanted, who: FromPhone) -> CodeOnItsWay:
        """Send a code for closing the account to her own number."""
        seconds = desks.sign_in.ask_to_leave(who, asked.phone, asked.language)
        return CodeOnItsWay(expires_s=seconds)

    @routes.post("/leaving", responses=_REFUSALS)
    def leave(asked: LeaveAsked, who: FromPhone) -> LeavingShown:
        """Close the account; until its day she comes back by a code to her number."""
        return _leaving_shown(desks.sign_in.leave(who, asked.code))

    @routes.get("/leaving", responses=_REFUSALS)
    def how(who: FromPhone) -> LeavingShown:
        """Return what closing the account means here, and whether it was asked for."""
        held = desks.leavings.alive(who.tenant, who.member)
        if held is None:
            return LeavingShown(state="", due_ms=None, grace_days=desks.leavings.grace_days)
        return _leaving_shown(held)


def _wechat(routes: APIRouter, doors: Doors, desks: PrivacyDesks, FromPhone: Any) -> None:  # noqa: N803
    desk = desks.wechat

    @routes.post("/wechat/address", responses=_REFUSALS)
    def address(asked: WeChatAsked, peer: Annotated[str, Depends(client_of)]) -> WeChatAddress:
        """Return where she agrees that WeChat says who she is."""
        doors.sign_ins.admit(peer)
        return WeChatAddress(url=desk.address(asked.chain, asked.browser, desks.page_url))

    @routes.post("/wechat", responses=_REFUSALS)
    def bind(asked: WeChatCame, who: FromPhone) -> Bound:
        """Bind WeChat to this member."""
        openid = desk.bind(who, asked.browser, asked.code, asked.state)
        if asked.messages and desks.wechat_writes:
            said = OptIn(who.member, "wechat", openid, asked.language, BY_PHONE)
            doors.deps.campaigns.contacts.opt_in(who.tenant, said)
        return Bound(bound=True)

    @routes.post("/wechat/claim", responses=_REFUSALS)
    def claim(asked: WeChatCame, peer: Annotated[str, Depends(client_of)]) -> SignedIn:
        """Let a phone speak for whom WeChat says she is."""
        doors.claims.admit(peer)
        key = _key(asked.public_key)
        return _signed_in(desk.claim(asked.chain, asked.browser, asked.code, asked.state, key))


def _key(public_key: str | None) -> bytes | None:
    if public_key is None:
        return None
    key = bytes.fromhex(public_key)
    if not any(key):
        raise Fault(FaultCode.API_BODY_INVALID, detail="public_key")
    return key


def _signed_in(claimed: Claimed) -> SignedIn:
    return SignedIn(
        member_id=claimed.member,
        key_id=claimed.key_id.hex(),
        tenant_id=claimed.tenant,
        digit_secret=claimed.digit_secret.hex(),
        now_ms=claimed.now_ms,
    )


def _purpose(purpose: Purpose) -> PurposeShown:
    return PurposeShown(
        kind=purpose.kind,
        given=purpose.given,
        here=purpose.here,
        text_zh=purpose.text_zh,
        text_en=purpose.text_en,
        words=tuple(
            WordShown(
                given=one.given,
                text_version=one.text_version,
                channel=one.channel,
                wall_ms=one.wall_ms,
            )
            for one in purpose.words
        ),
    )


def _leaving_shown(held: Leaving) -> LeavingShown:
    return LeavingShown(state=held.state.value, due_ms=held.due_ms, grace_days=held.grace_days)
