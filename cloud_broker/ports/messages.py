"""Messages that advertise: templates, addresses, what waits, and who carries them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from retail_core.insight.campaigns.pacing import Pace
from retail_core.insight.campaigns.plan import Channel
from retail_core.insight.campaigns.quiet import Quiet

TemplateState = Literal["waiting", "approved", "ended"]
MessageState = Literal["due", "sending", "sent", "delivered", "failed", "dropped", "unsure"]
OPEN_STATES: frozenset[MessageState] = frozenset({"due", "sending"})


@dataclass(frozen=True, slots=True)
class Template:
    """A text that somebody wrote and somebody else approved; the provider knows it by its code."""

    template: UUID
    channel: Channel
    name: str
    body: str
    provider_code: str
    state: TemplateState
    made_by: str
    made_ms: int
    decided_by: str = ""
    decided_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a member may be written to, sealed; `address_hash` finds whose an address is."""

    member: UUID
    channel: Channel
    sealed: bytes = field(repr=False)
    address_hash: bytes = field(repr=False)
    given_ms: int = 0


@dataclass(frozen=True, slots=True)
class Queued:
    """A message of a campaign to a person, and how far it came."""

    message: UUID
    campaign: UUID
    person: UUID
    channel: Channel
    template: UUID
    fills: Mapping[str, str]
    priority: int
    made_ms: int
    due_ms: int
    until_ms: int
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """A member's word on being written to by a channel, as it is entered."""

    consent: UUID
    member: UUID
    kind: str
    given: bool
    text_version: str
    text_hash: bytes
    language: str
    channel: str
    wall_ms: int


@dataclass(frozen=True, slots=True)
class PaceSet:
    """How a brand writes by a channel."""

    pace: Pace = field(default_factory=Pace)
    quiet: Quiet = field(default_factory=Quiet)


class MessageRepo(Protocol):
    """Templates, addresses and messages of one tenant."""

    # ---- templates ------------------------------------------------------------------------------

    def templates(self) -> tuple[Template, ...]:
        """Return them all, by name."""
        ...

    def template(self, template: UUID) -> Template | None:
        """Return one, locked until the end."""
        ...

    def save_template(self, template: Template) -> None:
        """Enter or change one; StoreRefusedError when its writer approved it."""
        ...

    # ---- addresses ------------------------------------------------------------------------------

    def save_contact(self, contact: Contact) -> None:
        """Keep where a member may be written to, in place of what she said before."""
        ...

    def drop_contacts(self, members: Collection[UUID], channel: Channel) -> int:
        """Forget where members were written to; return how many there were."""
        ...

    def members_at(self, channel: Channel, address_hash: bytes) -> tuple[UUID, ...]:
        """Return whose an address is."""
        ...

    def say(self, said: Sequence[Said], now_ms: int) -> None:
        """Append members' words on a purpose; whoever is not a member is passed over."""
        ...

    def said_since(self, member: UUID, purpose: str, since_ms: int) -> bool:
        """Tell whether she said anything on a purpose at a moment or later."""
        ...

    def allowed(
        self, people: Collection[UUID], channel: Channel, purpose: str
    ) -> dict[UUID, Contact]:
        """Return where each person may be written to now, by her newest word on the purpose.

        Of members that are one person one no is a no.
        """
        ...

    # ---- what waits -----------------------------------------------------------------------------

    def add(self, messages: Sequence[Queued]) -> None:
        """Let messages wait; one a person, campaign and channel."""
        ...

    def take(self, channel: Channel, now_ms: int, limit: int) -> tuple[Queued, ...]:
        """Take what is due to send it now; what is taken is taken by nobody else."""
        ...

    def take_these(self, messages: Collection[UUID], now_ms: int) -> None:
        """Take these, due or not."""
        ...

    def due_of(self, people: Collection[UUID], channel: Channel) -> tuple[Queued, ...]:
        """Return all that waits for these people, due or not."""
        ...

    def sent_to(self, people: Collection[UUID], since_ms: int) -> dict[UUID, list[int]]:
        """Return when people were sent something, by any channel."""
        ...

    def sent_since(self, channel: Channel, minute_ms: int, day_ms: int) -> tuple[int, int]:
        """Return how many were taken to be sent since two moments."""
        ...

    def later(self, message: UUID, due_ms: int, tries: int, reason: str) -> None:
        """Let a message that was taken wait again."""
        ...

    def end(
        self, messages: Collection[UUID], state: MessageState, reason: str, now_ms: int
    ) -> None:
        """Note what became of messages for good."""
        ...

    def sent(self, message: UUID, provider_ref: str, now_ms: int) -> None:
        """Note that a provider took a message, under its own name for it."""
        ...

    def told(self, channel: Channel, named: str, state: MessageState, reason: str, ms: int) -> bool:
        """Note a receipt, by our name of a message or the provider's; False when it is unknown.

        What was delivered stays so.
        """
        ...

    def drop_waiting(self, campaign: UUID, reason: str, now_ms: int) -> int:
        """Drop what still waits of a campaign; return how many."""
        ...

    def unsure(self, before_ms: int, now_ms: int) -> int:
        """Give up messages taken before: whether they went nobody knows, and none goes twice."""
        ...

    # ---- how ------------------------------------------------------------------------------------

    def pace(self, channel: Channel) -> PaceSet:
        """Return how the brand writes; as the house has it until it is said."""
        ...

    def set_pace(self, channel: Channel, pace: PaceSet, who: str, now_ms: int) -> None:
        """Say how the brand writes."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way; the address is used once and stands nowhere else."""

    message: UUID
    address: str = field(repr=False)
    text: str = field(repr=False)
    provider_code: str
    fills: Mapping[str, str]


class MessageSender(Protocol):
    """A provider of one channel."""

    def send(self, message: Outgoing) -> str:
        """Hand a message over; return the provider's name for it, "" if it has none.

        Faults MESSAGE_NOT_SENT when trying again can help, MESSAGE_REFUSED when it cannot.
        """
        ...
