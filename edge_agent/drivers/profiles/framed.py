"""What a framed device profile declares: the frame, the link, and what its messages mean."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from edge_agent.drivers.profiles.sections import Profile, Section
from edge_agent.drivers.profiles.till import SerialLine

_HEX = r"^([0-9A-Fa-f]{2} ?)*$"
_MARK_MAX = 8


def _hex(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise ValueError("not hexadecimal") from None


Mark = Annotated[
    bytes,
    BeforeValidator(_hex),
    Field(max_length=_MARK_MAX),
    WithJsonSchema({"type": "string", "pattern": _HEX}),
]
Byte = Annotated[int, Field(ge=0, le=255)]
Milliseconds = Annotated[int, Field(ge=10, le=120_000)]
Part = Literal["start", "header", "length", "data", "end"]
HeaderName = Literal["type", "ack", "id"]
CheckKind = Literal[
    "none", "xor", "sum8", "sum8-2s", "crc16-1021", "crc16-8408", "crc16-a001", "crc32"
]
LengthForm = Literal["u8", "u16-be", "u16-le", "ff-u16-le", "bcd-2"]
Meaning = Literal["member", "sale", "ping"]
Given = Literal["card", "amount", "receipt"]


class LengthShape(Section):
    """How a length is written; `adds` is what it counts beyond the data (its header, say).

    `ff-u16-le`: one byte, or FF and two bytes, the lower first.
    """

    form: LengthForm
    adds: Annotated[int, Field(ge=0, le=64)] = 0


class CheckShape(Section):
    """How a frame is checked; `end` covers the end mark's last byte, as ETX."""

    kind: CheckKind = "none"
    init: Annotated[int, Field(ge=0, le=0xFFFF_FFFF)] = 0
    xor_out: Annotated[int, Field(ge=0, le=0xFFFF_FFFF)] = 0
    covers: tuple[Part, ...] = ("data",)
    order: Literal["big", "little"] = "big"


class InnerLength(Section):
    """A length inside the data that must agree with how much data there is."""

    at: Annotated[int, Field(ge=0, le=64)]
    form: LengthForm


class FrameShape(Section):
    """A frame: between two marks, or as long as it says.

    start [header] [length] data: with a length the check stands before the end mark, without one
    behind it. `double`: this byte is written twice inside the data. `printable`: no byte of the
    data is below 20; an answer that ran into a frame whose end was lost does not pass for data.
    """

    start: Mark
    end: Mark = b""
    double: Mark = b""
    printable: bool = False
    header: tuple[HeaderName, ...] = ()
    length: LengthShape | None = None
    check: CheckShape = CheckShape()
    data_max: Annotated[int, Field(ge=1, le=16_384)] = 1_024
    inner: InnerLength | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.start:
            raise ValueError("a frame needs a start mark")
        if self.length is None and not self.end:
            raise ValueError("a frame needs a length or an end mark")
        if self.length is None and self.header:
            raise ValueError("a header needs a length")
        if (
            self.double
            and (
                self.length is not None
                or len(self.start) != 2  # noqa: PLR2004 -- the doubled byte and what it announces
                or len(self.end) != 2  # noqa: PLR2004
                or not self.start[:1] == self.end[:1] == self.double
                or self.double in {self.start[1:], self.end[1:]}
            )
        ):
            raise ValueError("both marks begin with the doubled byte and have one more")
        return self


class FrameTypes(Section):
    """What the header's type says."""

    data: Byte = 0
    handshake: Byte | None = None
    heartbeat: Byte | None = None


class LinkShape(Section):
    """How frames are answered: by `ack` and `nak`, or by a frame with the ack flag and its id.

    `byte_ms`: a frame that pauses longer is broken off. `repeat_ms`: the same bytes within this
    time are the same message. `settle_ms`: how long the next frame waits after an ACK mark.
    """

    ack: Mark = b""
    nak: Mark = b""
    ack_ms: Milliseconds = 2_000
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    byte_ms: Milliseconds = 500
    repeat_ms: Milliseconds = 15_000
    settle_ms: Annotated[int, Field(ge=0, le=5_000)] = 100
    heartbeat_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    types: FrameTypes = FrameTypes()


