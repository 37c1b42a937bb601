"""A segment's definition as rows of a form, and back; pure.

Rows are joined by all or any, and each may be denied. What is put together otherwise is written as
JSON, in the same form.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from cloud_broker.ports.tags import TagWord
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ROWS_MAX: Final = 20
TEXT_MAX: Final = 2_000
RAW_MAX: Final = 20_000
# How many of what a form shows make one of what is kept: yuan, percent, times.
STEPS: Final[Mapping[str, int]] = {"fen": 100, "thousandths": 10, "milli": 1_000}
EVENTS: Final = (
    *("Order Completed", "Order Refunded", "Product Viewed", "Product Added"),
    *("Product Added to Wishlist", "Product Shared", "Product Reviewed", "Products Searched"),
    *("Cart Viewed", "Checkout Started", "Coupon Applied"),
)
PLACES: Final = ("store", "region")
FIELDS: Final = ("category", "sku", "channel", *PLACES)
Text = Annotated[str, Field(max_length=TEXT_MAX)]
Texts = Annotated[list[Text], Field(max_length=ROWS_MAX)]


class SegmentForm(BaseModel):
    """The form: lists go side by side, one entry a row; `picked` is `row:word` of tags of words."""

    segment: UUID | None = None
    was: int = Field(0, ge=0)
    name: Text = ""
    note: Text = ""
    word: Literal["all", "any"] = "all"
    regions: list[UUID] = Field([], max_length=200)
    stores: list[UUID] = Field([], max_length=200)
    kind: list[Literal["tag", "event"]] = Field([], max_length=ROWS_MAX)
    no: Texts = []
    key: Texts = []
    compare: Texts = []
    value: Texts = []
    of: Texts = []
    days: Texts = []
    field: Texts = []
    choice: Texts = []
    picked: list[Text] = Field([], max_length=1_000)
    raw: str = Field("", max_length=RAW_MAX)
    act: Text = ""
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the form, as texts."""

    kind: str
    key: str
    no: bool = False
    compare: str = ">="
    value: str = ""
    of: str = "times"
    days: str = "30"
    field: str = ""
    choice: str = ""
    picked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """What the form shows; `raw` is not empty where rows cannot say it."""

    name: str = ""
    note: str = ""
    word: str = "all"
    rows: tuple[Row, ...] = ()
    regions: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    raw: str = ""
    segment: UUID | None = None
    was: int = 0
    refused: tuple[str, str] = field(default=("", ""))


Words = Mapping[str, TagWord]
# Regions and stores, by name and by id as a text.
Named = Mapping[str, str]
NEW_TAG: Final = Row("tag", "spend_year", value="1000")
NEW_EVENT: Final = Row("event", "Order Completed", value="1")


def edited(form: SegmentForm) -> Edited:
    """Return what a form says, after its button: a row more or a row less."""
    rows = tuple(_row(form, nth) for nth in range(len(form.kind)))
    act, _, number = form.act.partition(":")
    if act == "drop" and number.isdecimal():
        rows = tuple(row for nth, row in enumerate(rows) if nth != int(number))
    if act in {"tag", "event"} and len(rows) < ROWS_MAX:
        rows = (*rows, NEW_TAG if act == "tag" else NEW_EVENT)
    return Edited(
        *(form.name, form.note, form.word, rows),
        tuple(map(str, form.regions)),
        tuple(map(str, form.stores)),
        *(form.raw.strip(), form.segment, form.was),
    )


def definition_of(shown: Edited, known: Words, ids: Named) -> dict[str, Any]:
    """Return the definition that a form says; Fault SEGMENT_SHAPE for a value that is none.

    `ids` are those of stores and regions by their names.
    """
    if shown.raw:
        try:
            return dict(json.loads(shown.raw))
        except (ValueError, TypeError, RecursionError):
            raise Fault(FaultCode.SEGMENT_SHAPE, at="JSON", wanted="{…}") from None
    scope = {"regions": list(shown.regions), "stores": list(shown.stores)}
    parts = [_plain(row, nth, known, ids) for nth, row in enumerate(shown.rows)]
    said = {name: ids for name, ids in scope.items() if ids}
    return ({"scope": said} if said else {}) | {"who": {shown.word: parts}}


