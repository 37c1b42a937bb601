"""What was learned, said so that a technician can judge it: proven by sums, or guessed."""

from collections.abc import Iterator, Sequence

from edge_agent.domain.taught import Finding, Proof, SampleRead
from edge_agent.drivers.profiles.till import Items, TillProfile
from edge_agent.drivers.till_escpos.learning.anchors import Anchors

_PROVEN_MIN = 2
_KNOWN_WORDS_MIN = 5


def findings_of(
    profile: TillProfile, anchors: Anchors, known: int, reads: Sequence[SampleRead]
) -> tuple[Finding, ...]:
    """Return everything learned, the layout first."""
    return (
        *_layout(profile, anchors, known),
        *_sums(anchors),
        *_titles(profile, reads),
        *_numbers(profile, reads),
    )


def _layout(profile: TillProfile, anchors: Anchors, known: int) -> Iterator[Finding]:
    alphabet: Proof = "proven" if known >= _KNOWN_WORDS_MIN else "guessed"
    yield Finding("paper.encoding", profile.paper.encoding, alphabet, known)
    yield Finding("paper.columns", str(profile.paper.columns), "guessed", anchors.explained)
    printed = f"{profile.numbers.decimal} {profile.numbers.places}"
    yield Finding("numbers", printed, _proof(anchors.explained), anchors.explained)
    by_sums: Proof = _proof(anchors.certain) if _multiplies(profile.items) else "guessed"
    yield Finding("items.columns", _described(profile.items), by_sums, anchors.certain)
    yield Finding("items.rows", profile.items.rows, _proof(anchors.explained), anchors.rows)
    if profile.items.wrap:
        yield Finding("items.wrap", "true", "guessed", anchors.rows)


def _sums(anchors: Anchors) -> Iterator[Finding]:
    for key, meaning in anchors.meanings.items():
        count = anchors.proof.get(key, 0)
        yield Finding(f"words.{meaning.value}", key, _proof(count), count)


def _titles(profile: TillProfile, reads: Sequence[SampleRead]) -> Iterator[Finding]:
    for meaning in ("refund", "reprint"):
        for word in getattr(profile.words, meaning):
            count = sum(read.kind == meaning for read in reads)
            yield Finding(f"words.{meaning}", word, "guessed", count)


def _numbers(profile: TillProfile, reads: Sequence[SampleRead]) -> Iterator[Finding]:
    numbers = {read.receipt_no for read in reads if read.receipt_no}
    word = " ".join(profile.numbering.receipt_no) or "auto"
    yield Finding("numbering.receipt_no", word, _proof(len(numbers)), len(numbers))
    for word in profile.numbering.original_no:
        yield Finding("numbering.original_no", word, "guessed", 1)


def _multiplies(items: Items) -> bool:
    return {"qty", "price", "amount"} <= {column.kind for column in items.columns}


def _described(items: Items) -> str:
    if items.by == "order":
        return " ".join(column.kind for column in items.columns)
    return " ".join(f"{each.kind}[{each.start}:{each.end}]" for each in items.columns)


def _proof(count: int) -> Proof:
    return "proven" if count >= _PROVEN_MIN else "guessed"
