"""The tills of the device file: what each one is, and what of its is listened to or written on."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr

from edge_agent.lane_settings import Section
from retail_core.catalog.weighed import COMMON, Layout, layout_of

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

    profile: Text = "display-auto"
    port: Text
    display: Text
    write: bool = True


class ScannerConfig(Section):
    """The scanner of a till: from `scanner` through the box to `port`, where the till reads.

    Each is a serial line, or `hid:<name or path>` for a keyboard and `hid` for a virtual one. With
    `inject` the box may type a recognised member's number, once its agreement is good enough.
    """

    profile: Text = "scanner-serial"
    scanner: Text
    port: Text
    inject: bool = False


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
