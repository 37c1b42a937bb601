"""Engines that work the metric catalogue out, and the copy of the tables that they may read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.ports.tags import Tagged


class AnalyticEngine(Protocol):
    """Shows one tenant's analytic tables and works expressions out over them."""

    def tagged(self, asked: Asked) -> Iterator[Tagged]:
        """Yield every member with what is so of her, by member; Fault E191."""
        ...

    def rows(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        """Yield person_id and every tag in the order of the catalogue, by member; Fault E191."""
        ...

    def rfm(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        """Yield the rows of `catalogue.rfm`, by member; Fault E191."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class AnalyticCopy(Protocol):
    """A copy of the analytic tables beside the database, for engines that read files."""

    def refresh(self, tenant: UUID, *, whole: bool = False) -> "Copied":
        """Write every day anew that changed since the last time, `whole` all days; Fault E194."""
        ...


@dataclass(frozen=True, slots=True)
class Copied:
    """What a refresh wrote: how many days, and how many rows of each table."""

    days: int
    rows: Mapping[str, int]
