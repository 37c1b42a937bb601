"""What names somebody, and how much each kind of name is worth.

Where a limit would be broken the weaker evidence gives way: links between strong kinds are heard
first. A shared kind (a household's device, a family card, a till's tablet) never joins anybody. A
weak kind is what somebody says of herself: it may lead to a member, and never makes one of two. A
browser, which a household shares too, belongs to whom it named first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

VERSION: Final = "identity/2"
MEMBER: Final = "member"


class Handle(NamedTuple):
    """A name of somebody: of which kind, and the name, mostly a keyed hash."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of name: one person has at most `limit`; the lowest `priority` is heard first.

    By a `weak` one two members are never joined; a `browser` joins nobody who has other names.
    """

    limit: int
    priority: int
    shared: bool = False
    weak: bool = False
    browser: bool = False

    @property
    def unique(self) -> bool:
        """Tell whether two values are two persons."""
        return self.limit == 1


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "unionid": Kind(limit=1, priority=0),
        "member": Kind(limit=10, priority=1),
        "phone": Kind(limit=3, priority=2),
        "openid": Kind(limit=4, priority=3),
        "card": Kind(limit=10, priority=4),
        "face": Kind(limit=3, priority=5),
        "email": Kind(limit=5, priority=6, weak=True),
        "user": Kind(limit=10, priority=7, weak=True),
        "buyer": Kind(limit=10, priority=7, weak=True),
        "anonymous": Kind(limit=100, priority=8, weak=True, browser=True),
        "device": Kind(limit=1_000, priority=9, shared=True),
        "family_card": Kind(limit=1_000, priority=9, shared=True),
        "till": Kind(limit=1_000, priority=9, shared=True),
    }
)
# What programs send where they know nobody.
NOBODY: Final = frozenset(
    {"", "-", "-1", "0", "anonymous", "false", "guest", "n/a", "na", "nan", "none", "null", "test",
     "true", "undefined", "unknown", "匿名", "无", "未知", "00000000-0000-0000-0000-000000000000"}
)  # fmt: skip
_UNKNOWN: Final = Kind(limit=1_000, priority=99, shared=True)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules evidence is heard by; `blocked` are values of a kind that name nobody."""

    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    blocked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    version: str = VERSION

    def kind(self, name: str) -> Kind:
        """Return a kind; one that nobody declared is taken for shared."""
        return self.kinds.get(name, _UNKNOWN)

    def names_nobody(self, handle: Handle) -> bool:
        """Tell whether a value is one that stands for nobody."""
        value = handle.value.strip().lower()
        return value in NOBODY or handle.value in self.blocked.get(handle.kind, frozenset())

    def joins(self, first: Handle, second: Handle) -> bool:
        """Tell whether a link between the two may make them one person."""
        return not any(
            self.kind(one.kind).shared or self.names_nobody(one) for one in (first, second)
        )

    def rank(self, first: Handle, second: Handle) -> tuple[int, int]:
        """Return how early a link is heard, the strongest first."""
        low, high = sorted((self.kind(first.kind).priority, self.kind(second.kind).priority))
        return high, low
