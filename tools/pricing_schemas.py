"""Write `docs/reference/schemas/`: what the files of a pricing may hold, from the structs.

What one field may hold comes from the structs themselves; what several fields may not be together
is added here as far as a schema can say it. The rest (names that must exist, hours that overlap) is
checked when a file is read.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

import msgspec

from retail_core.pricing.proof.document import Certificate, Result
from retail_core.pricing.rules.files import BasketFile, MemberFile
from retail_core.pricing.rules.ruleset import RuleBundle

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILES: dict[str, tuple[type, str]] = {
    "bundle": (RuleBundle, "优惠规则包 · A rule bundle (docs/reference/offers.md)"),
    "basket": (
        BasketFile,
        "待定价的篮子 · A basket to be priced (docs/reference/pricing-files.md)",
    ),
    "member": (MemberFile, "会员 · A member (docs/reference/pricing-files.md)"),
    "certificate": (
        Certificate,
        "价格凭证 · A price certificate (docs/reference/certificate.md)",
    ),
    "priced": (Result, "定价结果 · A priced basket (docs/reference/pricing-files.md)"),
}

Schema = dict[str, Any]


def render(name: str) -> str:
    """Return one schema as it stands in its file."""
    kind, title = FILES[name]
    (top,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for part, rules in (TOGETHER if name == "bundle" else {}).items():
        parts[part] = parts[part] | rules
    if name == "bundle":
        parts["Gift"]["required"].remove("kind")  # there is one kind only; it may be left out
    whole = {
        "$schema": DIALECT,
        "$id": f"urn:regulars:schema:{name}:1",
        "title": title,
        **top,
        "$defs": _tidy(dict(sorted(parts.items()))),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _tidy(value: Any) -> Any:
    """Straighten texts; a name that stands twice in a list is no mistake when it is read."""
    if isinstance(value, list):
        return [_tidy(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _tidy(entry) for key, entry in value.items() if key != "uniqueItems"}
    return inspect.cleandoc(value) if isinstance(value, str) else value


def _given(field: str, rule: Schema) -> Schema:
    return {"required": [field], "properties": {field: rule}}


def _number(field: str, least: int = 0) -> Schema:
    return _given(field, {"type": "integer", "minimum": least})


def _filled(field: str) -> Schema:
    return _given(field, {"minItems": 1})


def _names_nothing(field: str) -> Schema:
    return {field: {"properties": {name: {"maxItems": 0} for name in _SELECTOR}}}


_SELECTOR = ("skus", "categories", "brands", "tags")
_ONE_WAY: Schema = {"oneOf": [_number("permille"), _number("fen_off"), _number("price_fen")]}
TOGETHER: dict[str, Schema] = {
    "TierPrice": _ONE_WAY,
    "TagPrice": {"allOf": [_ONE_WAY, _filled("member_tags")]},
    "TimeSlotPrice": {
        "allOf": [
            _ONE_WAY,
            {"properties": {"when": {"properties": {"slots": {"maxItems": 0}}}}},
        ]
    },
    "SlotBundle": {"allOf": [_ONE_WAY, {"properties": _names_nothing("items")}]},
    "PriceList": {"allOf": [{"properties": _names_nothing("items")}]},
    "ThresholdCoupon": {
        "if": _given("repeat", {"const": True}),
        "then": _number("threshold_fen", 1),
    },
    "Gift": {
        "oneOf": [_number("need", 1), _number("threshold_fen", 1)],
        "allOf": [
            {"properties": {"exclusive": {"maxLength": 0}, "campaign": {"maxLength": 0}}},
        ],
    },
    "Restriction": {
        "allOf": [
            {"anyOf": [_filled("stores"), _filled("regions")]},
            {
                "anyOf": [
                    _filled("off"),
                    {
                        "required": ["per_receipt"],
                        "properties": {"per_receipt": {"minProperties": 1}},
                    },
                    {"required": ["points_off"], "properties": {"points_off": {"const": True}}},
                ]
            },
        ]
    },
}


def main() -> int:
    """Write all schemas."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        path = FOLDER / f"{name}.schema.json"
        path.write_text(render(name), encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
