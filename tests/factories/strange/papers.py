"""What is true about a paper that a strange till printed."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Item:
    """One article; `unit` and `amount` in hundredths, `qty` in thousandths."""

    name: str
    qty: int
    unit: int
    amount: int
    weighed: bool = False
    off: int = 0


@dataclass
class Paper:
    """What a till printed and what is true about it."""

    data: bytes
    kind: str
    land: str
    style: str
    items: list[Item] = field(default_factory=list)
    total: int = 0
    number: str = ""
