"""A replica that lets the shop sell while its file cannot be read.

What a sale looks up answers as if nothing were held here: an unknown article sells at the till's
price, a member is not found, rules are shelf prices. What keeps the feed in order is not softened:
a position that reads as zero would fetch a whole shop anew, again and again.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.ports.replica import HeldMember
from retail_core.catalog.article import Article
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.refund import UsesGone

Found = TypeVar("Found")


class SteadyReplica(SqliteReplica):
    """The box's replica; `noted` says whether it could be read when last asked."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(path, key)
        self.tally = FaultTally()
        self._sick = False
        self._bundle: tuple[int, bytes] | None = None
        self._swaps = 0

    @classmethod
    def opened_or_new(cls, path: Path, key: bytes, tally: FaultTally) -> "SteadyReplica":
        """Open the file as `SqliteReplica` does; what cannot be read later is counted as well."""
        replica = super().opened_or_new(path, key, tally)
        replica.tally = tally
        return replica

    def noted(self) -> tuple[Fault, ...]:
        """Return what the box's health should say of it."""
        return (Fault(FaultCode.REPLICA_SICK),) if self._sick else ()

    def member(self, member_id: UUID) -> HeldMember | None:
        """Return a member by id."""
        return self._read(lambda: SqliteReplica.member(self, member_id), None)

    def is_gone(self, member_id: UUID) -> bool:
        """Return whether the cloud took a member away from here; not while nobody can tell."""
        return self._read(lambda: SqliteReplica.is_gone(self, member_id), False)  # noqa: FBT003

    def by_phone_key(self, key_id: bytes) -> HeldMember | None:
        """Return the member whose phone has this key id."""
        return self._read(lambda: SqliteReplica.by_phone_key(self, key_id), None)

    def by_card(self, uid_hash: bytes) -> HeldMember | None:
        """Return the member who holds this card."""
        return self._read(lambda: SqliteReplica.by_card(self, uid_hash), None)

    def by_phone_hash(self, phone_hash: bytes) -> HeldMember | None:
        """Return the member with this keyed phone hash."""
        return self._read(lambda: SqliteReplica.by_phone_hash(self, phone_hash), None)

    def by_digit_reference(self, reference: str) -> tuple[HeldMember, ...]:
        """Return the members whose digit codes carry this reference."""
        return self._read(lambda: SqliteReplica.by_digit_reference(self, reference), ())

    def member_count(self) -> int:
        """Return how many members are held."""
        return self._read(lambda: SqliteReplica.member_count(self), 0)

    def catalogue_version(self) -> int:
        """Return the version of the catalogue held, 0 for none."""
        return self._read(lambda: SqliteReplica.catalogue_version(self), 0)

    def article_by_sku(self, sku: str) -> Article | None:
        """Return the article with this sku."""
        return self._read(lambda: SqliteReplica.article_by_sku(self, sku), None)

    def article_by_barcode(self, barcode: str) -> Article | None:
        """Return the article with this bar code."""
        return self._read(lambda: SqliteReplica.article_by_barcode(self, barcode), None)

    def article_by_receipt_name(self, name: str) -> Article | None:
        """Return the article a printed name is mapped to."""
        return self._read(lambda: SqliteReplica.article_by_receipt_name(self, name), None)

    def uses_back(self, day: int) -> dict[bytes, UsesGone]:
        """Return what other shops took back; while nobody can tell, what was used stays used."""
        return self._read(lambda: SqliteReplica.uses_back(self, day), {})

    def bundle(self) -> tuple[int, bytes] | None:
        """Return (version, bytes) of the rule bundle held; read once, a large one is megabytes."""
        kept, swaps = self._bundle, self._swaps
        if kept is None:
            kept = self._read(lambda: SqliteReplica.bundle(self), None)
            if swaps == self._swaps:
                self._bundle = kept
        return kept

    def replace_bundle(self, version: int, content: bytes) -> None:
        """Swap the rule bundle."""
        super().replace_bundle(version, content)
        self._swaps += 1
        self._bundle = None

    def earlier_bundles(self) -> tuple[tuple[int, bytes], ...]:
        """Return the bundles held before, newest first."""
        return self._read(lambda: SqliteReplica.earlier_bundles(self), ())

    def stock(self) -> Mapping[str, int]:
        """Return whole units by sku; an article that nobody counted is absent."""
        return self._read(lambda: SqliteReplica.stock(self), {})

    def stock_as_of(self) -> tuple[int, int]:
        """Return (version, wall ms) of what lies here; (0, 0) while nobody said."""
        return self._read(lambda: SqliteReplica.stock_as_of(self), (0, 0))

    def recommendations(self) -> tuple[int, bytes] | None:
        """Return (version, bytes) of the table of recommendations held."""
        return self._read(lambda: SqliteReplica.recommendations(self), None)

    def _read(self, ask: Callable[[], Found], nothing: Found) -> Found:
        try:
            found = ask()
        except Fault as fault:
            self.tally.count(fault.code)
            self._sick = True
            return nothing
        self._sick = False
        return found
