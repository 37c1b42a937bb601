"""Teaching a till: the samples taken so far, and what they taught."""

from typing import Annotated, Literal

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked

ProfileName = Annotated[
    str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, examples=["shop-till-1"])
]
Word = Annotated[str, Field(min_length=1, max_length=60)]
SumMeaning = Literal[
    "due", "total", "subtotal", "discount", "rounding", "saved", "extra", "tax", "tender", "change",
    "count", "note", "refund", "void", "reprint", "report", "exchange",
]  # fmt: skip


class SamplesAsked(Asked):
    """Begin to collect; nothing to say."""


class SampleView(Answered):
    """One sample; `text` and `data` (base64) only when they were asked for."""

    name: str
    size: int
    kind: str
    total_fen: int | None
    fault: str | None
    text: str | None
    data: str | None


class SamplesAnswered(Answered):
    """What was taken so far; they are kept in memory and forgotten with the lesson."""

    samples: tuple[SampleView, ...]
    most: int


class LearnAsked(Asked):
    """Learn from what was taken; `corrections` give a till's word its meaning."""

    name: ProfileName
    title: Annotated[str, Field(min_length=1, max_length=100, examples=["一号收银台"])]
    corrections: Annotated[dict[Word, SumMeaning], Field(max_length=64)] = Field(
        default_factory=dict
    )


class KeepAsked(LearnAsked):
    """Learn and write the profile; `force` replaces one of that name."""

    force: bool = False


class FindingView(Answered):
    """One thing learned; `proof` is `proven` by sums or `guessed`."""

    what: str
    value: str
    proof: str
    samples: int


class PrintedView(Answered):
    """One line; `role` is what it was taken for, "" for nothing."""

    text: str
    role: str
    label: str


class SampleReadView(Answered):
    """One sample as the learned profile reads it, line by line."""

    name: str
    kind: str
    reads: bool
    automatic: bool
    fault: str | None
    receipt_no: str
    total_fen: int | None
    lines: tuple[tuple[str, int, int], ...]
    printed: tuple[PrintedView, ...]


class LearnAnswered(Answered):
    """The profile as its file would stand, and why it may be believed."""

    profile: str
    findings: tuple[FindingView, ...]
    samples: tuple[SampleReadView, ...]
