"""Amounts as files write them: 1,234.50 and 1.234,50, ¥12, 12元, (12.00), full-width digits."""

import math
import re
import unicodedata

_SIGNS = re.compile(r"[¥$€£₩\s']|元|圆|块|rmb|cny|usd|eur|gbp|jpy", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_GROUP = 3


def number(text: str) -> float | None:
    """Return a cell's number, None when it is none. Brackets make it negative."""
    if _PLAIN.fullmatch(text):
        found = float(text)
        return found if math.isfinite(found) else None
    bare = _SIGNS.sub("", unicodedata.normalize("NFKC", text)).replace("−", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if bare.endswith("-"):
        bare = f"-{bare[:-1]}"
    bare = _with_point(bare)
    if not _PLAIN.fullmatch(bare):
        return None
    found = float(bare)
    return found if math.isfinite(found) else None


def _with_point(text: str) -> str:
    """Take out what groups thousands, make the decimal mark a point."""
    comma, point = text.rfind(","), text.rfind(".")
    if comma < 0:
        return text.replace(".", "") if text.count(".") > 1 else text
    if point > comma:
        return text.replace(",", "")
    if point >= 0 or (text.count(",") == 1 and len(text) - comma - 1 != _GROUP):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "")
