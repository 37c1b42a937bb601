"""What the page of settings shows, as values: layers and boxes in, rows out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cloud_broker.console.texts import Texts
from cloud_broker.ports.twins import PlacedLayer
from cloud_broker.services.fleet.places import PlaceBook
from cloud_broker.services.fleet.twin import BoxTwin, Preview, Spot
from retail_core.fleet.twin import NOTHING, Desired, Layer, Values, resolved
from retail_core.fleet.twin_settings import (
    SETTINGS,
    Setting,
    Value,
    found_setting,
    placed,
    setting,
)

BOXES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A key at a place: what this place says itself, and what is wanted here by all layers."""

    key: str
    setting: Setting
    own: Value | None
    wanted: Desired | None


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A change of a layer: the keys it said otherwise, as (key, before, after)."""

    spot: Spot
    name: str
    layer: Layer
    keys: tuple[tuple[str, Value | None, Value | None], ...]


@dataclass(frozen=True, slots=True)
class KeyEffect:
    """What a change does to one key: how many boxes go from one value to which."""

    key: str
    setting: Setting
    ways: tuple[tuple[Value | None, Value | None, int], ...]
    stays: int


def setting_rows(layers: Sequence[Layer]) -> tuple[SettingRow, ...]:
    """Return every key there is; `layers` go from the chain down to the place itself.

    Of tills and counters those are shown that some layer speaks of.
    """
    wanted = resolved({one.scope: one.values for one in layers})
    own = layers[-1].values
    keys = {key: found_setting(key) for key in (*SETTINGS, *sorted(wanted))}
    return tuple(
        SettingRow(key, found, own.get(key), wanted.get(key))
        for key, found in keys.items()
        if found is not None
    )


def setting_words(words: Texts, key: str) -> str:
    """Return what people call a key, with the till or counter it is of; else the key."""
    apart = placed(key)
    said = words.or_else(f"setting.{apart.family}", key)
    return f"{apart.name} · {said}" if apart.of and said != key else said


def changed_rows(history: Sequence[PlacedLayer], book: PlaceBook) -> tuple[ChangedRow, ...]:
    """Return changes, newest first, each beside the state before it of the same place."""
    found: list[ChangedRow] = []
    for number, one in enumerate(history):
        spot = Spot(one.layer.scope, one.place)
        older = (each.layer for each in history[number + 1 :] if each.place == one.place)
        before = next(older, None)
        keys = _apart(NOTHING if before is None else before.values, one.layer.values)
        found.append(ChangedRow(spot, book.name(spot), one.layer, keys))
    return tuple(found)


def effects(made: Preview) -> tuple[KeyEffect, ...]:
    """Return what a change does, key by key; a box that a nearer layer speaks for stays."""
    asked = [key for key, _, _ in _apart(made.before.values, made.values)]
    moved: dict[str, Counter[tuple[Value | None, Value | None]]] = {key: Counter() for key in asked}
    for box in made.boxes:
        for move in box.moves:
            moved[move.key][_value(move.before), _value(move.after)] += 1
    return tuple(
        KeyEffect(
            key,
            setting(key),
            tuple((*way, boxes) for way, boxes in moved[key].most_common()),
            len(made.boxes) - moved[key].total(),
        )
        for key in asked
    )


def worst_first(boxes: Iterable[BoxTwin]) -> list[BoxTwin]:
    """Return boxes that are not as wanted before the others."""
    return sorted(boxes, key=lambda one: (not one.apart, one.told is not None))


def asked_values(made: Preview) -> tuple[tuple[str, str], ...]:
    """Return a change as its form sends it: a key with its text, an empty one drops it."""
    return tuple(
        (key, "" if after is None else text_of(after))
        for key, _, after in _apart(made.before.values, made.values)
    )


def text_of(value: Value) -> str:
    """Return a value as a form has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _apart(
    before: Values, after: Mapping[str, Value]
) -> tuple[tuple[str, Value | None, Value | None], ...]:
    return tuple(
        (key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )


def _value(wanted: Desired | None) -> Value | None:
    return None if wanted is None else wanted.value
