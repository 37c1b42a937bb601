"""Articles with effective dates, rule bundles, and their publication."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from retail_core.catalog.article import Article


@dataclass(frozen=True, slots=True)
class Revision:
    """An article as it will be from a day on; one that ended is not sold any more."""

    article: Article
    effective_from: date
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from version `base`, whose bytes had `base_sha256`, to the next."""

    base: int
    base_sha256: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A published catalogue or bundle: `content` is what stores fetch."""

    kind: str
    version: int
    sha256: bytes
    content: bytes
    step: Step | None = None

    @property
    def size(self) -> int:
        """How many bytes stores fetch."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is to be announced of a document."""

    kind: str
    version: int
    sha256: bytes
    size: int
    step: Step | None = None


class CatalogueRepo(Protocol):
    """What is sold, and by which rules."""

    def article_ids(self, skus: Collection[str]) -> dict[str, UUID]:
        """Return the ids of skus that are known."""
        ...

    def add_articles(self, articles: Mapping[str, UUID], now_ms: int) -> None:
        """Enter new skus."""
        ...

    def add_revisions(self, revisions: Sequence[Revision], now_ms: int) -> None:
        """Append revisions, and the chain's prices that they name."""
        ...

    def effective(self, day: date) -> tuple[Article, ...]:
        """Return every article that is sold on a day, as it is then."""
        ...

    def latest_by_sku(self) -> dict[str, Revision]:
        """Return the newest revision of every article, in effect or not."""
        ...

    def next_due(self, after: date) -> date | None:
        """Return the next day after the given one on which a revision takes effect."""
        ...

    def newest(self, kind: str) -> Announcement | None:
        """Return the newest `catalogue`, `bundle`, `models`, `stock` or `recommendations`."""
        ...

    def marks(self) -> dict[str, int]:
        """Return how new each published thing is, 0 for none: kinds of `newest` and `name-map`.

        A mark moves when the thing changes; only versions are in order.
        """
        ...

    def effective_on(self) -> date | None:
        """Return the day for which the newest catalogue was made."""
        ...

    def add_catalogue(self, document: Document, day: date, articles: int, who: str) -> None:
        """Store a catalogue and queue its announcement; time is the transaction's."""
        ...

    def add_bundle(self, document: Document, plain: bytes, who: str) -> None:
        """Store a signed bundle and queue its announcement; Fault OFFER_INVALID (version)."""
        ...

    def announce_again(self, kind: str, version: int) -> None:
        """Queue the announcement of a document once more."""
        ...

    def add_models(self, document: Document, files: Mapping[str, bytes], who: str) -> None:
        """Store a signed bundle of models and queue its announcement; Fault MODEL_VERSION_TAKEN.

        `files` are weights by SHA-256 in hexadecimal; those that are held already are passed over.
        """
        ...

    def model_files(self, wanted: Collection[str]) -> frozenset[str]:
        """Return those of the wanted weights that are held."""
        ...

    def model_file(self, sha256: str) -> bytes | None:
        """Return weights."""
        ...

    def announce(self, announcement: Announcement) -> None:
        """Queue an announcement of what each store fetches for itself."""
        ...

    def content(self, kind: str, version: int) -> bytes | None:
        """Return a document's bytes."""
        ...

    def unannounced(self) -> tuple[Announcement, ...]:
        """Return what still has to be announced."""
        ...

    def announced(self, announcements: Sequence[Announcement], now_ms: int) -> None:
        """Mark announcements as made."""
        ...

    def name_map(self) -> dict[str, str]:
        """Return the reviewed mapping of printed names to skus."""
        ...

    def map_name(self, name: str, sku: str, who: str, now_ms: int) -> None:
        """Map a printed name and take it off the review list."""
        ...

    def review_names(self, seen: Mapping[str, int], now_ms: int) -> None:
        """Put names without an article on the review list; mapped ones are passed over."""
        ...
