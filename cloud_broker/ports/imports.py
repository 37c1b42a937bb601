"""Files of systems before this one: how far each was taken in, and whom its rows became."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

ImportKind = Literal["orders", "members"]
ImportState = Literal["running", "done", "undoing", "undone"]


@dataclass(frozen=True, slots=True)
class FileImport:
    """One file: `rows_done` rows of it are in the books for good."""

    import_id: UUID
    kind: ImportKind
    name: str
    sha256: bytes
    how: Mapping[str, object]
    made_by: str
    began_ms: int
    state: ImportState = "running"
    rows_done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MovedMember:
    """Whom a row of a file became; `made`: she was not known before."""

    row: int
    member: UUID
    made: bool
    tier: str
    points: int
    cards: tuple[bytes, ...] = ()
    coupons: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    taken_back: int | None = None


@dataclass(frozen=True, slots=True)
class NewcomerRow:
    """A member as a file tells of her; `birthday` (calendar, month, day) where it is known."""

    member: UUID
    wallet: UUID
    name: str
    tier: str
    phone_masked: str
    phone_hash: bytes | None
    store: UUID
    joined_ms: int
    birthday: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True)
class OldConsent:
    """What the system before knew of a consent; what it did not know is not entered."""

    consent_id: UUID
    member: UUID
    kind: str
    given: bool
    store: UUID
    at_ms: int


@dataclass(frozen=True, slots=True)
class MovedTotals:
    """What of a file stands in the books."""

    rows: int
    members: int
    points: int
    by_tier: Mapping[str, int]


class FileImportRepo(Protocol):
    """Files and how far they are."""

    def begin(self, new: FileImport) -> FileImport:
        """Enter a file; one that is running or done is returned instead."""
        ...

    def get(self, import_id: UUID) -> FileImport | None:
        """Return a file."""
        ...

    def files(self, limit: int) -> tuple[FileImport, ...]:
        """Return files, newest first."""
        ...

    def advance(
        self, before: FileImport, rows_done: int, counts: Mapping[str, int], now_ms: int
    ) -> bool:
        """Move on; False when another process moved it meanwhile."""
        ...

    def turn(self, import_id: UUID, state: ImportState, now_ms: int) -> None:
        """Say how a file stands."""
        ...


class MoverRepo(Protocol):
    """Members of systems before."""

    def card_owners(self, cards: Collection[bytes]) -> Mapping[bytes, UUID]:
        """Return whose cards these hashes are; ended ones are nobody's."""
        ...

    def add_newcomers(self, rows: Sequence[NewcomerRow], now_ms: int) -> None:
        """Enter members with wallets, at version 0."""
        ...

    def bind_cards(self, cards: Mapping[bytes, UUID], now_ms: int) -> None:
        """Let cards name members; one that had ended names again."""
        ...

    def end_cards(self, cards: Collection[bytes], now_ms: int) -> None:
        """End cards."""
        ...

    def add_consents(self, consents: Sequence[OldConsent], now_ms: int) -> None:
        """Append what was said of consents."""
        ...

    def note_moved(self, import_id: UUID, rows: Sequence[MovedMember]) -> None:
        """Keep whom rows became."""
        ...

    def moved(self, import_id: UUID, after_row: int, limit: int) -> tuple[MovedMember, ...]:
        """Return whom rows became, by row."""
        ...

    def still_given(self, import_id: UUID, limit: int) -> tuple[MovedMember, ...]:
        """Return rows of which not everything is taken back, by row."""
        ...

    def taken_back(self, import_id: UUID, points: Mapping[int, int]) -> None:
        """Note how many points of rows were taken back."""
        ...

    def active(self, members: Collection[UUID], import_id: UUID) -> frozenset[UUID]:
        """Return who of them bought, or has anything that did not come with this file."""
        ...

    def forget_numbers(self, members: Collection[UUID]) -> None:
        """Let phone numbers name these members no more."""
        ...

    def totals(self, import_id: UUID) -> MovedTotals:
        """Return what of a file stands in the books, added up there."""
        ...
