"""Campaigns: what was decided, who came in and on which side of the coin, what came of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol
from uuid import UUID

from retail_core.insight.campaigns.assignment import Arm
from retail_core.insight.campaigns.plan import Plan
from retail_core.insight.campaigns.stopping import Spent, Why
from retail_core.insight.campaigns.triggers import Standing
from retail_core.insight.campaigns.uplift import ArmSum

CampaignState = Literal["draft", "waiting", "running", "stopped", "ended"]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign and how far it is.

    `reached` is how far the pass through the segment under way came, `passed_ms` when the last
    whole one ended, `looked_ms` when its results were looked at last.
    """

    campaign: UUID
    plan: Plan
    state: CampaignState
    made_by: str
    made_ms: int
    asked_by: str = ""
    agreed_by: str = ""
    started_ms: int | None = None
    stopped_ms: int | None = None
    why: Why | Literal[""] = ""
    reached: UUID | None = None
    passed_ms: int = 0
    looked_ms: int = 0
    take_back: bool = False
    tidied: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who came into a campaign; `grouped`: it put her into a group she was not in."""

    person: UUID
    arm: Arm
    entered_ms: int
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class CallBack:
    """What a clerk is to ask a member about, until a day."""

    call: UUID
    campaign: UUID
    member: UUID
    note: str
    made_ms: int
    last_day: date


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What came of a call, where, and which clerk said so."""

    call: UUID
    outcome: str
    answered_ms: int
    store: UUID
    clerk: UUID | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are in each arm, what became of coupons and messages, and how many calls are open.

    `messages` counts by state, `dropped` the dropped and failed by reason, `answers` the calls
    that clerks made by what came of them.
    """

    treated: int = 0
    held: int = 0
    coupons: int = 0
    redeemed: int = 0
    open_coupons: int = 0
    calls: int = 0
    messages: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)

    def spent(self, plan: Plan) -> Spent:
        """Return what it cost."""
        sent = sum(self.messages.get(state, 0) for state in ("sent", "delivered", "unsure"))
        waiting = sum(self.messages.get(state, 0) for state in ("due", "sending"))
        return Spent(
            used_fen=self.redeemed * plan.benefit_fen,
            sent_fen=sent * plan.message_fen,
            open_fen=self.open_coupons * plan.benefit_fen + waiting * plan.message_fen,
        )


@dataclass(frozen=True, slots=True)
class Arms:
    """The treated and the held-out arm, without orders that were set aside and with them."""

    clean: tuple[ArmSum, ArmSum]
    whole: tuple[ArmSum, ArmSum]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a campaign on a day."""

    day: date
    looked_ms: int
    figures: Mapping[str, Any]


class CampaignRepo(Protocol):
    """The campaigns of one tenant."""

    def add(self, campaign: Campaign) -> None:
        """Enter a campaign."""
        ...

    def save(self, campaign: Campaign) -> None:
        """Store what changed of a campaign."""
        ...

    def campaigns(self) -> tuple[Campaign, ...]:
        """Return them all, the newest first."""
        ...

    def campaign(self, campaign: UUID, *, locked: bool = True) -> Campaign | None:
        """Return one, locked until the end, or only to look at."""
        ...

    # ---- who comes in ---------------------------------------------------------------------------

    def segments(self) -> tuple[tuple[UUID, str, int], ...]:
        """Return every segment that stands: id, name and how many people belong to it, by name."""
        ...

    def segment_name(self, segment: UUID) -> str | None:
        """Return what a segment is called; None when there is none or it ended."""
        ...

    def segment_size(self, segment: UUID) -> int:
        """Return how many people belong to a segment."""
        ...

    def newcomers(
        self, campaign: UUID, segment: UUID, after: UUID | None, limit: int
    ) -> tuple[UUID, ...]:
        """Return people of the segment that are not in, in the order of their ids."""
        ...

    def standings(self, people: Collection[UUID]) -> dict[UUID, Standing]:
        """Return what triggers ask of people."""
        ...

    def expected(self, people: Collection[UUID]) -> dict[UUID, int]:
        """Return what people are expected to spend within a year, in fen, where it is known."""
        ...

    def expected_day(self) -> date | None:
        """Return the day for which what people are expected to spend was reckoned, if it was."""
        ...

    def expected_of(self, segment: UUID) -> tuple[int | None, ...]:
        """Return the same for everybody of a segment, None where it is not known."""
        ...

    def purchases(self) -> tuple[tuple[UUID, date, int], ...]:
        """Return every purchase of members: whose, on which day, how many fen were kept."""
        ...

    def set_expected(self, rows: Iterable[tuple[UUID, int]], as_of: date) -> int:
        """Replace what people are expected to spend; return how many there are."""
        ...

    def enter(self, campaign: UUID, entered: Sequence[Entered]) -> None:
        """Enter people; StoreRefusedError for one who is in already."""
        ...

    def grouped(self, campaign: UUID, limit: int) -> tuple[UUID, ...]:
        """Return people it put into its group and that are still to be taken out."""
        ...

    def ungroup(self, campaign: UUID, people: Collection[UUID]) -> None:
        """Note that these were taken out."""
        ...

    def unused(self, campaign: UUID, sources: Collection[str], limit: int) -> tuple[UUID, ...]:
        """Return people of it who hold an unused coupon of these sources."""
        ...

    def add_calls(self, calls: Sequence[CallBack]) -> None:
        """Enter what clerks are to ask; once for each member and campaign."""
        ...

    def end_calls(self, campaign: UUID, now_ms: int) -> tuple[UUID, ...]:
        """End a campaign's open calls; return whose they were."""
        ...

    def answer_call(self, answer: CallAnswer, now_ms: int) -> UUID | None:
        """Keep what came of a call, the first answer only; return whose it is, None if unknown."""
        ...

    # ---- what came of it ------------------------------------------------------------------------

    def tally(self, plan: Plan, campaign: UUID) -> Tally:
        """Count people, coupons, messages and calls."""
        ...

    def arms(self, campaign: UUID, measure_days: int) -> Arms:
        """Return both arms, by what each person spent since she came in."""
        ...

    def add_look(self, campaign: UUID, look: Look) -> None:
        """Keep what was seen on a day, in place of what was seen earlier that day."""
        ...

    def looks(self, campaign: UUID) -> tuple[Look, ...]:
        """Return what was seen, day by day."""
        ...


def coupon_source(campaign: UUID, rule: str) -> str:
    """Return under which name a campaign gives a coupon."""
    return f"campaign:{campaign}:{rule}"
