"""The readers of one counter, by name."""

from dataclasses import dataclass
from typing import Literal, Protocol

from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.codes import CodeCheck, QrFrames
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.proofs import Proofs
from edge_agent.recognition.race import Race
from edge_agent.recognition.walk_up import WalkUpReader

# `walk_up` is asked for by nobody: only the lane itself looks with it.
Reader = Literal["face", "qr", "nfc", "walk_up"]


class ReaderLoop(Protocol):
    """One reader of the lane: runs until its race is over."""

    def run(self, race: Race) -> None:
        """Look, and hand findings to the race."""
        ...


@dataclass(frozen=True, slots=True)
class Lane:
    """What one counter has; None for a reader that is not there or switched off."""

    lookup: MemberLookup
    proofs: Proofs
    codes: CodeCheck
    face: FaceReader | None = None
    qr: QrFrames | None = None
    cards: CardTaps | None = None
    walk_up: WalkUpReader | None = None

    def readers(self) -> dict[Reader, ReaderLoop]:
        """Return the readers that are there."""
        readers: dict[Reader, ReaderLoop | None]
        readers = {"face": self.face, "qr": self.qr, "nfc": self.cards, "walk_up": self.walk_up}
        return {name: reader for name, reader in readers.items() if reader is not None}
