"""The schemas of the pricing files are current, and hold for what ships and what is answered."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from retail_core.errors import Fault
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.document import encode_result
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.files import read_basket, read_member
from tools.pricing_schemas import FILES, FOLDER, render

EXAMPLES = Path("device_configs/examples")


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema)


@pytest.mark.parametrize("name", FILES)
def test_the_schemas_are_current(name: str) -> None:
    text = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    assert text == render(name), "run make docs-reference"
    jsonschema_rs.meta.validate(json.loads(text))


@pytest.mark.parametrize("name", ["bundle", "basket", "member"])
def test_the_examples_fit_their_schemas(name: str) -> None:
    validator(name).validate(json.loads((EXAMPLES / f"{name}.json").read_bytes()))


def test_an_answer_fits_its_schema() -> None:
    rules = parse_bundle((EXAMPLES / "bundle.json").read_bytes())
    asked = read_basket((EXAMPLES / "basket.json").read_bytes())
    member = read_member((EXAMPLES / "member.json").read_bytes())
    priced = price_basket(
        asked.basket, rules, member, store=asked.store, points_wanted=asked.points_wanted
    )
    assert priced.coupon is not None
    assert priced.points is not None
    assert priced.gifts
    validator("priced").validate(json.loads(encode_result(priced)))


TIER = {"kind": "tier_price", "id": "t", "name": "n", "permille": 900}
SLOT = {"weekday": 0, "start": "08:00", "end": "10:00"}
GIFT = {"id": "g", "name": "n", "sku": "S"}
PART = {"items": {"tags": ["a"]}}
REFUSED: list[dict[str, Any]] = [
    {},
    {"version": 0},
    {"version": 1, "format": 2},
    {"version": 1, "surprise": 1},
    {"version": 1, "valid_from": "2026-08-01"},
    {"version": 1, "offers": [TIER | {"permille": 1000}]},
    {"version": 1, "offers": [TIER | {"fen_off": 1}]},
    {"version": 1, "offers": [TIER | {"permille": None}]},
    {"version": 1, "offers": [TIER | {"kind": "tag_price"}]},
    {"version": 1, "offers": [TIER | {"kind": "tag_price", "member_tags": []}]},
    {"version": 1, "offers": [TIER | {"kind": "time_slot_price"}]},
    {"version": 1, "offers": [TIER | {"kind": "time_slot_price", "slots": []}]},
    {
        "version": 1,
        "offers": [TIER | {"kind": "time_slot_price", "slots": [SLOT], "when": {"slots": [SLOT]}}],
    },
    {"version": 1, "offers": [TIER | {"kind": "slot_bundle", "slots": [PART]}]},
    {
        "version": 1,
        "offers": [TIER | PART | {"kind": "slot_bundle", "slots": [PART, PART]}],
    },
    {
        "version": 1,
        "offers": [
            {"kind": "price_list", "id": "l", "name": "n", "prices": {"A": 1}}
            | {"items": {"skus": ["A"]}}
        ],
    },
    {
        "version": 1,
        "coupons": [{"kind": "threshold", "id": "c", "name": "n", "fen_off": 1, "repeat": True}],
    },
    {"version": 1, "gifts": [GIFT]},
    {"version": 1, "gifts": [GIFT | {"need": 1, "threshold_fen": 1}]},
    {"version": 1, "gifts": [GIFT | {"need": 1, "campaign": "k"}]},
    {"version": 1, "restrictions": [{"off": ["t"]}]},
    {"version": 1, "restrictions": [{"stores": ["S"]}]},
]


@pytest.mark.parametrize("bundle", REFUSED, ids=range(len(REFUSED)))
def test_what_the_schema_can_say_is_refused_by_both(bundle: dict[str, Any]) -> None:
    assert not validator("bundle").is_valid(bundle)
    with pytest.raises(Fault):
        parse_bundle(json.dumps(bundle).encode())


ACCEPTED: list[dict[str, Any]] = [
    {"version": 1},
    {"version": 1, "valid_from": "2026-08-01T00:00:00", "earn": None},
    {"version": 1, "offers": [TIER | {"fen_off": None, "items": {"skus": ["A", "A"]}}]},
    {"version": 1, "offers": [TIER | {"kind": "slot_bundle", "slots": [PART, PART], "items": {}}]},
    {"version": 1, "gifts": [GIFT | {"kind": "gift", "need": 1, "threshold_fen": 0}]},
    {"version": 1, "gifts": [GIFT | {"need": 1, "repeat": True, "campaign": ""}]},
]


@pytest.mark.parametrize("bundle", ACCEPTED, ids=range(len(ACCEPTED)))
def test_what_is_read_is_not_refused_by_the_schema(bundle: dict[str, Any]) -> None:
    parse_bundle(json.dumps(bundle).encode())
    validator("bundle").validate(bundle)
