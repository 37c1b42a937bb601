"""What came of learning: a profile, how sure each part of it is, and which samples it reads."""

from dataclasses import dataclass

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.domain.taught import Finding, SampleRead
from edge_agent.drivers.profiles.till import TillProfile


@dataclass(frozen=True, slots=True)
class Learned:
    """The result; `receipts` are the samples as the profile reads them."""

    profile: TillProfile
    findings: tuple[Finding, ...]
    samples: tuple[SampleRead, ...]
    receipts: tuple[TappedReceipt, ...]
