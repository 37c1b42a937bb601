"""The profile of a till that prints ESC/POS: its line, its paper, the grammar of its receipts."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from edge_agent.drivers.profiles.sections import Encoding, Profile, Section, Words
from retail_core.limits import RECEIPT_IDLE_MS

COLUMNS_MAX = 96
_ITEM_COLUMNS_MAX = 10
Places = Literal["auto", 0, 1, 2]
Place = Annotated[int, Field(ge=0, le=COLUMNS_MAX)]


class SerialLine(Section):
    """How the till's serial port is set; a pseudo-terminal or USB printer ignores it."""

    baud_rate: Annotated[int, Field(ge=300, le=921_600)] = 9_600
    data_bits: Literal[7, 8] = 8
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Literal["none", "rts-cts", "dsr-dtr", "xon-xoff"] = "none"


class Paper(Section):
    """The printer: columns of the normal font, dots a column, and its alphabets.

    `code_pages` tells what ESC t n selects on this printer, where it differs from Epson's.
    """

    columns: Annotated[int, Field(ge=16, le=COLUMNS_MAX)] = 32
    dots_per_column: Annotated[int, Field(ge=6, le=48)] = 12
    encoding: Encoding = "auto"
    code_pages: dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Encoding] = Field(
        default_factory=dict
    )


class Numbers(Section):
    """How amounts are printed: the decimal mark and how many digits stand behind it."""

    decimal: Literal["auto", ".", ","] = "auto"
    places: Places = "auto"


class ReceiptWords(Section):
    """Words of this till, by what they mean; they win over the built-in ones."""

    due: Words = ()
    total: Words = ()
    subtotal: Words = ()
    discount: Words = ()
    rounding: Words = ()
    saved: Words = ()
    extra: Words = ()
    tax: Words = ()
    tender: Words = ()
    change: Words = ()
    count: Words = ()
    note: Words = ()
    refund: Words = ()
    void: Words = ()
    reprint: Words = ()
    report: Words = ()
    aside: Words = ()
    exchange: Words = ()


class ItemColumn(Section):
    """One column of an article row: from print position `start` up to, not including, `end`.

    Positions count columns of the normal font from 0; `other` is a column that is not wanted. With
    `always` a line without a figure here is no article row.
    """

    kind: Literal["name", "qty", "price", "amount", "other"]
    start: Place = 0
    end: Place = COLUMNS_MAX
    always: bool = False


class Items(Section):
    """How article rows stand on the paper; without `columns` the reader finds out by itself.

    `place`: figures are told apart by where they stand; `order`: by their order, because they are
    not printed in columns. With `wrap` a long name begins on lines above its figures. `begin` are
    words of the line above the first article, `end` of the line that follows the last.
    """

    columns: Annotated[tuple[ItemColumn, ...], Field(max_length=_ITEM_COLUMNS_MAX)] = ()
    rows: Literal["one-line", "name-above"] = "one-line"
    by: Literal["place", "order"] = "place"
    wrap: bool = False
    begin: Words = ()
    end: Words = ()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        kinds = [column.kind for column in self.columns]
        if not kinds:
            return self
        wanted = [kind for kind in kinds if kind != "other"]
        if len(set(wanted)) != len(wanted):
            raise ValueError("a kind of column stands twice")
        if "amount" not in kinds and not {"qty", "price"} <= set(kinds):
            raise ValueError("an article needs an amount, or a quantity and a price")
        for left, right in zip(self.columns, self.columns[1:], strict=False):
            if self.by == "place" and left.end > right.start:
                raise ValueError(f"columns {left.kind} and {right.kind} overlap")
        if any(column.start >= column.end for column in self.columns):
            raise ValueError("a column ends before it begins")
        return self


class Numbering(Section):
    """The words in front of the receipt's own number, and of the number a refund is about."""

    receipt_no: Words = ()
    original_no: Words = ()


class Job(Section):
    """When a receipt is over, apart from a cut: silence, shorter after the drawer's pulse.

    The end of a network connection ends it too, unless the till makes `several` for one receipt.
    """

    idle_ms: Annotated[int, Field(ge=100, le=30_000)] = RECEIPT_IDLE_MS
    pulse_idle_ms: Annotated[int, Field(ge=50, le=30_000)] = 300
    connections: Literal["one", "several"] = "one"


class TillProfile(Profile):
    """A till that prints ESC/POS."""

    kind: Literal["till_escpos"]
    line: SerialLine = SerialLine()
    paper: Paper = Paper()
    numbers: Numbers = Numbers()
    items: Items = Items()
    numbering: Numbering = Numbering()
    words: ReceiptWords = ReceiptWords()
    job: Job = Job()