def shown_of(definition: Mapping[str, Any], known: Words, names: Named) -> Edited:
    """Return a definition as rows, as JSON where rows cannot say it.

    `names` are those of stores and regions by their ids.
    """
    scope, who = definition.get("scope", {}), definition["who"]
    word = next((one for one in ("all", "any") if one in who), "")
    parts = who[word] if word else [who]
    try:
        rows = tuple(_shown(part, known, names) for part in parts)
    except LookupError:
        rows = ()
    if not rows or len(rows) > ROWS_MAX:
        return Edited(raw=json.dumps(definition, ensure_ascii=False, indent=1))
    return Edited(
        word=word or "all",
        rows=rows,
        regions=tuple(scope.get("regions", ())),
        stores=tuple(scope.get("stores", ())),
    )


def unit_of(row: Row, known: Words) -> str:
    """Return the unit of what a row compares."""
    if row.kind == "event":
        return "fen" if row.of == "fen" else "count"
    word = known.get(row.key)
    return "count" if word is None else word.unit


def _row(form: SegmentForm, nth: int) -> Row:
    def at(values: Sequence[str], otherwise: str = "") -> str:
        return values[nth] if nth < len(values) else otherwise

    picked = (one.partition(":") for one in form.picked)
    return Row(
        form.kind[nth],
        at(form.key),
        at(form.no) == "no",
        at(form.compare, ">="),
        at(form.value).strip(),
        at(form.of, "times"),
        at(form.days, "30").strip(),
        at(form.field),
        at(form.choice).strip(),
        tuple(word for number, _, word in picked if number == str(nth)),
    )


def _plain(row: Row, nth: int, known: Words, ids: Named) -> dict[str, Any]:
    made = _event(row, nth, ids) if row.kind == "event" else _tag(row, nth, known)
    return {"not": made} if row.no else made


def _tag(row: Row, nth: int, known: Words) -> dict[str, Any]:
    unit = unit_of(row, known)
    if unit == "flag":
        return {"tag": row.key, "is": "yes"}
    if unit == "word":
        return {"tag": row.key, "is": "in", "value": list(row.picked)}
    if unit == "name":
        return {"tag": row.key, "is": "in", "value": _split(row.value)}
    return {"tag": row.key, "is": row.compare, "value": _number(row.value, unit, nth)}


def _event(row: Row, nth: int, ids: Named) -> dict[str, Any]:
    days = int(row.days) if row.days.isascii() and row.days.isdecimal() else 0
    unit = "fen" if row.of == "fen" else "count"
    said: dict[str, Any] = {"event": row.key, "days": days, "is": row.compare}
    said["value"] = _number(row.value, unit, nth)
    said |= {"of": row.of} if row.of == "fen" else {}
    chosen = _split(row.choice)
    if row.field in PLACES:
        chosen = [ids.get(one, one) for one in chosen]
    return said | ({"where": {row.field: chosen}} if row.field else {})


def _number(text: str, unit: str, nth: int) -> int:
    try:
        kept = Decimal(text.replace(",", "").removeprefix("¥")) * STEPS.get(unit, 1)
        whole = int(kept)
    except (InvalidOperation, ValueError, OverflowError):
        whole, kept = -1, Decimal(0)
    if whole != kept:
        raise Fault(FaultCode.SEGMENT_SHAPE, at=f"{nth + 1}", wanted="0, 1, 2 …")
    return whole


def _split(text: str) -> list[str]:
    parts = text.replace(",", ",").replace("、", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


def _shown(part: Mapping[str, Any], known: Words, names: Named) -> Row:
    """Return a row; LookupError for what no row can say."""
    if "not" in part:
        inner = _shown(part["not"], known, names)
        if inner.no:
            raise LookupError
        return replace(inner, no=True)
    if "event" in part:
        return _shown_event(part, names)
    unit = known[part["tag"]].unit
    if part["is"] in {"no", "not in"}:
        raise LookupError
    if unit == "flag":
        return Row("tag", part["tag"])
    if unit == "word":
        return Row("tag", part["tag"], picked=tuple(part["value"]))
    if unit == "name":
        return Row("tag", part["tag"], value=", ".join(part["value"]))
    return Row("tag", part["tag"], compare=part["is"], value=_text(part["value"], unit))


def _shown_event(part: Mapping[str, Any], names: Named) -> Row:
    where = part.get("where", {})
    if len(where) > 1:
        raise LookupError
    unit = "fen" if part.get("of") == "fen" else "count"
    ((name, values),) = where.items() or [("", ())]
    said = [names.get(one, one) for one in values] if name in PLACES else values
    return Row(
        *("event", part["event"], False, part["is"], _text(part["value"], unit)),
        *(part.get("of", "times"), str(part["days"]), name, ", ".join(said)),
    )


def _text(value: int, unit: str) -> str:
    step = STEPS.get(unit, 1)
    return f"{Decimal(value) / step:f}"
