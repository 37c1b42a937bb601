"""A till's bytes with personal data replaced by stand-ins of the same length and alphabet. Pure.

Every byte keeps its place, so columns, widths and commands stay as they were; amounts, quantities,
dates and the names of articles stay too. Replaced are: long numbers (phones, cards, member and
payment codes), what stands behind a word such as 姓名 or Member, names before 先生, names in a
column of who served, addresses of e-mail, mixed codes of letters and digits, and whatever is in
codes and pictures. The same number has the same stand-in under one key, so a reprint still is one.
"""

import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edge_agent.drivers.till_escpos.alphabet import choose_encoding
from edge_agent.drivers.till_escpos.frames import (
    Command,
    Control,
    CutOff,
    Payload,
    Text,
    Token,
    Tokenizer,
    Unknown,
)
from edge_agent.drivers.till_escpos.layout import Line, Segment, columns_of
from edge_agent.drivers.till_escpos.paper import DOTS_PER_COLUMN
from edge_agent.drivers.till_escpos.rows import column_heading
from edge_agent.drivers.till_escpos.staff_column import StaffPlace, ends_table, staff_heading
from edge_agent.drivers.till_escpos.words import Vocabulary

LINE_BYTES_MAX = 16_384
_ESCAPED = "surrogateescape"
_HANZI = "天玄黄宇宙洪荒辰宿寒暑秋冬藏云腾雨露霜"
_LONG_NUMBER = re.compile(
    # A number behind a dot is one ("NO.139…") unless digits stand before the dot.
    r"(?<!\d)(?<!\d[.,])\d(?:[ -]?[\d*]){6,}(?![.,]\d)"
    # No sum is grouped in fours.
    r"|(?<!\d)1\d\d[./]\d{4}[./]\d{4}(?!\d)"
)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-/. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:\s+\d\d:\d\d(?::\d\d)?)?"
)
_MIXED_CODE = re.compile(r"(?=[\w.:-]*\d)(?=[\w.:-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._:-]{9,}")
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")
_HONOURED = re.compile(r"[\u4e00-\u9fff]{1,4}(?=先生|女士|小姐)|(?<=Mr |Ms )\w+|(?<=Mrs )\w+")
_LABELS = (
    r"会员姓名|会员卡号|会员编号|会员号|会员名|姓名|手机号码|手机号|手机|联系电话|电话|联系人"
    r"|收货人|收件人|持卡人|卡号|地址|顾客|客户|收银员|营业员|店员|身份证号?|车牌号?"
    r"|付款码|支付码|授权码|商户单号|交易单号|会员(?=\s*[::])"
    r"|(?<![a-z])(?:member(?: name| no\.?| id)?|customer|cust|name|phone|tel|mobile|address|addr"
    r"|card(?: no\.?| number)?|holder|cashier|operator|served by|auth(?: code)?|e-?mail)(?![a-z])"
)
_LABELLED = re.compile(rf"(?:{_LABELS})\s*[::#.]*\s*(?P<said>\S.*)", re.IGNORECASE)
_BARE_LABEL = re.compile(rf"\W*(?:{_LABELS})\W*", re.IGNORECASE)
_SUM = re.compile(r"\d[.,]\d\d(?!\d)")
_NUMBERED = re.compile(r"号|编|机|话|码|no\b|id\b|number|phone|tel|mobile", re.IGNORECASE)
_WHOLE = re.compile(r"[ ]*\d+\s*")
_AMOUNT = re.compile(r"[-+¥￥$€£ ]*\d{1,6}([.,]\d{1,3})?\s*$")
_PLACED = frozenset({b"\x1b$", b"\x1b\\", b"\x1d$"})
_TABS = b"\x1bD"
_HEAD_BYTES = 8
_FILL = b"\x55"
# The last word of a line that stands still may be half a name or number; a whole sum is none.
_WORD = re.compile(r"\S+")
_TAB_COLUMNS = 8
_LAST_WORD = re.compile(r"(?:[\d*][\d* -]*|\S+)\Z")
_WHOLE_SUM = re.compile(r"[-+¥￥$€£]*\d{1,6}[.,]\d\d")


@dataclass(slots=True)
class _Letter:
    """One letter of a line and the bytes it is; `token` is empty-handed for a gap."""

    shown: str
    raw: bytes
    token: int
    column: int = 0


