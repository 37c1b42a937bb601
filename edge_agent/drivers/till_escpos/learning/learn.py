"""Learn a till's receipts: try every arrangement, keep the one whose sums come out, prove it.

The result is proved with the reader itself: the profile is applied to every sample, and each sample
is read once more by a profile learned without it. What arithmetic did not show is called a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.domain.taught import Sample, SampleRead
from edge_agent.drivers.profiles.till import Items, Numbers, Paper, ReceiptWords, TillProfile
from edge_agent.drivers.till_escpos.amounts import NumberFormat, find_format
from edge_agent.drivers.till_escpos.item_rows import ItemRow, row_of
from edge_agent.drivers.till_escpos.jobs import rules_of
from edge_agent.drivers.till_escpos.learning.anchors import Anchors, find_anchors
from edge_agent.drivers.till_escpos.learning.columns import arrangements
from edge_agent.drivers.till_escpos.learning.findings import findings_of
from edge_agent.drivers.till_escpos.learning.marks import find_marks, names_wrap
from edge_agent.drivers.till_escpos.learning.pages import (
    Page,
    find_encoding,
    page_of,
    sheet_of,
)
from edge_agent.drivers.till_escpos.learning.result import Learned
from edge_agent.drivers.till_escpos.learning.roles import roles_of
from edge_agent.drivers.till_escpos.receipt import Rules, read_receipt
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from retail_core.errors import Fault
from retail_core.limits import LEARN_SAMPLES_MAX, LEARN_SAMPLES_MIN, RECEIPT_BYTES_MAX
from retail_core.texts.faults import FaultCode

_LEAVE_OUT_MIN = 4
_WIDTHS = (24, 32, 42, 48, 56, 64)
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Titles:
    """What the profile is called."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Ground:
    """What holds for all samples of a till."""

    encoding: str
    known: int
    form: NumberFormat


def learn(
    samples: Sequence[Sample],
    titles: Titles,
    corrections: Mapping[str, Meaning] | None = None,
    told: Told = lambda _done, _of: None,
    *,
    prove: bool = True,
) -> Learned:
    """Return the profile that reads these samples; `told` hears of progress.

    With `prove` each sample is also read by a profile learned without it, which takes a while.
    `corrections` are words a person gave a meaning; they stand whatever was inferred. Faults
    LEARN_SAMPLES_FEW, LEARN_SAMPLE_UNREADABLE, LEARN_NOT_UNDERSTOOD.
    """
    samples = _distinct(samples)
    encoding, known = find_encoding(samples)
    texts = [line.text for one in samples for line in sheet_of(one.data, encoding).lines]
    ground = _Ground(encoding, known, find_format(texts))
    pages = [page_of(sample, encoding, ground.form) for sample in samples]
    steps = len(pages) + 1 if prove and len(pages) >= _LEAVE_OUT_MIN else 1
    told(0, steps)
    profile, anchors = _profile(pages, ground, titles, corrections or {})
    read = [_read(page, profile) for page in pages]
    told(1, steps)
    without: list[bool | None] = [None] * len(pages)
    for at in range(steps - 1):
        without[at] = _reads_left_out(pages, at, ground, corrections or {})
        told(at + 2, steps)
    reads = tuple(
        replace(
            _sample(page, receipt),
            left_out=left_out,
            printed=roles_of(page, profile, receipt),
        )
        for page, receipt, left_out in zip(pages, read, without, strict=True)
    )
    findings = findings_of(profile, anchors, ground.known, reads)
    return Learned(profile, findings, reads, tuple(read))


def _distinct(samples: Sequence[Sample]) -> list[Sample]:
    """Leave out copies; raises LEARN_SAMPLES_FEW, LEARN_SAMPLE_UNREADABLE."""
    for sample in samples:
        if not 0 < len(sample.data) <= RECEIPT_BYTES_MAX:
            detail = f"{len(sample.data)} bytes"
            raise Fault(FaultCode.LEARN_SAMPLE_UNREADABLE, name=sample.name, detail=detail)
    found = list({sample.data: sample for sample in reversed(samples)}.values())[::-1]
    if len(found) < LEARN_SAMPLES_MIN:
        raise Fault(FaultCode.LEARN_SAMPLES_FEW, found=len(found), needed=LEARN_SAMPLES_MIN)
    return found[:LEARN_SAMPLES_MAX]


