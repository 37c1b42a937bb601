"""What channels say of who is who, as evidence."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.evidence import Evidence
from retail_core.insight.persons.graph import Link
from retail_core.insight.persons.hearing import Pair
from retail_core.insight.persons.kinds import VERSION


def heard(pairs: Iterable[tuple[Pair, int]], source: str, now_ms: int) -> list[Evidence]:
    """Return pairs, each with when it was said, as evidence of a source, each pair once."""
    once: dict[Pair, int] = {}
    for (one, two), at_ms in pairs:
        pair = (one, two) if one < two else (two, one)
        if one != two:
            once[pair] = min(at_ms, once.get(pair, at_ms))
    return [
        Evidence(Link(_named(pair, source), *pair, source, at_ms, VERSION), now_ms)
        for pair, at_ms in once.items()
    ]


def _named(pair: Pair, source: str) -> str:
    """Name a row by what it says: said again it is the same row."""
    said = repr((source, *pair)).encode("utf-8", "surrogatepass")
    return str(UUID(bytes=sha256(said).digest()[:16]))
