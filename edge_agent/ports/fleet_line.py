"""The question a box asks of the fleet's desk in the cloud."""

from typing import Protocol

from retail_core.wire.fleet import FleetSheet, FleetWord


class FleetLine(Protocol):
    """Asks over HTTP."""

    def exchange(self, word: FleetWord) -> FleetSheet:
        """Say a word and hear the answer; Faults SYNC_LINK_DOWN, API_TOKEN_WRONG."""
        ...


class ArchiveLine(Protocol):
    """Hands over what HQ asked this box to collect."""

    def hand_in(self, content: bytes) -> None:
        """Hand over a `.tar.gz`; Faults SYNC_LINK_DOWN, API_TOKEN_WRONG."""
        ...


class LineProof(Protocol):
    """Tries a line to the cloud beside the one that stands."""

    def holds(self, values: dict[str, bool | int | str]) -> bool:
        """Return whether somebody of the cloud answered over the line these settings describe."""
        ...
