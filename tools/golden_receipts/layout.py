"""How one till lays out its receipts, and the writer that prints a ticket that way."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.golden_receipts import printer
from tools.golden_receipts.ticket import Item, Ticket


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an article row; `filler` is printed in a column nobody needs."""

    kind: str
    title: str
    start: int
    end: int
    right: bool = True
    filler: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What this till calls things; an empty word is a line it does not print."""

    number: str
    total: str
    change: str
    off: str = ""
    item_off: str = ""
    fee: str = ""
    subtotal: str = ""
    count: str = ""
    refund: str = ""
    reprint: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One till's habits."""

    name: str
    title_zh: str
    title_en: str
    width: int
    codec: str
    columns: tuple[Column, ...]
    words: Words
    setup: bytes = b""
    head: tuple[str, ...] = ()
    below_head: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    rows: str = "one-line"
    place: str = "blanks"
    form: str = ""
    code_line: bool = False
    remark: str = ""
    heading: bool = True
    rule: str = "-"
    mark: str = "."
    places: int = 2
    sign: str = ""
    unit: str = ""
    colon: str = ":"
    minus: bool = True
    paid_in_one_line: bool = False
    big_total: bool = True
    cut: bytes = printer.CUT


def stream(layout: Layout, ticket: Ticket) -> bytes:
    """Return the bytes this till sends for a ticket."""
    paper = _Paper(layout)
    for line in _Receipt(layout, ticket).lines():
        paper.line(line)
    drawer = printer.DRAWER if ticket.kind != "reprint" else b""
    return printer.INIT + layout.setup + paper.sent() + printer.feed(4) + drawer + layout.cut


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text, or of several texts at their columns."""

    parts: tuple[tuple[Column | None, str], ...]
    before: bytes = b""
    after: bytes = b""


class _Paper:
    """Turns lines into bytes, by blanks, by dots or by tabs."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._sent = bytearray()
        if layout.place == "tabs":
            stops = tuple(column.start for column in layout.columns if column.start)
            self._sent += printer.tab_stops(stops)

    def sent(self) -> bytes:
        return bytes(self._sent)

    def line(self, line: _Line) -> None:
        self._sent += line.before
        blanks = ""
        for column, text in line.parts:
            if column is None or not column.kind or self._layout.place == "blanks":
                blanks = self._set(blanks, column, text)
            elif text:
                self._sent += self._go_to(column, text) + text.encode(self._layout.codec)
        self._sent += blanks.rstrip(" ").encode(self._layout.codec) + line.after + b"\n"

    def _set(self, so_far: str, column: Column | None, text: str) -> str:
        if column is None:
            return so_far + text
        start = column.end - printer.width(text) if column.right else column.start
        gap = max(start - printer.width(so_far), 1 if so_far and text else 0)
        return so_far + " " * gap + text if text else so_far

    def _go_to(self, column: Column, text: str) -> bytes:
        if self._layout.place == "tabs":
            return b"\t" if column.start else b""
        start = column.end - printer.width(text) if column.right else column.start
        return printer.at_column(max(0, start))


