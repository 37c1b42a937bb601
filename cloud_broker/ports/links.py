"""Which account of HQ belongs to whom a sign-in service knows; entered by hand, never guessed."""

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from cloud_broker.ports.hq import HqUser

LinkKind = Literal["subject", "email"]


@dataclass(frozen=True, slots=True)
class Link:
    """One such word: a subject or a verified mail address of an issuer, and a person."""

    issuer: str
    kind: LinkKind
    value: str
    user_id: UUID


class LinkRepo(Protocol):
    """The words."""

    def add(self, link: Link, who: str, now_ms: int) -> bool:
        """Enter one; False when that subject or address is somebody's already."""
        ...

    def end(self, issuer: str, kind: LinkKind, value: str) -> bool:
        """Forget one; False when there is none."""
        ...

    def links(self) -> tuple[Link, ...]:
        """Return them all, by issuer, kind and value."""
        ...

    def user(self, issuer: str, kind: LinkKind, value: str) -> HqUser | None:
        """Return whose it is; None also for one who left."""
        ...
