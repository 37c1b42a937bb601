"""What came of learning: a profile, how sure each part of it is, and which samples it reads."""

from dataclasses import asdict, dataclass
from typing import Literal

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.drivers.profiles.till import TillProfile

Proof = Literal["proven", "guessed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing learned: `what` it is about, its value, and in how many samples it came out."""

    what: str
    value: str
    proof: Proof
    samples: int


@dataclass(frozen=True, slots=True)
class SampleRead:
    """One sample: read by the learned profile, by one learned without it, and by no profile.

    `left_out` is None when there were too few samples to try.
    """

    name: str
    kind: str
    reads: bool
    left_out: bool | None
    automatic: bool
    fault: str | None
    receipt_no: str
    lines: tuple[tuple[str, int, int], ...]
    total_fen: int | None


@dataclass(frozen=True, slots=True)
class Learned:
    """The result; `receipts` are the samples as the profile reads them."""

    profile: TillProfile
    findings: tuple[Finding, ...]
    samples: tuple[SampleRead, ...]
    receipts: tuple[TappedReceipt, ...]

    def report(self) -> dict[str, object]:
        """Return findings and samples for programs."""
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "samples": [asdict(sample) for sample in self.samples],
        }