class CodeField(Section):
    """Where the operation code stands."""

    at: Annotated[int, Field(ge=0, le=4_096)] = 0
    width: Annotated[int, Field(ge=1, le=32)] | None = None
    key: str = ""


class GivenField(Section):
    """Where a request carries something: a number of a part, an offset and width, or a key."""

    means: Given
    at: Annotated[int, Field(ge=0, le=4_096)] | None = None
    width: Annotated[int, Field(ge=1, le=256)] | None = None
    key: str = ""
    unit: Literal["fen", "yuan"] = "fen"


class LinesField(Section):
    """Where a sale's articles stand: a list under `key`, or part `at` with marks inside it.

    `name`, `qty` and `amount` are keys, or numbers of the cells of a row.
    """

    key: str = ""
    at: Annotated[int, Field(ge=0, le=4_096)] | None = None
    row: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    cell: Annotated[str, Field(min_length=1, max_length=1)] = ","
    name: Annotated[str, Field(min_length=1)]
    qty: Annotated[str, Field(min_length=1)]
    amount: Annotated[str, Field(min_length=1)]
    unit: Literal["fen", "yuan"] = "fen"


class AnsweredField(Section):
    """A part of an answer: `text` with {result}, {message}, {points}, {name} and others in it."""

    text: str
    key: str = ""
    width: Annotated[int, Field(ge=0, le=256)] = 0
    pad: Literal["left", "right", "zeros"] = "right"


class Operation(Section):
    """One thing a till asks for: the code that says so, where its fields stand, the answer."""

    means: Meaning
    code: Annotated[str, Field(min_length=1, max_length=32)]
    fields: tuple[GivenField, ...] = ()
    lines: LinesField | None = None
    answer: tuple[AnsweredField, ...] = ()

    @model_validator(mode="after")
    def _enough(self) -> Self:
        needed = {"member": {"card"}, "sale": {"amount", "receipt"}, "ping": set()}[self.means]
        missing = needed - {field.means for field in self.fields}
        # Without its number a receipt that is sent again would be booked again.
        if missing:
            raise ValueError(f"{self.means} needs {', '.join(sorted(missing))}")
        if self.lines is not None and self.means != "sale":
            raise ValueError("only a sale has lines")
        return self


class MessageShape(Section):
    """How a message is written: parts between separators, fixed columns, or JSON.

    `code` is where its operation code stands. `ok` and `refused` are what {result} says. With the
    encoding `hex` the data is read as its hexadecimal digits: BCD amounts are then plain numbers.
    """

    form: Literal["separated", "fixed", "json"]
    encoding: Literal["ascii", "utf-8", "gb18030", "hex"] = "ascii"
    separator: Annotated[str, Field(max_length=1)] = "|"
    code: CodeField
    ok: str = "00"
    refused: str = "99"
    operations: tuple[Operation, ...]

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.form == "separated" and not self.separator:
            raise ValueError("parts need a separator")
        # Read from where the operation code stands, every sale would have the same receipt number.
        for field in (one for operation in self.operations for one in operation.fields):
            if not field.key if self.form == "json" else field.at is None:
                raise ValueError(f"{field.means} has no place")
        if self.form == "json" and not self.code.key:
            raise ValueError("code has no place")
        for lines in (one.lines for one in self.operations if one.lines is not None):
            self._check_lines(lines)
        return self

    def _check_lines(self, lines: LinesField) -> None:
        cells = (lines.name, lines.qty, lines.amount)
        if self.form == "fixed" or not (lines.key if self.form == "json" else lines.at is not None):
            raise ValueError("lines have no place")
        if self.form == "separated" and not all(one.isdecimal() for one in cells):
            raise ValueError("cells of lines are numbered")


class FramedProfile(Profile):
    """A till or terminal that asks the box in frames."""

    kind: Literal["framed_ecr"]
    line: SerialLine = SerialLine()
    frame: FrameShape
    link: LinkShape = LinkShape()
    message: MessageShape

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if not self.link.ack and not {"ack", "id"} <= set(self.frame.header):
            raise ValueError("frames need an ack mark, or ack and id in the header")
        return self
