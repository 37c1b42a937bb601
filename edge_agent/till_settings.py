"""The tills of the device file: what each one is, and what of its is listened to or written on."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr

from edge_agent.lane_settings import Section
from retail_core.catalog.weighed import COMMON, Layout, layout_of
from retail_core.checkout.payment_codes import is_payment_code
from retail_core.identity.card_number import card_pattern
from retail_core.texts.words import Words

Text = Annotated[str, Field(min_length=1, max_length=200)]
Token = Annotated[SecretStr, Field(min_length=16, max_length=200)]


def _layout(pattern: str) -> str:
    layout_of(pattern)
    return pattern


class ScalesConfig(Section):
    """How this shop's scales print their labels, one layout each (`retail_core.catalog.weighed`).

    None given: the usual ones.
    """

    labels: Annotated[
        tuple[Annotated[str, AfterValidator(_layout)], ...], Field(max_length=16)
    ] = ()

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """The layouts to take labels apart by."""
        return tuple(map(layout_of, self.labels)) or COMMON


class DisplayConfig(Section):
    """The customer display of a till; the box stands between `port` (till) and `display`.

    With `write` the box greets there, once its agreement with the till is good enough.
    """

    profile: Text = "display-vfd220"
    port: Text
    display: Text
    write: bool = True


def _card(pattern: str) -> str:
    return card_pattern(pattern)


def _typable(text: str) -> str:
    if not (text.isascii() and text.isprintable()) or is_payment_code(text):
        raise ValueError(
            Words(
                "what a scanner can type, and no payment code", "要扫码枪打得出来的,也不能是付款码"
            )
        )
    return text


CardPattern = Annotated[str, AfterValidator(_card)]
Typed = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_typable)]


class ScannerConfig(Section):
    """The scanner of a till: from `scanner` through the box to `port`, where the till reads.

    Both are serial lines; with a profile that types, `scanner` is the keyboard's path or a part of
    its name, and `port` stays empty. `cards`: members' printed numbers, `9900########`. `inject`:
    what is typed for a recognised member, by tier (`*` for any other), once the box's agreement
    with the till is good enough.
    """

    profile: Text = "scanner-serial"
    scanner: Text
    port: str = ""
    cards: Annotated[tuple[CardPattern, ...], Field(max_length=8)] = ()
    inject: dict[Annotated[str, Field(max_length=40)], Typed] = Field(default_factory=dict)


class AppendConfig(Section):
    """What is printed behind this till's receipts; without this section nothing is.

    `place`: `after` the till's own cut, or `before_cut` on the same paper; for that the cut waits
    at most `hold_ms`. `within_ms`: later than that behind the end of a receipt nothing is printed.
    `native_code`: the printer draws codes itself (GS ( k); else they are sent as a picture.
    """

    points: bool = True
    tier: bool = True
    savings: bool = True
    receipt_code: bool = True
    claim_code: bool = True
    language: Literal["zh", "en"] | None = None
    place: Literal["after", "before_cut"] = "after"
    own_cut: bool = True
    feed_lines: Annotated[int, Field(ge=0, le=20)] = 4
    hold_ms: Annotated[int, Field(ge=10, le=500)] = 150
    within_ms: Annotated[int, Field(ge=50, le=5_000)] = 800
    native_code: bool = True


class ApiTill(Section):
    """A till that calls the local API."""

    kind: Literal["api"]
    id: UUID
    name: Text
    token: Token


class EscposTill(Section):
    """An unchanged till: the box sits between it and its receipt printer."""

    kind: Literal["escpos"]
    id: UUID
    name: Text
    profile: Text
    port: Text
    printer: Text
    display: DisplayConfig | None = None
    scanner: ScannerConfig | None = None
    append: AppendConfig | None = None


class FramedTill(Section):
    """A till that asks the box in frames, over the line at `port`."""

    kind: Literal["framed"]
    id: UUID
    name: Text
    profile: Text
    port: Text


class SoftwareTill(Section):
    """A till whose own software asks the box, or is told by it.

    One that asks has a `secret` and comes from `allow`; `counter` is the till at which its members
    are noted, where a printer is tapped too. One that is told has `url`, `app_id` and `app_key`.
    """

    kind: Literal["software"]
    id: UUID
    name: Text
    profile: Text
    secret: Token | None = None
    allow: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"),)
    counter: UUID | None = None
    url: Annotated[str, Field(pattern=r"^https://|^http://(127\.|localhost[:/])")] | None = None
    app_id: Text | None = None
    app_key: SecretStr | None = None
