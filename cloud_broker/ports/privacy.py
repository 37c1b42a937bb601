"""Who leaves, what is erased of a person, and what certifies it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from retail_core.identity.erasure_certificate import ErasedPlace, SignedCertificate

Channel = Literal["phone", "till", "hq", "cli"]


class LeavingState(StrEnum):
    """How far leaving is: a second person is waited for, then days of grace, then her shops."""

    REQUESTED = "requested"
    OPEN = "open"
    TELLING = "telling"
    DONE = "done"
    BACK = "back"
    REFUSED = "refused"


ALIVE = frozenset({LeavingState.REQUESTED, LeavingState.OPEN, LeavingState.TELLING})


@dataclass(frozen=True, slots=True)
class Leaving:
    """One wish to leave; `due_ms` is None until it counts, `member` is nobody's once it is done."""

    leaving: UUID
    member: UUID
    channel: Channel
    asked_by: str
    why: str
    asked_ms: int
    grace_days: int
    state: LeavingState
    second: str = ""
    due_ms: int | None = None
    told_ms: int | None = None
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What a person is known by: ids, keyed hashes and keys. To be looked for, never to be shown.

    Her name is left out: others have it too.
    """

    ids: tuple[UUID, ...]
    marks: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate as it is kept."""

    erasure: UUID
    erased_ms: int
    signed: SignedCertificate


@dataclass(frozen=True, slots=True)
class Erase:
    """An erasure to be done: `olds` are one person, `news` take their places in the books."""

    leaving: UUID
    olds: tuple[UUID, ...]
    news: tuple[UUID, ...]
    unheard: tuple[UUID, ...]
    now_ms: int


Certify = Callable[[Sequence[ErasedPlace]], Certified]


class PrivacyShelf(Protocol):
    """Leavings and certificates; each call is a transaction of its own."""

    def ask(self, tenant: UUID, leaving: Leaving) -> bool:
        """Enter a wish to leave; False when one of this member's is alive already."""
        ...

    def alive(self, tenant: UUID, member: UUID) -> Leaving | None:
        """Return a member's wish to leave that is neither done nor given up."""
        ...

    def one(self, tenant: UUID, leaving: UUID) -> Leaving | None:
        """Return a wish to leave."""
        ...

    def leavings(self, tenant: UUID, limit: int) -> tuple[Leaving, ...]:
        """Return wishes to leave, the newest first."""
        ...

    def due(self, tenant: UUID, now_ms: int) -> tuple[Leaving, ...]:
        """Return what is `open` past its day, and what is `telling`, oldest first."""
        ...

    def move(self, tenant: UUID, before: Leaving, after: Leaving) -> bool:
        """Change one; False when it is no longer as it was `before`."""
        ...

    def unheard(self, tenant: UUID, members: Collection[UUID]) -> tuple[UUID, ...]:
        """Return shops whose boxes have yet to read that these are gone, or hold a face of them."""
        ...

    def sought(self, tenant: UUID, members: Collection[UUID]) -> Sought:
        """Return what these are known by now."""
        ...

    def erase(self, tenant: UUID, erase: Erase, certify: Certify) -> Certified:
        """Erase one person in all tables and keep the certificate that is made of the counts."""
        ...

    def found(self, tenant: UUID, sought: Sought) -> Mapping[str, int]:
        """Return in how many rows of which tables a person is found by value; of all tables."""
        ...

    def rows_about(
        self, tenant: UUID, members: Collection[UUID], besides: Collection[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return every row that names these, by table, `besides` tables that are told elsewhere."""
        ...

    def named(self, tenant: UUID, pseudonyms: Collection[str]) -> tuple[UUID, ...]:
        """Return the members whom pseudonyms of certificates stand for, if they are there."""
        ...

    def keep(self, tenant: UUID, certified: Certified) -> bool:
        """Keep a certificate that this database has not; False when it has it."""
        ...

    def certificates(self, tenant: UUID, limit: int) -> tuple[Certified, ...]:
        """Return certificates, the newest first."""
        ...


class CertificateFiles(Protocol):
    """Certificates beside the database and its backups: what a restore brings back goes again."""

    def keep(self, tenant: UUID, certified: Certified) -> bool:
        """Write a certificate, whole or not at all; False when it is there. Fault E121."""
        ...

    def names(self, tenant: UUID) -> frozenset[UUID]:
        """Return the erasures whose certificates are there."""
        ...

    def read(self, tenant: UUID, erasure: UUID) -> SignedCertificate:
        """Return a certificate; Fault E118 for a file that is none."""
        ...
