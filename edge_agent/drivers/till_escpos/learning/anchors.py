"""What a till calls its sums: told by what the figures beside the words do.

The total is the label whose amount the articles make in sample after sample, together with the
labels that take off or add; a payment is one that exceeds the total by the change.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from edge_agent.drivers.profiles.till import Items
from edge_agent.drivers.till_escpos.item_rows import ItemRow, row_of
from edge_agent.drivers.till_escpos.learning.pages import Page, Sum, common_keys
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary

_CLOSING = (Meaning.DUE, Meaning.TOTAL)
_SHARE_PERMILLE_MIN = 700
_EXPLAINERS_MAX = 2
_SUMS_MAX = 12
_ONE_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class Anchors:
    """Labels by meaning; `proof` says in how many samples the arithmetic of each came out."""

    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    proof: Mapping[str, int] = field(default_factory=dict)
    total: str = ""
    explained: int = 0
    paid: int = 0
    rows: int = 0
    certain: int = 0


@dataclass(frozen=True, slots=True)
class _Case:
    """One sample under one arrangement: article rows by line, and its sums."""

    page: Page
    rows: Mapping[int, ItemRow]

    def made_above(self, line: int) -> int:
        return sum(row.amount_fen for at, row in self.rows.items() if at < line)

    def sums(self) -> list[Sum]:
        return [each for each in self.page.sums if each.line not in self.rows]


def find_anchors(pages: Sequence[Page], items: Items, vocabulary: Vocabulary) -> Anchors:
    """Return what the sums are called if articles stand as `items` says."""
    fixed = _fixed_labels(pages, vocabulary)
    cases = [_case(page, items, fixed) for page in pages]
    best = Anchors()
    if sum(bool(case.rows) for case in cases) * 1000 < len(pages) * _SHARE_PERMILLE_MIN:
        return best
    for key in _candidates(cases):
        found = _with_total(cases, key, vocabulary)
        if _rank(found, vocabulary) > _rank(best, vocabulary):
            best = found
    return best


def _rank(found: Anchors, vocabulary: Vocabulary) -> tuple[int, int, int, bool, int]:
    known = vocabulary.meaning(found.total) in _CLOSING if found.total else False
    return (found.explained, found.paid, -len(found.meanings), known, found.rows)


def _fixed_labels(pages: Sequence[Page], vocabulary: Vocabulary) -> frozenset[str]:
    """Return labels that cannot be articles: known words, or words in every sample."""
    counts = common_keys(pages)
    return frozenset(
        key
        for key, count in counts.items()
        if count == len(pages) or vocabulary.meaning(key) is not None
    )


def _case(page: Page, items: Items, fixed: frozenset[str]) -> _Case:
    labels: dict[int, set[str]] = {}
    for each in page.sums:
        labels.setdefault(each.line, set()).add(each.key)
    rows: dict[int, ItemRow] = {}
    above = False
    for at, line in enumerate(page.lines):
        row = row_of(page.words[at], items)
        if row is not None and (row.certain or not labels.get(at, set()) & fixed):
            is_named = bool(row.name) if items.rows == "one-line" else above and not row.name
            if (is_named or row.name or above) and row.qty_milli:
                rows[at] = row
        above = row is None and bool(line.text)
    return _Case(page, rows)


def _candidates(cases: Sequence[_Case]) -> list[str]:
    """Return labels that stand in most samples, with money where the till marks it as such."""
    sums = [[each for each in case.sums() if each.fen] for case in cases]
    marked = any(each.is_money for found in sums for each in found)
    counts = Counter(
        key for found in sums for key in {each.key for each in found if each.is_money or not marked}
    )
    enough = len(cases) * _SHARE_PERMILLE_MIN
    return [key for key, count in counts.items() if count * 1000 >= enough]


def _with_total(cases: Sequence[_Case], key: str, vocabulary: Vocabulary) -> Anchors:
    """Say what everything means if this label is the total."""
    totals = [(case, each) for case in cases for each in case.sums() if each.key == key][
        : len(cases) * 2
    ]
    last = {case.page.name: (case, each) for case, each in totals}
    told = list(last.values())
    explainers = _explainers(told)
    explained = [
        (case, each) for case, each in told if _residual(case, each, explainers) == 0 and case.rows
    ]
    if len(explained) * 1000 < len(cases) * _SHARE_PERMILLE_MIN:
        return Anchors()
    meanings, proof = {key: Meaning.TOTAL}, Counter({key: len(explained)})
    if vocabulary.meaning(key) is Meaning.DUE:
        meanings[key] = Meaning.DUE
    for case, total in explained:
        for each in _above(case, total):
            if each.key in explainers:
                proof[each.key] += 1
    meanings |= {each: _taken(each, sign, vocabulary) for each, sign in explainers.items()}
    paid = _payments(explained, meanings, proof, vocabulary)
    _others(explained, meanings, proof, vocabulary)
    rows = [row for case, _ in explained for row in case.rows.values()]
    certain = sum(row.certain and abs(row.qty_milli) != _ONE_MILLI for row in rows)
    return Anchors(meanings, dict(proof), key, len(explained), paid, len(rows), certain)


def _taken(key: str, sign: int, vocabulary: Vocabulary) -> Meaning:
    if vocabulary.meaning(key) is Meaning.ROUNDING:
        return Meaning.ROUNDING
    return Meaning.DISCOUNT if sign < 0 else Meaning.EXTRA


def _above(case: _Case, total: Sum) -> list[Sum]:
    """Return the sums between the first article and the total."""
    first = min(case.rows, default=total.line)
    return [each for each in case.sums() if first < each.line < total.line]


def _residual(case: _Case, total: Sum, explainers: Mapping[str, int]) -> int:
    """Return what the total says beyond articles, reductions and extras."""
    way = -1 if total.fen < 0 else 1
    moved = sum(
        way * explainers[each.key] * abs(each.fen)
        for each in _above(case, total)
        if each.key in explainers
    )
    return total.fen - case.made_above(total.line) - moved


def _explainers(told: Sequence[tuple[_Case, Sum]]) -> Mapping[str, int]:
    """Return labels that take off (-1) or add (+1), such that the totals come out."""
    proposed: Counter[frozenset[tuple[str, int]]] = Counter()
    for case, total in told:
        if _residual(case, total, {}):
            proposed.update(set(_proposals(case, total)))
    chosen: dict[str, int] = {}
    right = _right(told, chosen)
    for proposal, _votes in sorted(
        proposed.items(), key=lambda each: (-each[1], len(each[0]), sorted(each[0]))
    )[:_SUMS_MAX]:
        tried = chosen | dict(proposal)
        now = _right(told, tried)
        if now > right:
            chosen, right = tried, now
    return chosen


def _right(told: Sequence[tuple[_Case, Sum]], explainers: Mapping[str, int]) -> int:
    return sum(_residual(case, total, explainers) == 0 for case, total in told)


def _proposals(case: _Case, total: Sum) -> Iterator[frozenset[tuple[str, int]]]:
    """Give every few labels whose amounts make up what the articles do not."""
    rest = _residual(case, total, {})
    way = -1 if total.fen < 0 else 1
    sums = [each for each in _above(case, total) if each.fen][-_SUMS_MAX:]
    for size in range(1, _EXPLAINERS_MAX + 1):
        for chosen in combinations(sums, size):
            for signs in range(1 << size):
                signed = [(each, 1 if signs >> at & 1 else -1) for at, each in enumerate(chosen)]
                if sum(way * sign * abs(each.fen) for each, sign in signed) == rest:
                    yield frozenset((each.key, sign) for each, sign in signed)


def _payments(
    explained: Sequence[tuple[_Case, Sum]],
    meanings: dict[str, Meaning],
    proof: Counter[str],
    vocabulary: Vocabulary,
) -> int:
    """Find tenders and change below the total; returns in how many samples they came out."""
    change: Counter[str] = Counter()
    tender: Counter[str] = Counter()
    exact: Counter[str] = Counter()
    for case, total in explained:
        below = [each for each in case.sums() if each.line > total.line and each.fen]
        for paid, given in combinations(below[:_SUMS_MAX], 2):
            if abs(paid.fen) - abs(given.fen) == abs(total.fen):
                tender[paid.key] += 1
                change[given.key] += 1
        exact.update({each.key for each in below if each.fen == total.fen})
    best = max(change, key=lambda key: change[key], default="")
    if best and best not in meanings:
        meanings[best] = Meaning.CHANGE
        proof[best] = change[best]
    for key in {*tender, *exact}:
        known = vocabulary.meaning(key)
        if key in meanings or (not tender[key] and known in (*_CLOSING, Meaning.SUBTOTAL)):
            continue
        if tender[key] or known in (None, Meaning.TENDER):
            meanings[key] = Meaning.TENDER
            proof[key] = tender[key] + exact[key]
    tenders = {key for key, meaning in meanings.items() if meaning is Meaning.TENDER}
    return sum(_is_paid(case, total, tenders, best) for case, total in explained)


def _is_paid(case: _Case, total: Sum, tenders: set[str], change: str) -> bool:
    below = [each for each in case.sums() if each.line > total.line]
    paid = [abs(each.fen) for each in below if each.key in tenders]
    given = sum(abs(each.fen) for each in below if each.key == change)
    return bool(paid) and sum(paid) - given == abs(total.fen)


def _others(
    explained: Sequence[tuple[_Case, Sum]],
    meanings: dict[str, Meaning],
    proof: Counter[str],
    vocabulary: Vocabulary,
) -> None:
    """Name what is neither: subtotals, counts, and known words that are not what they seem."""
    seen: dict[str, list[tuple[bool, bool, bool]]] = {}
    for case, total in explained:
        pieces = sum(max(1, abs(row.qty_milli) // _ONE_MILLI) for row in case.rows.values())
        for each in case.sums():
            if each.key not in meanings and each.line > min(case.rows):
                told = (
                    each.fen == case.made_above(each.line),
                    abs(each.fen) in (pieces * 100, len(case.rows) * 100),
                    each.fen == total.fen,
                )
                seen.setdefault(each.key, []).append(told)
    for key, cases in seen.items():
        for at, meaning in enumerate((Meaning.SUBTOTAL, Meaning.COUNT, Meaning.DUE)):
            if all(each[at] for each in cases) and len(cases) > 1:
                meanings[key], proof[key] = meaning, len(cases)
                break
        else:
            if vocabulary.meaning(key) in _CLOSING:
                meanings[key] = Meaning.NOTE
