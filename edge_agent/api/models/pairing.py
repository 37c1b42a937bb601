"""Pairing a terminal, and the list of those that are paired."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked
from edge_agent.domain.terminals import Kind, Scope
from edge_agent.lane_settings import LaneName

# What stands on the operator's screen before she says yes: no control characters, no trickery.
_HIDDEN = r"\x00-\x1f<>&\"'\\\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
TerminalName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        pattern=rf"^[^ {_HIDDEN}][^{_HIDDEN}]*$",
        examples=["2号自助收银"],
    ),
]
PageOrigin = Annotated[
    str,
    Field(
        max_length=210, pattern=r"^https?://[^/@\s]{1,200}$", examples=["https://pos.example.cn"]
    ),
]


class PairAsked(Asked):
    """A terminal shows the code that a person read to it, and says what it is."""

    code: Annotated[str, Field(min_length=8, max_length=12, repr=False, examples=["7K3D-9QXM"])]
    name: TerminalName
    kind: Kind = Kind.TILL
    origin: PageOrigin | None = Field(
        None, description="the page that will use the token; a browser's own is seen by the box"
    )
    till: UUID | None = Field(None, description="the till it sells for, if it knows")
    lane: LaneName | None = Field(None, description="the lane whose events it wants to hear")


class PairAnswered(Answered):
    """Show `check` to the person before the terminal, and ask for the token with `claim`."""

    claim: str
    check: str = Field(description="the same four digits stand on the operator's screen")
    expires_s: int
    poll_ms: int


class ClaimAsked(Asked):
    """Ask whether somebody has said yes."""

    claim: Annotated[str, Field(min_length=16, max_length=128, repr=False)]


class TerminalView(Answered):
    """One terminal; `provisioned` ones come from HQ's device file and are changed there."""

    terminal_id: UUID | None
    provisioned: bool
    kind: Kind
    name: str
    scopes: tuple[Scope, ...]
    till: UUID | None
    lane: str | None
    origins: tuple[str, ...]
    paired_ms: int | None
    paired_by: UUID | None
    seen_ms: int | None


class ClaimAnswered(Answered):
    """`waiting` until a person has said yes; then the token, which is shown nowhere else."""

    state: Literal["waiting", "paired"]
    token: str | None = None
    terminal: TerminalView | None = None


class WindowOpened(Answered):
    """A window for one terminal; the code is shown once and written nowhere."""

    code: str
    expires_s: int


class AskingView(Answered):
    """Who asks: compare the four digits with the terminal's, and look at its page."""

    request_id: UUID
    name: str
    kind: Kind
    origin: str | None
    address: str
    till: UUID | None
    lane: str | None
    check: str


class PairingAnswered(Answered):
    """The window as it stands."""

    state: Literal["closed", "open", "asking", "confirmed"]
    expires_s: int = 0
    tries_left: int = 0
    asking: AskingView | None = None


class ConfirmAsked(Asked):
    """Yes to this terminal; `scopes` may be fewer than its kind has, never more."""

    request_id: UUID
    scopes: Annotated[tuple[Scope, ...], Field(max_length=len(Scope))] | None = None
    till: UUID | None = None
    lane: LaneName | None = None


class TerminalsAnswered(Answered):
    """Every terminal that may call this box."""

    terminals: tuple[TerminalView, ...]


class TokenAnswered(Answered):
    """The next token; the present one counts until this one is first used."""

    token: str