class Redactor:
    """Takes blocks, gives them back with stand-ins, in the same sizes: whole lines at a time."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._tokenizer = Tokenizer()
        self._line: list[Token] = []
        self._given: list[Token] = []
        self._sizes: list[tuple[int, int]] = []
        self._ready = b""
        self._size = 0
        self._label_above = False
        self._staff: StaffPlace | None = None
        self._words = Vocabulary()

    def feed(self, data: bytes, at_ms: int) -> list[tuple[int, bytes]]:
        """Take a block that came at `at_ms`; return the blocks of which every line is whole."""
        self._sizes.append((at_ms, len(data)))
        for token in self._tokenizer.feed(data):
            self._take(token)
        return list(self._parted())

    def flush(self) -> list[tuple[int, bytes]]:
        """Return what is left: the recording ends."""
        for token in self._tokenizer.finish():
            self._take(token)
        self._end_line()
        return list(self._parted())

    def pause(self) -> list[tuple[int, bytes]]:
        """Return what came of a line that stands still; its rest is hidden with this in mind.

        A command of which a part came is kept back.
        """
        self._hide(is_open=True)
        self._given, self._line = self._given + self._line, []
        return list(self._parted())

    @property
    def waits(self) -> bool:
        """Whether something of a line is kept back."""
        return bool(self._sizes)

    def _take(self, token: Token) -> None:
        last = self._line[-1] if self._line else None
        if isinstance(token, Text) and isinstance(last, Text):
            # Where the line was cut says nothing: a number that came in two blocks is one.
            self._line[-1] = Text(last.raw + token.raw)
        else:
            self._line.append(token)
        self._size += len(token.raw)
        ends = isinstance(token, Control) and token.raw in {b"\n", b"\x0c"}
        feeds = isinstance(token, Command) and token.code in {
            b"\x1bd",
            b"\x1bJ",
            b"\x1dV",
            b"\x1b@",
        }
        if ends or feeds or self._size > LINE_BYTES_MAX:
            self._end_line()

    def _end_line(self) -> None:
        self._hide(is_open=False)
        letters, _ = _letters_of(self._given + self._line)
        said = _shown(letters)
        if said.strip():
            self._label_above = _BARE_LABEL.fullmatch(said) is not None
            self._staff = self._staff_below(_line_of(letters))
        self._given, self._line, self._size = [], [], 0

    def _staff_below(self, line: Line) -> StaffPlace | None:
        """Return where lines say who served, from a heading down to the sums."""
        headed = staff_heading(line)
        if headed is not None:
            return headed[0]
        over = line.segments and (column_heading(line) or ends_table(line, self._words))
        return None if over else self._staff

    def _hide(self, *, is_open: bool) -> None:
        given = sum(len(token.raw) for token in self._given)
        tokens = self._given + self._line
        whole = redact_line(
            tokens,
            self._key,
            is_open=is_open,
            below_label=self._label_above,
            staff=self._staff_below(_line_of(_letters_of(tokens)[0])),
        )
        self._ready += whole[given:]

    def _parted(self) -> Iterator[tuple[int, bytes]]:
        """Give ready bytes back in the sizes they came in."""
        while self._sizes and len(self._ready) >= self._sizes[0][1]:
            at_ms, size = self._sizes.pop(0)
            yield at_ms, self._ready[:size]
            self._ready = self._ready[size:]


def redact(data: bytes, key: bytes) -> bytes:
    """Return a whole stream with stand-ins; as long as it was."""
    redactor = Redactor(key)
    blocks = redactor.feed(data, 0) or redactor.flush()
    return b"".join(block for _, block in blocks)


def redact_line(
    tokens: list[Token],
    key: bytes,
    *,
    is_open: bool = False,
    below_label: bool = False,
    staff: StaffPlace | None = None,
) -> bytes:
    """Return one printed line's bytes with stand-ins; of an open one more is to come.

    Below a label that stood alone all is somebody's, unless it is a sum. A heading of columns is
    nobody's, but what stands below its word for `staff` is.
    """
    letters, encoding = _letters_of(tokens)
    text = _shown(letters)
    heads = not is_open and staff_heading(_line_of(letters)) is not None
    whole = ((0, len(text)),) if below_label and not _SUM.search(text) else ()
    below = () if staff is None else _served(letters, text, staff)
    open_end = _unfinished(text) if is_open else ()
    for start, end in () if heads else (*_private(text), *whole, *below, *open_end):
        _replace(letters[start:end], encoding, key)
    said: dict[int, bytes] = {}
    for letter in letters:
        said[letter.token] = said.get(letter.token, b"") + letter.raw
    return b"".join(
        said.get(at, b"") if isinstance(token, Text) else _data_hidden(token, key)
        for at, token in enumerate(tokens)
    )


def _letters_of(tokens: list[Token]) -> tuple[list[_Letter], str]:
    """Return a line's letters, with blanks for gaps, and what they are encoded in."""
    texts = [token.raw for token in tokens if isinstance(token, Text)]
    encoding = choose_encoding(None, texts)
    letters: list[_Letter] = []
    column = 0
    for at, token in enumerate(tokens):
        if isinstance(token, Text):
            for one, raw in _letters(token.raw, encoding):
                letters.append(_Letter(one, raw, at, column))
                column += columns_of(one)
        elif isinstance(token, Control) or (isinstance(token, Command) and token.code in _PLACED):
            letters += [_Letter(" ", b"", at, column)] if letters else []
            column = _moved(token, column)
    return letters, encoding


