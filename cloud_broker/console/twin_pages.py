"""What boxes are to be like: layers, what they come to, and how boxes took them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from cloud_broker.console.command_pages import code_text
from cloud_broker.console.render import fault_text
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.console.twin_views import (
    BOXES_SHOWN,
    asked_values,
    changed_rows,
    effects,
    setting_rows,
    text_of,
    worst_first,
)
from cloud_broker.services.fleet.places import PlaceBook, at_of
from cloud_broker.services.fleet.twin import MAY_STEER, BoxTwin, Change, Preview, Spot, TwinDesk
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import (
    DEVICE_CHARS_MAX,
    OF_A_PLACE,
    PEM_CHARS_MAX,
    key_of,
    read_value,
)
from retail_core.texts.faults import FaultCode

PAGE = "/twins"
NOTE_CHARS_MAX = 200
KEYS_MAX = 256
HISTORY_SHOWN = 20


class TwinForm(BaseModel):
    """A place's form: `key` and `value` go side by side, `base` is the version looked at.

    `of`, `name` and `of_value` are one more, of a till or a counter by its name.
    """

    at: str = Field("chain", max_length=80)
    key: list[str] = Field([], max_length=KEYS_MAX)
    value: list[str] = Field([], max_length=KEYS_MAX)
    of: str = Field("", max_length=40)
    name: str = Field("", max_length=40)
    of_value: str = Field("", max_length=DEVICE_CHARS_MAX)
    note: str = Field("", max_length=NOTE_CHARS_MAX)
    base: int = 0
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page shows beside what is so: a preview, or why there is none, and what was typed."""

    at: str
    made: Preview | None = None
    refused: Fault | None = None
    note: str = ""
    entered: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, str, str] = ("", "", "")


class TwinPages:
    """One page for each place; a change is seen as what it would move before it is made."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE, self.change, methods=["POST"])
        router.add_api_route(PAGE + "/preview", self.preview, methods=["POST"])

    def page(self, request: Request, at: str = "chain") -> Response:
        """Show a place's layer, those above it, and its boxes."""
        visit = self._shell.visit(request)
        return self._shown(visit, _Shown(at))

    def preview(self, request: Request, form: Annotated[TwinForm, Form()]) -> Response:
        """Show what a change would move where; nothing is written."""
        visit = self._shell.writing_visit(request, form.csrf)
        spot = self._book(visit).spot(form.at)
        own = self._desk().layer(visit.who.tenant_id, spot)
        held = {name: text_of(one) for name, one in own.values.items()}
        pairs = [
            (name, text)
            for name, text in _pairs(form)
            if _lines(text) != _lines(held.get(name, ""))
        ]
        added = (form.of, form.name, form.of_value)
        shown = _Shown(form.at, note=form.note, entered=dict(pairs), added=added)
        try:
            pairs += _of_a_place(form)
            made = self._desk().preview(visit.who, spot, _change(pairs, form))
        except Fault as fault:
            if fault.spec.category != "input":
                raise
            return self._shown(visit, replace(shown, refused=fault))
        return self._shown(visit, replace(shown, made=made))

    def change(self, request: Request, form: Annotated[TwinForm, Form()]) -> Response:
        """Make a change that was looked at."""
        visit = self._shell.writing_visit(request, form.csrf)
        spot = self._book(visit).spot(form.at)

        def act() -> Said:
            after = self._desk().change(visit.who, spot, _change(_pairs(form), form))
            return Said(texts(visit.language)("twins.changed", version=after.version))

        return self._shell.told(visit, f"{PAGE}?at={at_of(spot)}", act)

    def _desk(self) -> TwinDesk:
        return self._shell.deps.fleet.twins

    def _book(self, visit: Visit) -> PlaceBook:
        return self._shell.deps.fleet.places(visit.who.tenant_id)

    def _shown(self, visit: Visit, shown: _Shown) -> Response:
        desk, tenant, book = self._desk(), visit.who.tenant_id, self._book(visit)
        spot = book.spot(shown.at)
        above = book.above(spot)
        layers = [desk.layer(tenant, one) for one in above]
        boxes = worst_first(desk.boxes(tenant, spot))
        keys = {(one.scope, one.place) for one in above}
        changes = [row for row in desk.history(tenant) if (row.layer.scope, row.place) in keys]
        return self._shell.page(
            visit,
            "twins.html",
            spot=spot,
            at=at_of(spot),
            book=book,
            trail=[
                (one, at_of(one), book.name(one), layer)
                for one, layer in zip(above, layers, strict=True)
            ],
            below=_below(book, spot),
            layer=layers[-1],
            rows=setting_rows(layers),
            boxes=boxes[:BOXES_SHOWN],
            counted=_counted(boxes),
            changes=changed_rows(changes, book)[:HISTORY_SHOWN],
            made=shown.made,
            effects=() if shown.made is None else effects(shown.made),
            asked=() if shown.made is None else asked_values(shown.made),
            refused=None if shown.refused is None else fault_text(shown.refused, visit.language),
            note=shown.note,
            entered=shown.entered,
            added=shown.added,
            families=tuple(OF_A_PLACE),
            may_act=visit.who.role in MAY_STEER,
            text_of=text_of,
            code_text=lambda code, **fields: code_text(code, visit, **fields),
        )


def _counted(boxes: Sequence[BoxTwin]) -> dict[str, int]:
    silent = sum(one.told is None for one in boxes)
    apart = sum(bool(one.apart) and one.told is not None for one in boxes)
    return {"silent": silent, "apart": apart, "alike": len(boxes) - silent - apart}


def _below(book: PlaceBook, spot: Spot) -> list[tuple[str, str]]:
    """Return the places one step down, as (address, name)."""
    inside = [one for one in book.boxes if one.place(spot.scope) == spot.place]
    if spot.scope == "chain":
        found = [Spot("region", one) for one in book.regions]
    elif spot.scope == "region":
        found = [Spot("store", one) for one in dict.fromkeys(each.store for each in inside)]
    elif spot.scope == "store":
        found = [Spot("device", one.device) for one in inside]
    else:
        found = []
    return sorted(((at_of(one), book.name(one)) for one in found), key=lambda one: one[1])


def _pairs(form: TwinForm) -> list[tuple[str, str]]:
    keys, values = form.key, form.value
    if len(keys) != len(values) or any(len(one) > PEM_CHARS_MAX for one in (*keys, *values)):
        raise Fault(FaultCode.API_BODY_INVALID, detail="key, value")
    return [(one.strip(), each) for one, each in zip(keys, values, strict=True)]


def _of_a_place(form: TwinForm) -> list[tuple[str, str]]:
    """Return what is asked of a till or a counter, where its row was filled."""
    return [(key_of(form.of, form.name), form.of_value)] if form.name.strip() else []


def _change(pairs: list[tuple[str, str]], form: TwinForm) -> Change:
    """Return the change of a form: an empty value says nothing here any more."""
    put = {key: read_value(key, _lines(text)) for key, text in pairs if text.strip()}
    drop = frozenset(key for key, text in pairs if not text.strip())
    return Change(put, drop, form.note, form.base)


def _lines(text: str) -> str:
    """Undo what a browser does to the ends of lines."""
    return text.replace("\r\n", "\n").strip()
