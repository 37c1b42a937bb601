"""Who calls: a till or the till screen, by a bearer token held here only as its SHA-256."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Self
from uuid import UUID

from edge_agent.settings import DeviceFile
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class Kind(StrEnum):
    """What kind of terminal holds a token."""

    TILL = "till"
    SCREEN = "screen"


class Scope(StrEnum):
    """What a request wants to do; the value stands in the refusal's text."""

    OPERATE = "operators.login"
    IDENTIFY = "identify"
    MEMBER_READ = "members.read"
    ENROL = "enrolments.write"
    QUOTE = "quotes"
    SELL = "sales.write"
    LEDGER = "ledger.read"
    RECEIPTS = "receipts.read"
    EVENTS = "events"


SCOPES: dict[Kind, frozenset[Scope]] = {
    Kind.TILL: frozenset(Scope) - {Scope.LEDGER},
    Kind.SCREEN: frozenset(Scope) - {Scope.QUOTE, Scope.SELL},
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The terminal behind a request; `till` is set for tills."""

    kind: Kind
    till: UUID | None = None
    name: str = ""

    @property
    def key(self) -> str:
        """A short stable name, used to keep terminals' idempotency keys apart."""
        return f"{self.kind}:{self.till}" if self.till else self.kind.value

    def require(self, scope: Scope) -> Self:
        """Return self, or raise Fault API_SCOPE_MISSING."""
        if scope not in SCOPES[self.kind]:
            raise Fault(FaultCode.API_SCOPE_MISSING, scope=scope.value)
        return self


class TokenBook:
    """Looks a bearer token up; every entry is compared, in constant time."""

    def __init__(self, entries: Iterable[tuple[str, Principal]]) -> None:
        self._entries = tuple((_digest(token), principal) for token, principal in entries)

    def principal(self, token: str) -> Principal:
        """Return who holds a token; raises Fault API_TOKEN_MISSING or API_TOKEN_WRONG."""
        if not token:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        digest = _digest(token)
        found: Principal | None = None
        for held, principal in self._entries:
            if hmac.compare_digest(held, digest):
                found = principal
        if found is None:
            raise Fault(FaultCode.API_TOKEN_WRONG)
        return found


def token_book(device: DeviceFile) -> TokenBook:
    """Return the book of a box: each calling till, and the screen."""
    tills = [
        (till.token.get_secret_value(), Principal(Kind.TILL, till.id, till.name))
        for till in device.api_tills
    ]
    screen = (device.screen.token.get_secret_value(), Principal(Kind.SCREEN))
    return TokenBook([*tills, screen])


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