def _moved(token: Control | Command, column: int) -> int:
    """Return where the head stands after a tab or a jump."""
    if isinstance(token, Control):
        return (column // _TAB_COLUMNS + 1) * _TAB_COLUMNS if token.raw == b"\t" else column
    dots = int.from_bytes(token.args[:2], "little", signed=token.code == b"\x1b\\")
    return (column if token.code == b"\x1b\\" else 0) + dots // DOTS_PER_COLUMN


def _line_of(letters: list[_Letter]) -> Line:
    """Return the line with what stands apart at its place: one blank parts nothing."""
    found: list[Segment] = []
    for word in _WORD.finditer(_shown(letters)):
        column, last = letters[word.start()].column, found[-1] if found else None
        if last is not None and last.column + columns_of(last.text) + 1 == column:
            found[-1] = Segment(last.column, f"{last.text} {word[0]}")
        else:
            found.append(Segment(column, word[0]))
    return Line(tuple(found))


def _served(letters: list[_Letter], text: str, place: StaffPlace) -> Iterator[tuple[int, int]]:
    """Find the words that begin where a heading puts staff; numbers are nobody's name."""
    for word in _WORD.finditer(text):
        if place.begins(letters[word.start()].column) and not any(map(str.isdecimal, word[0])):
            yield word.span()


def _shown(letters: list[_Letter]) -> str:
    return "".join(letter.shown for letter in letters)


def _letters(raw: bytes, encoding: str) -> Iterable[tuple[str, bytes]]:
    """Split text into letters and their bytes; into bytes if it does not come back the same."""
    try:
        found = [(one, one.encode(encoding, _ESCAPED)) for one in raw.decode(encoding, _ESCAPED)]
    except UnicodeError:
        found = []
    if b"".join(part for _, part in found) != raw:
        return [(chr(byte), bytes((byte,))) for byte in raw]
    return found


def _private(text: str) -> Iterator[tuple[int, int]]:
    """Find what is not to be shown."""
    dated = _DATE.sub(lambda found: "/" * len(found[0]), text)
    for pattern in (_LONG_NUMBER, _MIXED_CODE):
        yield from (found.span() for found in pattern.finditer(dated))
    for pattern in (_MAIL, _HONOURED):
        yield from (found.span() for found in pattern.finditer(text))
    for found in _LABELLED.finditer(text):
        numbered = _NUMBERED.search(text, found.start(), found.start("said"))
        if not _AMOUNT.fullmatch(found["said"]) or (numbered and _WHOLE.fullmatch(found["said"])):
            yield found.span("said")


def _unfinished(text: str) -> Iterator[tuple[int, int]]:
    """Find what may be the beginning of something private."""
    found = _LAST_WORD.search(text)
    if found is not None and not _WHOLE_SUM.fullmatch(found[0]):
        yield found.span()


def _replace(letters: list[_Letter], encoding: str, key: bytes) -> None:
    seed = hmac.digest(
        key, "".join(letter.shown for letter in letters).encode("utf-8", "replace"), "sha256"
    )
    for at, letter in enumerate(letters):
        stand_in = _stand_in(letter.shown, seed[at % len(seed)] + at)
        try:
            raw = stand_in.encode(encoding)
        except UnicodeEncodeError:
            raw = b""
        letter.raw = raw if len(raw) == len(letter.raw) else b"x" * len(letter.raw)


def _stand_in(letter: str, seed: int) -> str:
    if letter.isascii():
        if letter.isdigit():
            return str(seed % 10)
        if letter.isalpha():
            return chr((ord("A") if letter.isupper() else ord("a")) + seed % 26)
        return letter
    return _HANZI[seed % len(_HANZI)] if "\u2e80" <= letter <= "\U0003ffff" else "x"


def _data_hidden(token: Token, key: bytes) -> bytes:
    """Hide what codes and pictures carry; how big they are stays."""
    match token:
        case Payload(raw):
            return _FILL * len(raw)
        case CutOff(raw) | Unknown(raw):
            return raw[:2] + bytes(min(byte, 0x20) for byte in raw[2:])
        case Command(code, args, _) if (around := _around_code(token)) is not None:
            head, tail = around[0], len(args) - around[1]
            return code + args[:head] + _code_hidden(args[head:tail], key) + args[tail:]
        case Command(code, args, _) if code != _TABS:
            # Whatever is longer than settings are carries data.
            return code + args[:_HEAD_BYTES] + _FILL * len(args[_HEAD_BYTES:])
    return token.raw


def _around_code(token: Command) -> tuple[int, int] | None:
    """Return how many bytes stand before and behind what a bar code or QR code says."""
    code, args = token.code, token.args
    if code == b"\x1dk":
        return (1, int(len(args) > 1)) if args[0] in range(7) else (2, 0)
    if code == b"\x1d(" and args[:1] == b"k" and args[4:5] == b"P":
        return 6, 0
    if code == b"\x1bZ":
        return 5, 0
    if token.star and code == b"\x1bb":
        return 4, 1
    data = {b"yD": 6, b"xD": 4}.get(args[:2])
    return (data, 0) if data and code == b"\x1b\x1d" else None


def _code_hidden(data: bytes, key: bytes) -> bytes:
    seed = hmac.digest(key, data, "sha256")
    letters = (
        _stand_in(chr(byte), seed[at % len(seed)] + at) if chr(byte).isalnum() else chr(byte)
        for at, byte in enumerate(data)
    )
    return bytes(min(ord(letter), 0xFF) for letter in letters)
