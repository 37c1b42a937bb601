"""The forms of the common kinds of rules: their fields, out of JSON and back into it."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from retail_core.errors import Fault
from retail_core.money import format_yuan, parse_yuan, to_narrow
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

Type = Literal["text", "yuan", "percent", "count", "names", "tiers", "moment", "yes", "hours"]
Plain = dict[str, Any]
DAYS = tuple(str(day) for day in range(7))
COUNT_MAX = 1_000_000_000
# A browser says nothing of a box that is not ticked.
_BOXES: frozenset[Type] = frozenset({"yes", "tiers", "hours"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field: where it stands in a rule's JSON, and how it is written."""

    path: str
    type: Type
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of rule: the list it stands in, and the fields that it alone has."""

    group: str
    own: tuple[Field, ...]


_REBATE = (Field("permille", "percent"), Field("fen_off", "yuan"), Field("price_fen", "yuan"))
_NEED = Field("need", "count", required=True)
_SHARE = Field("permille", "percent", required=True)
_LESS = Field("fen_off", "yuan", required=True)
_COUPON = (Field("threshold_fen", "yuan"), Field("automatic", "yes"))
FORMS: Mapping[str, Form] = {
    "tier_price": Form("offers", _REBATE),
    "time_slot_price": Form("offers", (*_REBATE, Field("slots", "hours", required=True))),
    "mix_and_match": Form("offers", (_NEED, Field("free", "count"), Field("permille", "percent"))),
    "set_price": Form("offers", (_NEED, Field("price_fen", "yuan", required=True))),
    "set_percent": Form("offers", (_NEED, _SHARE)),
    "set_amount": Form("offers", (_NEED, _LESS)),
    "threshold": Form("coupons", (_LESS, *_COUPON, Field("repeat", "yes"))),
    "percent": Form("coupons", (_SHARE, *_COUPON, Field("max_off_fen", "yuan"))),
    "gift": Form(
        "gifts",
        (
            Field("sku", "text", required=True),
            Field("units", "count"),
            Field("need", "count"),
            Field("threshold_fen", "yuan"),
            Field("repeat", "yes"),
        ),
    ),
}
HEAD = (
    Field("id", "text", required=True),
    Field("name", "text", required=True),
    Field("name_en", "text"),
)
ITEMS = tuple(Field(f"items.{name}", "names") for name in ("categories", "brands", "tags", "skus"))
WHO = (Field("tiers", "tiers"), Field("when.members_only", "yes"))
WHEN = (Field("when.valid_from", "moment"), Field("when.valid_until", "moment"))
WHERE = (Field("when.stores", "names"), Field("when.regions", "names"))
CAPS = tuple(
    Field(f"caps.{name}", "count")
    for name in ("per_receipt", "per_member", "per_member_day", "per_store_day")
)
SECTIONS = (("items", ITEMS), ("who", WHO), ("when", WHEN), ("where", WHERE), ("caps", CAPS))


def fields_of(kind: str) -> tuple[Field, ...]:
    """Return every field of a kind's form."""
    return (*HEAD, *FORMS[kind].own, *(one for _, some in SECTIONS for one in some))


# ---- out of JSON --------------------------------------------------------------------------------


