"""How far tills agree with what the box computes, for the technician; and baskets put together."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked
from edge_agent.api.models.identify import ReasonView
from edge_agent.api.models.sales import QuoteAnswered
from edge_agent.services.tills.write_permit import OVERRIDE_MINUTES_MAX
from retail_core.fusion.agreement import Channel


class FusedLineView(Answered):
    """How sure a line is: `seen`, `likely` (two taps), `sure` (and the shown sum fits)."""

    line: int
    confidence: Literal["seen", "likely", "sure", "printed"]
    scanned: bool
    shown: bool


class FusedAnswered(QuoteAnswered):
    """A basket that a till's scanner and display make, priced before it is paid.

    `taps` goes line by line; `unpriced` codes are those no article is known for. `agrees`: the sum
    on the display is the sum of the lines at the till's prices, `shown_fen`.
    """

    taps: tuple[FusedLineView, ...]
    unpriced: tuple[str, ...]
    stage: Literal["open", "paying", "paid", "settled"]
    shown_fen: int | None
    agrees: bool


class ChannelView(Answered):
    """One way to write: whether it is allowed now, and why not; scores in thousandths."""

    channel: Channel
    allowed: bool
    reason: ReasonView | None
    standing: Literal["young", "earned", "lost"]
    score: int
    seen: int
    bar: int = Field(description="0: switched off")
    overridden: bool
    minutes_left: int = Field(description="of a technician's word")


class DayView(Answered):
    """A business day as 20260731, 0 while it was unknown."""

    day: int
    seen: int
    agreed: int


class DifferenceView(Answered):
    """One difference; what is not there is null."""

    at_ms: int
    kind: str
    name: str
    sku: str
    computed_fen: int | None
    printed_fen: int | None
    computed_milli: int | None
    printed_milli: int | None


class TillAgreementView(Answered):
    """One till; `results` are its last receipts, newest last: A/a agreed, D/d differed.

    Capitals: the basket was known before it was paid.
    """

    till: UUID
    name: str
    score: int
    seen: int
    agreed: int
    seen_ever: int
    agreed_ever: int
    results: str
    channels: tuple[ChannelView, ...]
    kinds: dict[str, int]
    days: tuple[DayView, ...]
    examples: tuple[DifferenceView, ...]


class AgreementAnswered(Answered):
    """Every till whose receipts are compared."""

    tills: tuple[TillAgreementView, ...]


class OverrideAsked(Asked):
    """A technician's word about one channel of a till; 0 minutes take it back."""

    channel: Channel
    allow: bool
    minutes: Annotated[int, Field(ge=0, le=OVERRIDE_MINUTES_MAX)]
