"""Other ways to mean the same lines: signs and blanks in numbers that tills print differently."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.count_column import with_counts_apart
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.rows import column_heading
from edge_agent.drivers.till_escpos.staff_column import without_staff
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary

_CLOSING = frozenset({Meaning.DUE, Meaning.TOTAL, Meaning.SUBTOTAL, Meaning.TENDER})
_SUMS = frozenset({Meaning.DUE, Meaning.TOTAL})
_IN_BRACKETS = re.compile(r"\(\s?([¥￥$€£₩]?\s?\d[\d.,']*[.,]\d{2}[^\w()]{0,2}[A-Za-z€₩]{0,3})\)")
_ALL_IN_BRACKETS = re.compile(r"\(\s?([¥￥$€£₩]?\s?\d[\d.,']*[^\w()]{0,2}\w{0,3})\)")
_FILLED = re.compile(r"(?<![\w*])[*=≡]+(?=[¥￥$€£]?\d)|(?<=\D)\.{3,}(?=\s?[\d¥￥$€£-])")
_SPACED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u202f]\d{3})+)(?=[.,]\d{2}(?!\d))")
_SPACED_WHOLE = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u202f]\d{3})+)(?![\d.,])")
_WIDE_FIGURE = re.compile(r"[－＋]?[￥＄]?[０-９][０-９．，]*|－(?=[¥￥$\\]?\d)")
_NARROW = str.maketrans("－＋０１２３４５６７８９．，", "-+0123456789.,")
_COUNTED = re.compile(
    r"[(（]\s*(\d{1,3})\s?[個コケ点]?\s?[xX×]\s?[単@]?価?\s?([¥￥]?\d[\d,]*)\s?[)）]"
)  # "(2個x単198)"
# The other half stands in another column.
_HALF_OPEN = re.compile(r"^[(（]([^()（）]*)$|^([^()（）]*\d)[)）]$")
_PER_ONE = re.compile(r"(@\s?)1\s?(?:lb|kg|LB|KG)\s?/\s?(?=[$£€]?\d)")  # "@ 1 lb /3.97"
_LEADERS = re.compile(r"(?:^|(?<=\s))\.{3,}(?=\s|$)|(?<=\d)/-(?=\s|$)")
_IN_WORDS = re.compile(
    r"[:：]?\s?[零〇壹贰叁肆伍陆柒捌玖拾佰仟万亿貳參陸萬億]{1,20}[元圆圓](?:[零壹贰叁肆伍陆柒捌玖角分]*)[整正]?"
)  # "合计:捌拾柒元整" says the sum a second time
_FOR = re.compile(r"(@\s?)1\s+FOR\s+(?=\d)", re.IGNORECASE)
_STAR = re.compile(r"^\*\s*(?=[¥￥$€£]?\d|$)")
_DASHED = re.compile(r"(?<![\d-])(\d{1,6})-(\d\d)(?=$)")
_DASHED_MIN = 3
_LOOSE_MINUS = re.compile(r"^[-−–]\s+(?=[¥￥$€£]?\d)")
_FIGURE_ONLY = re.compile(r"[¥￥$€£]?\s?\d[\d.,]*")
_LETTER = re.compile(r"[^\W\d_]")
_BACKSLASH = re.compile(r"\\(?=\d)")  # a yen where Japan has it
_SIGNED = re.compile(r"(?<![\w-])[-−–](?=\s?[¥￥$€£]?\d)|(?<=\d)[-−–](?=$|\s)")


@dataclass(frozen=True, slots=True)
class Variant:
    """Lines as they may be meant; `given_back` when their totals lost a minus."""

    lines: tuple[Line, ...]
    given_back: bool = False


def variants(
    lines: tuple[Line, ...], form: NumberFormat, vocabulary: Vocabulary
) -> Iterator[Variant]:
    """Give the lines as they are most likely meant, then the other ways."""
    plain = _every(lines, _tidy)
    if _has_dashes(plain, vocabulary):
        plain = _every(plain, lambda text: _DASHED.sub(rf"\1{form.decimal}\2", text))
    plain = tuple(_joined_minus(line) for line in plain)
    if any(_is_starred_sum(line, vocabulary) for line in plain):
        plain = tuple(map(_without_stars, plain))
    plain = with_counts_apart(without_staff(plain, vocabulary), form, vocabulary)
    spaced = _SPACED if form.places else _SPACED_WHOLE
    closed = _every(plain, lambda text: _close_thousands(text, spaced))
    ways = [plain] if closed == plain else [plain, closed]
    if any(_sums_with_blanks(line, vocabulary, spaced) for line in plain):
        ways.reverse()
    elif not form.places:
        del ways[1:]  # without decimals "2 500" may be two at 500: only a sum tells
    yield from map(Variant, ways)
    if sum(map(_is_mirrored, plain)) > 1:
        yield Variant(tuple(map(_mirrored, plain)))
    for way in ways:
        if any(_is_negative_sum(line, vocabulary) for line in way):
            yield Variant(_every(way, _drop_sign), given_back=True)


def _every(lines: tuple[Line, ...], change: Callable[[str], str]) -> tuple[Line, ...]:
    return tuple(
        replace(
            line,
            segments=tuple(
                segment
                if (text := change(segment.text)) == segment.text
                else replace(segment, text=text)
                for segment in line.segments
            ),
        )
        for line in lines
    )


def _tidy(text: str) -> str:
    """Write (5.00) as -5.00, (2x5.00) as 2 x 5.00; leave out what only fills up: Sum....5.00."""
    text = _WIDE_FIGURE.sub(lambda found: found[0].translate(_NARROW), text)
    text = _FOR.sub(r"\1", _PER_ONE.sub(r"\1", _BACKSLASH.sub("¥", _IN_WORDS.sub("", text))))
    text = _COUNTED.sub(r" \1 x \2", text)
    text = _ALL_IN_BRACKETS.sub(r"-\1", text) if _ALL_IN_BRACKETS.fullmatch(text) else text
    text = _FILLED.sub(" ", _LEADERS.sub(" ", _IN_BRACKETS.sub(r"-\1", text)))
    return _HALF_OPEN.sub(r"\1\2", text).strip()


def _joined_minus(line: Line) -> Line:
    """Put a minus to its figure: "Sconto   -   0,62"."""
    parts = line.segments
    if len(parts) > 1 and parts[-2].text in {"-", "−", "–"} and parts[-1].text[:1].isdigit():
        joined = replace(parts[-1], text=f"-{parts[-1].text}")
        return replace(line, segments=(*parts[:-2], joined))
    return replace(
        line, segments=tuple(replace(part, text=_LOOSE_MINUS.sub("-", part.text)) for part in parts)
    )


def _is_starred_sum(line: Line, vocabulary: Vocabulary) -> bool:
    """Whether a star stands before a sum: then it means nothing before other figures either."""
    has_star = any(_STAR.match(part.text) for part in line.segments[1:])
    return has_star and vocabulary.meaning(line.segments[0].text, among=_SUMS) is not None


def _without_stars(line: Line) -> Line:
    bare = (replace(part, text=_STAR.sub("", part.text)) for part in line.segments)
    return replace(line, segments=tuple(part for part in bare if part.text))


def _is_mirrored(line: Line) -> bool:
    """Whether a line begins with its figures and ends in words: "4.50  Screwdriver"."""
    first, last = line.segments[0].text, line.segments[-1].text
    is_figure = _FIGURE_ONLY.fullmatch(first) is not None
    return len(line.segments) > 1 and is_figure and _LETTER.search(last) is not None


def _mirrored(line: Line) -> Line:
    """Put the words before the figures; headings of such lines end with the name too."""
    heads = bool(column_heading(line)) and not _is_mirrored(line)
    if len(line.segments) > 1 and (heads or _is_mirrored(line)):
        return replace(line, segments=(line.segments[-1], *line.segments[:-1]))
    return line


def _has_dashes(lines: tuple[Line, ...], vocabulary: Vocabulary) -> bool:
    """Whether money is printed as 250-00, a total among it."""
    found = [line.text for line in lines if _DASHED.search(line.text)]
    return len(found) >= _DASHED_MIN and any(
        vocabulary.meaning(text, among=_SUMS) is not None for text in found
    )


def _close_thousands(text: str, spaced: re.Pattern[str]) -> str:
    return spaced.sub(lambda found: found[1] + re.sub(r"\D", "", found[2]), text)


def _drop_sign(text: str) -> str:
    """Leave out every minus: what went back then reads like what was sold."""
    return _SIGNED.sub("", text)


def _is_negative_sum(line: Line, vocabulary: Vocabulary) -> bool:
    found = _SIGNED.search(line.text)
    return found is not None and vocabulary.meaning(line.text, among=_SUMS) is not None


def _sums_with_blanks(line: Line, vocabulary: Vocabulary, spaced: re.Pattern[str]) -> bool:
    """Whether a total is printed with blanks between its thousands: there is no quantity there."""
    found = spaced.search(line.text)
    return (
        found is not None
        and vocabulary.meaning(line.text[: found.start()], among=_CLOSING) is not None
    )