def shown(kind: str, rule: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the form's fields show of a rule."""
    return {field.path: _SHOWN[field.type](_get(rule, field.path)) for field in fields_of(kind)}


def _get(rule: Mapping[str, Any], path: str) -> Any:
    found: Any = rule
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _text(value: Any) -> list[str]:
    return [] if value is None else [str(value)]


def _yuan(value: Any) -> list[str]:
    return [format_yuan(value).lstrip("¥").replace(",", "")] if isinstance(value, int) else []


def _percent(value: Any) -> list[str]:
    if not isinstance(value, int):
        return []
    return [f"{value // 10}.{value % 10}" if value % 10 else str(value // 10)]


def _names(value: Any) -> list[str]:
    return [", ".join(map(str, value))] if isinstance(value, list) and value else []


def _yes(value: Any) -> list[str]:
    return ["yes"] if value else []


def _tiers(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _moment(value: Any) -> list[str]:
    return [str(value)[:16]] if value else []


def _hours(value: Any) -> list[str]:
    """Return start, end and days, when all days have the same hours; nothing otherwise."""
    slots = value if isinstance(value, list) else []
    spans = {(str(one.get("start")), str(one.get("end"))) for one in slots}
    if len(spans) != 1:
        return []
    return [*spans.pop(), *(str(one.get("weekday")) for one in slots)]


_SHOWN: Mapping[Type, Callable[[Any], list[str]]] = {
    "text": _text,
    "count": _text,
    "yuan": _yuan,
    "percent": _percent,
    "names": _names,
    "tiers": _tiers,
    "moment": _moment,
    "yes": _yes,
    "hours": _hours,
}


# ---- back into JSON -----------------------------------------------------------------------------


def filled(kind: str, before: Mapping[str, Any], given: Mapping[str, list[str]]) -> Plain:
    """Return a rule as a form says it; what the form does not show stays as it was.

    Fault RULES_FORM_WRONG names the field by its path.
    """
    rule: Plain = {"kind": kind, **deepcopy(dict(before))}
    if kind == "gift" and "kind" not in before:
        rule.pop("kind")
    for field in fields_of(kind):
        if field.path not in given and field.type not in _BOXES:
            continue
        value = _READ[field.type](field, [one.strip() for one in given.get(field.path, [])])
        if value is None and field.required:
            if field.type == "hours" and _get(rule, field.path):
                continue  # hours that differ from day to day are changed in the JSON
            raise wrong(field, "needed", "要填")
        _put(rule, field.path, value)
    return rule


def wrong(field: Field, en: str, zh: str) -> Fault:
    """Return what is said of a field."""
    return Fault(FaultCode.RULES_FORM_WRONG, field=field.path, reason=Words(en, zh))


def _put(rule: Plain, path: str, value: Any) -> None:
    *outer, last = path.split(".")
    inside = rule
    for name in outer:
        inside = inside.setdefault(name, {})
    if value is None:
        inside.pop(last, None)
        if outer and not inside:
            _put(rule, ".".join(outer), None)
    else:
        inside[last] = value


def _read_text(_field: Field, given: list[str]) -> str | None:
    return given[0] if given and given[0] else None


def _read_count(field: Field, given: list[str]) -> int | None:
    if not given or not given[0]:
        return None
    text = to_narrow(given[0])
    if not (text.isascii() and text.isdigit() and int(text) <= COUNT_MAX):
        raise wrong(field, "a whole number", "请写整数")
    return int(text)


def _read_yuan(field: Field, given: list[str]) -> int | None:
    if not given or not given[0]:
        return None
    try:
        fen = parse_yuan(given[0])
    except ValueError:
        fen = -1
    if fen < 0:
        raise wrong(field, "yuan, as 9.90", "请写元,如 9.90")
    return fen


def _read_percent(field: Field, given: list[str]) -> int | None:
    if not given or not given[0]:
        return None
    whole, point, rest = to_narrow(given[0]).removesuffix("%").strip().partition(".")
    digits = whole + (rest if point else "0")
    if not (digits.isascii() and digits.isdigit()) or len(rest or "0") != 1 or int(digits) > 1000:  # noqa: PLR2004 - thousandths
        raise wrong(
            field, "percent of the price, as 95 or 98.5", "请写原价的百分之几,如 95 或 98.5"
        )
    return int(digits)


def _read_names(_field: Field, given: list[str]) -> list[str] | None:
    text = to_narrow(given[0] if given else "").replace("、", ",").replace("\n", ",")
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    return names or None


def _read_tiers(_field: Field, given: list[str]) -> list[str] | None:
    return [one for one in given if one] or None


def _read_moment(_field: Field, given: list[str]) -> str | None:
    if not given or not given[0]:
        return None
    return f"{given[0]}:00" if given[0].count(":") == 1 else given[0]


def _read_yes(_field: Field, given: list[str]) -> bool | None:
    return True if "yes" in given else None


def _read_hours(_field: Field, given: list[str]) -> list[Plain] | None:
    start, end, *days = [*given, "", ""] if len(given) < 2 else given  # noqa: PLR2004 - a span
    chosen = [day for day in days if day in DAYS]
    if not start or not end or not chosen:
        return None
    return [{"weekday": int(day), "start": start, "end": end} for day in chosen]


_READ: Mapping[Type, Callable[[Field, list[str]], Any]] = {
    "text": _read_text,
    "count": _read_count,
    "yuan": _read_yuan,
    "percent": _read_percent,
    "names": _read_names,
    "tiers": _read_tiers,
    "moment": _read_moment,
    "yes": _read_yes,
    "hours": _read_hours,
}
