"""Who calls: a provisioned or a paired terminal, by a bearer token known by its SHA-256 only."""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from edge_agent.domain.terminals import SCOPES, Kind, Scope, Terminal
from edge_agent.services.box.terminals import hash_of
from edge_agent.settings import DeviceFile
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

__all__ = ["SCOPES", "Kind", "Principal", "Scope", "TokenBook", "token_book"]

Holder = Callable[[bytes], Terminal | None]


@dataclass(frozen=True, slots=True)
class Principal:
    """The terminal behind a request; `till` is set for tills, `terminal` for a paired one."""

    kind: Kind
    till: UUID | None = None
    name: str = ""
    terminal: UUID | None = None
    scopes: frozenset[Scope] | None = None
    origins: tuple[str, ...] = ()
    lane: str | None = None

    @property
    def key(self) -> str:
        """A short stable name, used to keep terminals' idempotency keys apart.

        A till's is its own, however often it is paired anew: it asks again for the answer it lost.
        """
        if self.till:
            return f"{self.kind}:{self.till}"
        return f"{self.kind}:{self.terminal}" if self.terminal else self.kind.value

    @property
    def may(self) -> frozenset[Scope]:
        """What this token may do."""
        return SCOPES[self.kind] if self.scopes is None else self.scopes

    def require(self, scope: Scope) -> Self:
        """Return self, or raise Fault API_SCOPE_MISSING."""
        if scope not in self.may:
            raise Fault(FaultCode.API_SCOPE_MISSING, scope=scope.value)
        return self

    def comes_from(self, origin: str | None, own: frozenset[str]) -> None:
        """Refuse a token on another page than its own; `own` are the pages of the box's files.

        Raises Fault API_ORIGIN_REFUSED.
        """
        allowed = own if self.terminal is None else self.origins
        if origin is not None and origin not in allowed:
            raise Fault(FaultCode.API_ORIGIN_REFUSED, origin=origin[:100])


class TokenBook:
    """Looks a bearer token up; every entry is compared, in constant time."""

    def __init__(
        self, entries: Iterable[tuple[str, Principal]], paired: Holder = lambda _hash: None
    ) -> None:
        self._entries = tuple((hash_of(token), principal) for token, principal in entries)
        self._paired = paired

    @property
    def provisioned(self) -> tuple[Principal, ...]:
        """The terminals that HQ's device file names."""
        return tuple(principal for _, principal in self._entries)

    def principal(self, token: str) -> Principal:
        """Return who holds a token; raises Fault API_TOKEN_MISSING or API_TOKEN_WRONG."""
        if not token:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        digest = hash_of(token)
        found: Principal | None = None
        for held, principal in self._entries:
            if hmac.compare_digest(held, digest):
                found = principal
        if found is None:
            found = _of(self._paired(digest))
        if found is None:
            raise Fault(FaultCode.API_TOKEN_WRONG)
        return found


def token_book(device: DeviceFile, paired: Holder) -> TokenBook:
    """Return the book of a box: each calling till, the screen, and who was paired here."""
    tills = [
        (till.token.get_secret_value(), Principal(Kind.TILL, till.id, till.name))
        for till in device.api_tills
    ]
    screen = (device.screen.token.get_secret_value(), Principal(Kind.SCREEN))
    return TokenBook([*tills, screen], paired)


def _of(terminal: Terminal | None) -> Principal | None:
    if terminal is None:
        return None
    return Principal(
        kind=terminal.kind,
        till=terminal.till,
        name=terminal.name,
        terminal=terminal.terminal_id,
        scopes=terminal.scopes,
        origins=terminal.origins,
        lane=terminal.lane,
    )
