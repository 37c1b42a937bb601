"""Money in integer fen: reading, writing, percentages and exact splits."""

import re
from collections.abc import Sequence

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}
_YUAN = re.compile(r"(-?)¥?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?", re.ASCII)


def to_narrow(text: str) -> str:
    """Turn the full-width digits, letters and signs of Chinese keyboards into ASCII."""
    return text.translate(_WIDE)


class Amount(int):
    """An amount in fen that a sentence writes as yuan; as data it stays the number it is."""

    def __format__(self, _spec: str) -> str:
        """Write it for people."""
        return format_yuan(self)


def format_yuan(fen: int) -> str:
    """Write an amount for people: `¥1,234.50`."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """Read a yuan amount with at most two decimals into fen; ValueError for anything else."""
    match = _YUAN.fullmatch(to_narrow(text).strip())
    if match is None:
        raise ValueError(f"not a yuan amount: {text!r}")
    sign, yuan, decimals = match.groups(default="")
    fen = int(yuan.replace(",", "")) * 100 + int(decimals.ljust(2, "0"))
    return -fen if sign else fen


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide by a positive denominator, halves rounded towards plus infinity."""
    return (2 * numerator + denominator) // (2 * denominator)


def percent_of(fen: int, permille: int) -> int:
    """Return `permille` thousandths of an amount, half a fen rounded up."""
    return divide_half_up(fen * permille, 1000)


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` in proportion to `weights` by largest remainder; ties go to the earlier.

    The parts add up to `total` exactly and the split of `-total` is the negated split of `total`.
    Raises ValueError for a negative weight, or when nothing carries weight and `total` is not 0.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights may not be negative")
    whole = sum(weights)
    if whole == 0:
        if total != 0:
            raise ValueError("nothing to split the total over")
        return (0,) * len(weights)
    if total < 0:
        return tuple(-part for part in allocate(-total, weights))
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return tuple(parts)