class _Receipt:
    """The lines of one ticket, top to bottom."""

    def __init__(self, layout: Layout, ticket: Ticket) -> None:
        self._layout, self._ticket = layout, ticket
        self._sign = -1 if ticket.kind == "refund" and layout.minus else 1

    def lines(self) -> Iterator[_Line]:
        yield from self._head()
        for item in self._ticket.items:
            yield from self._item(item)
        yield self._rule()
        yield from self._sums()
        yield from self._payment()
        for text in self._layout.foot:
            yield _text(text)

    def _head(self) -> Iterator[_Line]:
        words, ticket = self._layout.words, self._ticket
        for at, text in enumerate(self._layout.head):
            size = printer.DOUBLE if at == 0 else b""
            yield _text(text, printer.CENTRE + size, printer.NORMAL + printer.LEFT)
        titles = {"refund": words.refund, "reprint": words.reprint}
        if ticket.kind in titles:
            yield _text(titles[ticket.kind], printer.CENTRE + printer.BOLD_ON, _PLAIN)
        yield _text(f"{words.number}{self._layout.colon}{ticket.number}")
        if ticket.original and words.original:
            yield _text(f"{words.original}{self._layout.colon}{ticket.original}")
        for text in self._layout.below_head:
            yield _text(text)
        if self._layout.heading:
            yield _Line(tuple((column, column.title) for column in self._layout.columns))
        yield self._rule()

    def _item(self, item: Item) -> Iterator[_Line]:
        layout = self._layout
        name_column = next((column for column in layout.columns if column.kind == "name"), None)
        name = item.name
        if layout.rows == "name-above":
            coded = f"{item.code} {name}".strip()
            fits = not layout.code_line and printer.width(coded) <= layout.width
            yield _text(coded if fits else name)
            if item.code and layout.code_line:
                yield _text(item.code)
        elif name_column is not None:
            *above, name = _wrapped(name, name_column.end - name_column.start)
            for part in above:
                yield _Line(((name_column, part),))
        yield self._figures(item, name)
        if layout.remark:
            yield _text(layout.remark)
        if item.off_fen:
            yield self._sum(layout.words.item_off, -item.off_fen * self._sign)

    def _figures(self, item: Item, name: str) -> _Line:
        layout = self._layout
        said = {
            "name": name,
            "qty": printer.quantity(
                item.qty_milli * self._sign,
                mark=layout.mark,
                unit=layout.unit if item.qty_milli % 1000 else "",
            ),
            "price": self._money(item.unit_fen),
            "amount": self._money(item.amount_fen * self._sign),
        }
        if layout.form:
            return _text(layout.form.format(**said))
        parts = ((column, said.get(column.kind, column.filler)) for column in layout.columns)
        return _Line(tuple(parts))

    def _sums(self) -> Iterator[_Line]:
        words, ticket = self._layout.words, self._ticket
        if words.count:
            pieces = sum(max(1, item.qty_milli // 1000) for item in ticket.items)
            yield self._pair(words.count, str(pieces * self._sign))
        if words.subtotal:
            yield self._sum(
                words.subtotal,
                (ticket.gross_fen - sum(item.off_fen for item in ticket.items)) * self._sign,
            )
        if ticket.off_fen:
            yield self._sum(words.off, -ticket.off_fen * self._sign)
        if ticket.fee_fen:
            yield self._sum(words.fee, ticket.fee_fen * self._sign)
        tall = (printer.TALL, printer.NORMAL) if self._layout.big_total else (b"", b"")
        yield self._sum(words.total, ticket.total_fen * self._sign, *tall)

    def _payment(self) -> Iterator[_Line]:
        paid = [(word, fen * self._sign) for word, fen in self._ticket.paid]
        if self._ticket.change_fen:
            paid.append((self._layout.words.change, self._ticket.change_fen * self._sign))
        if self._layout.paid_in_one_line:
            colon = self._layout.colon
            yield _text("  ".join(f"{word}{colon}{self._money(fen)}" for word, fen in paid))
            return
        for word, fen in paid:
            yield self._sum(word, fen)

    def _sum(self, word: str, fen: int, before: bytes = b"", after: bytes = b"") -> _Line:
        line = self._pair(word, self._money(fen, sign=self._layout.sign))
        return _Line(line.parts, before, after)

    def _pair(self, word: str, figure: str) -> _Line:
        whole = Column("", "", 0, self._layout.width)
        left = Column("", "", 0, 1, right=False)
        return _Line(((left, word + self._layout.colon), (whole, figure)))

    def _money(self, fen: int, sign: str = "") -> str:
        return printer.money(fen, mark=self._layout.mark, places=self._layout.places, sign=sign)

    def _rule(self) -> _Line:
        return _text(self._layout.rule * self._layout.width)


_PLAIN = printer.BOLD_OFF + printer.LEFT


def _text(text: str, before: bytes = b"", after: bytes = b"") -> _Line:
    return _Line(((None, text),), before, after)


def _wrapped(name: str, columns: int) -> list[str]:
    """Cut a name into pieces that fit its column: between words, Chinese anywhere."""
    pieces = [""]
    for letters in name.split(" ") if name.isascii() else name:
        joined = (
            f"{pieces[-1]} {letters}" if pieces[-1] and name.isascii() else pieces[-1] + letters
        )
        if pieces[-1] and printer.width(joined) >= columns:
            pieces.append(letters)
        else:
            pieces[-1] = joined
    return pieces
