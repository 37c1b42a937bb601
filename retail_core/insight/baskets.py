"""A receipt as recommendations see it: who, when, which articles; no price, no place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bought:
    """A receipt's distinct articles; `day` counts from any fixed day, `member` is "" for nobody."""

    member: str
    day: int
    skus: tuple[str, ...]
