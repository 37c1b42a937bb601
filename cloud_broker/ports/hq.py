"""People of HQ, their sessions, and the audit of what they did."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.audit_chain import AuditEntry, AuditRow

__all__ = ["AuditAsked", "AuditEntry", "AuditRow", "HqRepo", "HqSession", "HqUser"]


@dataclass(frozen=True, slots=True)
class HqUser:
    """A person of HQ; `place` is the region or store that is theirs, None for the chain."""

    user_id: UUID
    login: str
    name: str
    role: str
    password_hash: str
    failed_tries: int = 0
    locked_until_ms: int = 0
    place: UUID | None = None
    left_ms: int = 0


@dataclass(frozen=True, slots=True)
class HqSession:
    """A session or API token, by its hash."""

    token_hash: bytes
    kind: str
    expires_ms: int
    user: HqUser


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """Which rows: of whom, beginning of an action, about what; `below` a number, 0 for all."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    below: int = 0


class HqRepo(Protocol):
    """HQ's people."""

    def add_user(self, user: HqUser, now_ms: int) -> None:
        """Enter a person. Raises Fault API_BODY_INVALID when the login is taken."""
        ...

    def user(self, login: str) -> HqUser | None:
        """Return a person, locked until the end of the transaction."""
        ...

    def take_turn(self) -> None:
        """Let nobody else change people before this transaction ends."""
        ...

    def users(self) -> tuple[HqUser, ...]:
        """Return everybody, by login, those who left last."""
        ...

    def set_user(self, user: HqUser) -> None:
        """Write name, role, place and when somebody left."""
        ...

    def end_sessions(self, user_id: UUID) -> int:
        """End everything somebody is signed in with; return how many."""
        ...

    def note_try(self, user_id: UUID, *, failed_tries: int, locked_until_ms: int) -> None:
        """Store how sign-in went."""
        ...

    def add_session(
        self, user_id: UUID, token_hash: bytes, kind: str, expires_ms: int, label: str
    ) -> None:
        """Store a session or API token."""
        ...

    def session(self, token_hash: bytes) -> HqSession | None:
        """Return a session with its person."""
        ...

    def end_session(self, token_hash: bytes) -> None:
        """Forget a session."""
        ...

    def audit(self, entry: AuditEntry, now_ms: int) -> None:
        """Append to the tenant's audit chain."""
        ...

    def audits(self, asked: AuditAsked, limit: int) -> tuple[AuditRow, ...]:
        """Return rows of the chain, newest first."""
        ...

    def audit_chain(self, after: int, limit: int) -> tuple[AuditRow, ...]:
        """Return the rows that follow a number, oldest first."""
        ...
