"""HQ's desk for rules: drafts and each of their edits, publications, long works, and past sales."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

DraftState = Literal["open", "waiting", "published", "dropped"]
OrderKind = Literal["all", "stage", "back"]
OrderState = Literal["waiting", "published", "dropped"]
JobKind = Literal["lint", "replay"]
JobState = Literal["waiting", "running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Published:
    """A version as it was published; `sha256` is of its JSON, as receipts name it."""

    version: int
    sha256: bytes
    made_by: str
    made_ms: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft at its newest edit; `base` is the version it began from, 0 for none."""

    draft: UUID
    name: str
    base: int
    edit: int
    state: DraftState
    made_by: str
    made_ms: int
    changed_by: str
    changed_ms: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A draft's text as somebody saved it; it need not be a bundle yet."""

    edit: int
    content: str
    said_by: str
    said_ms: int


@dataclass(frozen=True, slots=True)
class RuleOrder:
    """A publication asked for: to all, to a stage's stores or regions, or back to a version.

    `version` is 0 until it is published; `base` is what was in force when it was looked at.
    """

    order: UUID
    kind: OrderKind
    draft: UUID | None
    edit: int
    stores: tuple[str, ...]
    regions: tuple[str, ...]
    base: int
    reach: int
    state: OrderState
    author: str
    why: str
    made_ms: int
    second: str = ""
    version: int = 0
    decided_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RuleJob:
    """A long work on an edit: `done` of `total` receipts; `reached` is the store-day done last.

    `against` is the version compared with, 0 for what was paid.
    """

    job: UUID
    kind: JobKind
    draft: UUID
    edit: int
    against: int
    first: date
    last: date
    state: JobState
    asked_by: str
    asked_ms: int
    total: int = 0
    done: int = 0
    reached: tuple[UUID, date] | None = None
    changed_ms: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SoldBefore:
    """A line of a past receipt, with the article as it is known today; costs in fen a unit."""

    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    brand: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    cost_fen: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptBefore:
    """A past receipt; `opened` is wall time in its store's zone."""

    receipt: UUID
    number: str
    store: str
    region: str
    opened: datetime
    total_fen: int
    member: UUID | None
    lines: tuple[SoldBefore, ...]


@dataclass(frozen=True, slots=True)
class Buyer:
    """What rules may ask of a member, as it is today."""

    tier: str
    tags: frozenset[str]
    groups: frozenset[str]
    personal: bool
    joined: date


class DraftRepo(Protocol):
    """All of it for one tenant."""

    def published(self, limit: int) -> tuple[Published, ...]:
        """Return published versions, the newest first."""
        ...

    def held(self) -> Mapping[UUID, int]:
        """Return the newest version that each box has said it sells by."""
        ...

    def add(self, draft: Draft, content: str) -> None:
        """Enter a draft with its first edit."""
        ...

    def save(self, draft: Draft, content: str | None) -> None:
        """Keep a draft as it is now; with a text, that text is its newest edit."""
        ...

    def drafts(self, limit: int) -> tuple[Draft, ...]:
        """Return drafts, those changed last first."""
        ...

    def draft(self, draft: UUID, *, locked: bool = False) -> Draft | None:
        """Return a draft, locked until the transaction ends where it is to change."""
        ...

    def edit(self, draft: UUID, edit: int) -> Edit | None:
        """Return an edit."""
        ...

    def edits(self, draft: UUID, limit: int) -> tuple[Edit, ...]:
        """Return a draft's edits without their texts, the newest first."""
        ...

    def add_order(self, order: RuleOrder, content: str) -> None:
        """Enter a publication with the JSON that it is to publish."""
        ...

    def orders(self, limit: int) -> tuple[RuleOrder, ...]:
        """Return publications, the newest first."""
        ...

    def order(self, order: UUID) -> tuple[RuleOrder, str] | None:
        """Return a publication with its JSON, locked until the transaction ends."""
        ...

    def decide(self, order: RuleOrder) -> None:
        """Keep a publication as it was decided."""
        ...

    def add_job(self, job: RuleJob) -> None:
        """Enter a work."""
        ...

    def jobs(self, draft: UUID, limit: int) -> tuple[RuleJob, ...]:
        """Return a draft's works, the newest first."""
        ...

    def job(self, job: UUID, *, locked: bool = False) -> RuleJob | None:
        """Return a work, locked where it is to change."""
        ...

    def next_job(self) -> RuleJob | None:
        """Return the oldest work that is not over."""
        ...

    def keep_job(self, job: RuleJob, result: bytes | None = None) -> None:
        """Keep how far a work is, and what came of it so far."""
        ...

    def result(self, job: UUID) -> bytes:
        """Return what came of a work so far, b"" when nothing did."""
        ...

    def receipts_between(self, first: date, last: date) -> int:
        """Count the receipts of some business days, both ends included."""
        ...

    def receipts_of(self, store: UUID, day: date) -> tuple[ReceiptBefore, ...]:
        """Return a store's receipts of a business day, in the order of their ids."""
        ...

    def buyers(self, members: Collection[UUID]) -> Mapping[UUID, Buyer]:
        """Return members as rules may ask of them."""
        ...

    def sums(self, first: date, last: date) -> Counter[int]:
        """Count receipts of some business days by what they came to at shelf prices, in fen."""
        ...

    def store_days(
        self, after: tuple[UUID, date] | None, first: date, last: date, limit: int
    ) -> Sequence[tuple[UUID, date, int]]:
        """Return the next store-days that have receipts, by store and day, with how many."""
        ...
