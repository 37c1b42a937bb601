"""What the data of a frame means: requests read, answers written, as the profile's table says."""

import json
import re
from collections.abc import Mapping

from edge_agent.domain.till_request import Means, TillAnswer, TillRequest
from edge_agent.drivers.framed_ecr.lines import read_lines
from edge_agent.drivers.profiles.framed import (
    AnsweredField,
    CodeField,
    GivenField,
    LinesField,
    MessageShape,
    Operation,
)
from retail_core.errors import Fault
from retail_core.limits import AMOUNT_FEN_MAX, FRAMED_FIELD_CHARS_MAX
from retail_core.texts.faults import FaultCode

_FEN_DIGITS = 2
_NAMED = re.compile(r"\{([a-z]+)\}")
_JSON_DEPTH_MAX = 4


class Messages:
    """Reads requests and writes answers of one kind of till."""

    def __init__(self, shape: MessageShape) -> None:
        self._shape = shape
        self._by_code = {one.code: one for one in shape.operations}

    def read(self, data: bytes) -> TillRequest:
        """Return what is asked; Fault FRAMED_REQUEST_UNREADABLE names what is wrong, not said."""
        content = self._content(self._text(data))
        code = self._part(content, self._shape.code)
        operation = self._by_code.get(code)
        if operation is None:
            raise _unreadable("code")
        given = {one.means: self._part(content, one) for one in operation.fields}
        if any(len(value) > FRAMED_FIELD_CHARS_MAX for value in given.values()):
            raise _unreadable("size")
        # A NUL or half a character is refused by every database the receipt goes through later.
        if not all(map(str.isprintable, given.values())):
            raise _unreadable("characters")
        if operation.means == "member" and not given["card"]:
            raise _unreadable("card")
        if operation.means == "sale" and not given["receipt"]:
            raise _unreadable("receipt")
        units = {one.means: one.unit for one in operation.fields}
        amount = given.get("amount")
        amount_fen = 0 if amount is None else _fen(amount, units["amount"])
        where = operation.lines
        return TillRequest(
            means=Means(operation.means),
            code=code,
            card=given.get("card", ""),
            amount_fen=amount_fen,
            receipt_no=given.get("receipt", ""),
            lines=read_lines(_found(content, where), where, amount_fen) if where else (),
        )

    def write(self, request: TillRequest, answer: TillAnswer) -> bytes:
        """Return the answer's data; empty when this operation has none."""
        operation = self._by_code[request.code]
        if not operation.answer:
            return b""
        values = self._values(request, answer)
        written = self._written(operation, values)
        if self._shape.encoding == "hex":
            return bytes.fromhex(written)
        return written.encode(self._shape.encoding, errors="replace")

    # ---- inside ---------------------------------------------------------------------------------

    def _text(self, data: bytes) -> str:
        if self._shape.encoding == "hex":
            return data.hex()
        try:
            return data.decode(self._shape.encoding)
        except UnicodeDecodeError:
            raise _unreadable("encoding") from None

    def _content(self, text: str) -> "_Content":
        match self._shape.form:
            case "separated":
                return text.split(self._shape.separator)
            case "fixed":
                # Columns are bytes: a character may take two of them.
                return text.encode(self._columns)
            case "json":
                return _object(text)

    @property
    def _columns(self) -> str:
        return "ascii" if self._shape.encoding == "hex" else self._shape.encoding

    def _part(self, content: "_Content", field: CodeField | GivenField) -> str:
        """Return what stands at a field's place without the blanks around it."""
        if not isinstance(content, bytes):
            return _named_part(content, field).strip()
        at = field.at or 0
        try:
            return (
                content[at : at + field.width if field.width else None]
                .decode(self._columns)
                .strip()
            )
        except UnicodeDecodeError:
            raise _unreadable("encoding") from None

    def _values(self, request: TillRequest, answer: TillAnswer) -> dict[str, str]:
        fault = answer.fault
        return {
            "result": self._shape.ok if fault is None else self._shape.refused,
            "message": "" if fault is None else f"{fault.value} {Fault(fault).text()}",
            "code": request.code,
            "card": request.card,
            "receipt": request.receipt_no,
            "amount": str(request.amount_fen),
            "name": answer.name,
            "tier": answer.tier,
            "points": str(answer.points),
            "earned": str(answer.earned),
        }

    def _written(self, operation: Operation, values: Mapping[str, str]) -> str:
        shape = self._shape
        cells = [(one, _filled(one, values)) for one in operation.answer]
        if shape.form == "json":
            return json.dumps({one.key: cell for one, cell in cells}, ensure_ascii=False)
        if shape.form == "fixed":
            return "".join(_fitted(one, cell, self._columns) for one, cell in cells)
        # What a member is called must not look like the next part.
        return shape.separator.join(cell.replace(shape.separator, " ") for _, cell in cells)


_Named = list[str] | dict[str, object]
_Content = _Named | bytes


def _found(content: _Content, field: CodeField | GivenField | LinesField) -> object:
    """Return what stands at a field's place among parts or in an object; None for nothing."""
    if isinstance(content, list):
        at = field.at or 0
        return content[at] if at < len(content) else None
    found: object = content
    for name in field.key.split(".")[:_JSON_DEPTH_MAX]:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _named_part(content: _Named, field: CodeField | GivenField) -> str:
    """Return what stands at a field's place, "" when nothing does."""
    found = _found(content, field)
    return str(found) if isinstance(found, str | int | float) else ""


def _object(text: str) -> dict[str, object]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _unreadable("json") from None
    if not isinstance(said, dict):
        raise _unreadable("json")
    return said


def _fen(text: str, unit: str) -> int:
    """Read an amount: digits alone are fen, a decimal point makes it yuan where that is declared.

    Raises Fault FRAMED_REQUEST_UNREADABLE.
    """
    whole, point, rest = text.partition(".") if unit == "yuan" else (text, "", "")
    plain = whole.isascii() and whole.isdigit() and len(rest) <= _FEN_DIGITS
    if not plain or (point and not (rest.isascii() and rest.isdigit())):
        raise _unreadable("amount")
    fen = int(whole + rest.ljust(_FEN_DIGITS, "0")) if unit == "yuan" else int(whole)
    if fen > AMOUNT_FEN_MAX:
        raise _unreadable("amount")
    return fen


def _filled(field: AnsweredField, values: Mapping[str, str]) -> str:
    """Put the values in, in one pass: a name in braces inside a value stays what it is."""
    return _NAMED.sub(lambda found: values.get(found[1], found[0]), field.text)


def _fitted(field: AnsweredField, text: str, encoding: str) -> str:
    """Return a cell as wide as its column, in bytes of the encoding."""
    if not field.width:
        return text
    if field.pad == "zeros":
        return text[-field.width :].rjust(field.width, "0")
    written = text.encode(encoding, errors="replace")[: field.width]
    cut = written.decode(encoding, errors="ignore")
    blanks = " " * (field.width - len(cut.encode(encoding)))
    return blanks + cut if field.pad == "left" else cut + blanks


def _unreadable(detail: str) -> Fault:
    return Fault(FaultCode.FRAMED_REQUEST_UNREADABLE, detail=detail)