def _profile(
    pages: Sequence[Page], ground: _Ground, titles: Titles, corrections: Mapping[str, Meaning]
) -> tuple[TillProfile, Anchors]:
    """Learn from these pages; raises LEARN_NOT_UNDERSTOOD."""
    items, anchors = _best(pages)
    rows = [_rows(page, items) for page in pages]
    wraps = items.rows == "one-line" and names_wrap(pages, rows)
    items = items.model_copy(update={"wrap": wraps})
    profile = TillProfile(
        kind="till_escpos",
        name=titles.name,
        title_zh=titles.zh,
        title_en=titles.en,
        paper=Paper(columns=_width(pages), encoding=ground.encoding),
        numbers=Numbers.model_validate(
            {"decimal": ground.form.decimal, "places": ground.form.places}
        ),
        items=items,
        words=_words(pages, dict(anchors.meanings), corrections),
    )
    return _with_marks(profile, pages), anchors


def _best(pages: Sequence[Page]) -> tuple[Items, Anchors]:
    """Return the arrangement whose sums come out in most samples, and what they are called."""
    vocabulary = Vocabulary()
    best: tuple[tuple[int, ...], Items, Anchors] | None = None
    for tried in arrangements(pages):
        anchors = find_anchors(pages, tried.items, vocabulary)
        placed = tried.items.by == "place"
        rank = (anchors.explained, anchors.paid, anchors.certain, tried.agrees, placed)
        if best is None or rank > best[0]:
            best = (rank, tried.items, anchors)
        if anchors.certain and anchors.explained == anchors.paid == len(pages):
            break
    if best is None or not best[2].total:
        detail = "no arrangement of columns makes the printed total in most samples"
        raise Fault(FaultCode.LEARN_NOT_UNDERSTOOD, detail=detail)
    return best[1], best[2]


def _rows(page: Page, items: Items) -> dict[int, ItemRow]:
    found = ((at, row_of(words, items)) for at, words in enumerate(page.words))
    return {at: row for at, row in found if row is not None}


def _width(pages: Sequence[Page]) -> int:
    """Return the columns of the paper: the next usual width."""
    widest = max((row[-1].end for page in pages for row in page.words if row), default=0)
    return next((width for width in _WIDTHS if width >= widest), _WIDTHS[-1])


def _words(
    pages: Sequence[Page], meanings: dict[str, Meaning], corrections: Mapping[str, Meaning]
) -> ReceiptWords:
    """Return what each sum is called, known words too: a grammar leans on no vocabulary."""
    printed = {each.key: each.label for page in pages for each in page.sums}
    told = {printed[key]: meaning for key, meaning in meanings.items()}
    told.update(corrections)
    by_meaning: dict[str, list[str]] = {}
    for word, meaning in told.items():
        by_meaning.setdefault(meaning.value, []).append(word.strip(" :："))
    return ReceiptWords.model_validate(by_meaning)


def _with_marks(profile: TillProfile, pages: Sequence[Page]) -> TillProfile:
    """Add the words of numbers and titles."""
    marks = find_marks(pages, [_read(page, profile) for page in pages])
    vocabulary = Vocabulary()
    words = profile.words
    for meaning, title in marks.titles:
        if vocabulary.meaning(title) is not meaning:
            told = (*getattr(words, meaning.value), title)
            words = words.model_copy(update={meaning.value: told})
    numbering = profile.numbering.model_copy(
        update={
            "receipt_no": tuple(filter(None, [marks.receipt_no])),
            "original_no": tuple(filter(None, [marks.original_no])),
        }
    )
    return profile.model_copy(update={"words": words, "numbering": numbering})


def _reads_left_out(
    pages: Sequence[Page], at: int, ground: _Ground, corrections: Mapping[str, Meaning]
) -> bool:
    """Whether a profile learned from all other samples reads this one."""
    others = [*pages[:at], *pages[at + 1 :]]
    try:
        profile, _ = _profile(others, ground, Titles("left-out", "-", "-"), corrections)
    except Fault:
        return False
    return _read(pages[at], profile).fault is None


def _read(page: Page, profile: TillProfile) -> TappedReceipt:
    return read_receipt(page.sheet, rules_of(profile))


def _sample(page: Page, read: TappedReceipt) -> SampleRead:
    automatic = read_receipt(page.sheet, Rules())
    same = (automatic.lines, automatic.total_fen) == (read.lines, read.total_fen)
    return SampleRead(
        name=page.name,
        kind=read.kind,
        reads=read.fault is None,
        left_out=None,
        automatic=automatic.fault is None and same,
        fault=None if read.fault is None else read.fault.value,
        receipt_no=read.receipt_no,
        lines=tuple((line.name, line.qty_milli, line.amount_fen) for line in read.lines),
        total_fen=read.total_fen,
    )
