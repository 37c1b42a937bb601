"""Teaching the box a till: the samples, what they taught, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

Proof = Literal["proven", "guessed"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One printed job as it came from the till."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing learned: `what` it is about, its value, and in how many samples it came out."""

    what: str
    value: str
    proof: Proof
    samples: int


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line on paper; `label` are the words a person may give another meaning.

    `role` is `article`, what its sum means, or "" when nothing was made of it.
    """

    text: str
    role: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class SampleRead:
    """One sample: read by the learned profile, by one learned without it, and by no profile.

    `left_out` is None when that was not tried; `lines` are name, thousandths and fen.
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
    printed: tuple[PrintedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of it: the profile as a file, and why it may be believed."""

    profile: str
    findings: tuple[Finding, ...]
    samples: tuple[SampleRead, ...]
