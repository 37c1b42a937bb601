"""The terminals of a box: what stands at a counter and calls, and what each may do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What kind of terminal holds a token."""

    TILL = "till"
    SCREEN = "screen"
    DISPLAY = "display"


class Scope(StrEnum):
    """What a request wants to do; the value stands in the refusal's text."""

    SELF = "terminals.self"
    OPERATE = "operators.login"
    IDENTIFY = "identify"
    MEMBER_READ = "members.read"
    ENROL = "enrolments.write"
    QUOTE = "quotes"
    BASKET = "baskets.write"
    SELL = "sales.write"
    REFUND = "refunds.write"
    LEDGER = "ledger.read"
    RECEIPTS = "receipts.read"
    EVENTS = "events"
    TERMINALS = "terminals.manage"
    TECH = "tills.inspect"


# What a kind may be given at most; a paired terminal may hold less, never more.
SCOPES: dict[Kind, frozenset[Scope]] = {
    Kind.TILL: frozenset(Scope) - {Scope.LEDGER, Scope.TERMINALS, Scope.TECH},
    Kind.SCREEN: frozenset(Scope) - {Scope.QUOTE, Scope.SELL},
    Kind.DISPLAY: frozenset({Scope.SELF, Scope.EVENTS}),
}


@dataclass(frozen=True, slots=True)
class Terminal:
    """One paired terminal; its token is known here by its SHA-256 only.

    `next_hash` is a token it was handed while the old one still counts; `till` is the one it sells
    for, `lane` the one whose events it hears, `origins` the pages that may use its token.
    """

    terminal_id: UUID
    kind: Kind
    name: str
    scopes: frozenset[Scope]
    token_hash: bytes
    paired_ms: int
    paired_by: UUID
    till: UUID | None = None
    lane: str | None = None
    origins: tuple[str, ...] = ()
    next_hash: bytes | None = None
    seen_ms: int | None = None

    def replaces(self, other: "Terminal") -> bool:
        """Tell whether this is the same machine, paired again."""
        return (self.kind, self.name, self.till, self.lane) == (
            *(other.kind, other.name, other.till),
            other.lane,
        )


def granted(kind: Kind, asked: frozenset[Scope] | None) -> frozenset[Scope]:
    """Return what a terminal is given: what was chosen, within what its kind may have."""
    most = SCOPES[kind]
    return most if asked is None else (asked & most) | {Scope.SELF}
