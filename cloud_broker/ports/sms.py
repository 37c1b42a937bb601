"""Codes by SMS: who carries them, and what is remembered of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """One message; the number (E.164 digits) is used once and stands nowhere else."""

    message_id: UUID
    phone: str = field(repr=False)
    code: str = field(repr=False)
    text: str = field(repr=False)


class SmsSender(Protocol):
    """A provider of SMS."""

    def send(self, message: SmsMessage) -> None:
        """Hand a message over; Fault SMS_NOT_SENT when it was not taken."""
        ...


@dataclass(frozen=True, slots=True)
class SmsCode:
    """A code that was sent, as it rests: hashed; it opens one member at one lane of one store."""

    code_id: UUID
    member: UUID
    store: UUID
    device: UUID
    lane: str
    phone_hash: bytes
    code_hash: bytes = field(repr=False)
    created_ms: int
    expires_ms: int
    tries: int = 0


class SmsRepo(Protocol):
    """Codes that were sent."""

    def made(
        self, phone_hash: bytes, device: UUID, since_ms: int
    ) -> tuple[Sequence[int], Sequence[int]]:
        """Return when codes for a phone and of a device were made; both are locked until the end.

        Locked: two tills that ask at the same moment are not both the first.
        """
        ...

    def add(self, code: SmsCode) -> None:
        """Enter a code; an older one of the same member and lane ends."""
        ...

    def open_code(self, member: UUID, store: UUID, lane: str) -> SmsCode | None:
        """Return the code that may still be tried, locked until the end."""
        ...

    def tried(self, code_id: UUID) -> None:
        """Count a try."""
        ...

    def end(self, code_id: UUID, now_ms: int) -> None:
        """End a code: it was used, or was not sent."""
        ...

    def forget(self, before_ms: int) -> int:
        """Delete codes made before; return how many."""
        ...
