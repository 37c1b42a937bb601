"""Forms of rules: out of JSON, back into it, and what is wrong at its field."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloud_broker.console.rule_forms import FORMS, fields_of, filled, shown
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.texts.faults import FaultCode
from tests.factories.bundle_content import MIX, SLOT, TIER

EXAMPLE = Path(__file__).parents[3] / "device_configs" / "examples" / "bundle.json"
RULES = [
    (rule.get("kind", "gift"), rule)
    for group in ("offers", "coupons", "gifts")
    for rule in json.loads(EXAMPLE.read_text(encoding="utf-8")).get(group, ())
    if rule.get("kind", "gift") in FORMS
]


@pytest.mark.parametrize(("kind", "rule"), RULES, ids=[rule["id"] for _, rule in RULES])
def test_a_rule_comes_out_of_its_form_as_it_went_in(kind: str, rule: dict[str, Any]) -> None:
    assert filled(kind, rule, shown(kind, rule)) == rule


def test_every_kind_of_the_example_with_a_form_is_there() -> None:
    assert {kind for kind, _ in RULES} == set(FORMS)


def test_what_is_typed_becomes_json_that_a_bundle_takes() -> None:
    given = {
        "id": ["early"],
        "name": [" 早市 "],
        "permille": ["88.5%"],
        "slots": ["08:00", "10:00", "0", "6"],
        "items.categories": ["护肤、洗护,护肤\n彩妆"],
        "tiers": ["gold"],
        "when.members_only": ["yes"],
        "when.valid_from": ["2026-07-01T08:30"],
        "caps.per_receipt": ["2"],
        "caps.per_member": [""],
    }
    rule = filled("time_slot_price", {}, given)
    assert rule == {
        "kind": "time_slot_price",
        "id": "early",
        "name": "早市",
        "permille": 885,
        "slots": [{"weekday": day, "start": "08:00", "end": "10:00"} for day in (0, 6)],
        "items": {"categories": ["护肤", "洗护", "彩妆"]},
        "tiers": ["gold"],
        "when": {"members_only": True, "valid_from": "2026-07-01T08:30:00"},
        "caps": {"per_receipt": 2},
    }
    whole = {"version": 1, "tier_names": {"gold": "金卡"}, "offers": [rule]}
    parse_bundle(json.dumps(whole).encode())


def test_what_is_emptied_goes_and_what_the_form_does_not_show_stays() -> None:
    before = TIER | {"priority": 3, "when": {"stores": ["甲"], "groups": ["员工"]}}
    given = shown("tier_price", before) | {"when.stores": [""], "permille": [""], "fen_off": ["1"]}
    after = filled("tier_price", before, {name: g for name, g in given.items() if name != "tiers"})
    assert after["when"] == {"groups": ["员工"]}
    assert after["priority"] == 3
    assert after["fen_off"] == 100
    assert "permille" not in after
    assert "tiers" not in after
    assert before["when"] == {"stores": ["甲"], "groups": ["员工"]}


def test_hours_that_differ_from_day_to_day_are_left_alone() -> None:
    slots = [*SLOT["slots"], {"weekday": 1, "start": "09:00", "end": "11:00"}]  # type: ignore[misc]  # a list
    before = SLOT | {"slots": slots}
    assert shown("time_slot_price", before)["slots"] == []
    assert filled("time_slot_price", before, {"slots": ["", ""]}) == before


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("mix_and_match", "need", "two"),
        ("mix_and_match", "need", ""),
        ("mix_and_match", "need", "9999999999"),
        ("mix_and_match", "name", " "),
        ("set_price", "price_fen", "9.999"),
        ("set_price", "price_fen", "-1"),
        ("set_percent", "permille", "850"),
        ("set_percent", "permille", "8.55"),
        ("set_percent", "permille", "x"),
        ("time_slot_price", "slots", "08:00"),
    ],
)
def test_a_field_that_is_wrong_is_named(kind: str, field: str, value: str) -> None:
    given = {"id": ["x"], "name": ["n"], "need": ["2"], "permille": ["90"], "price_fen": ["1"]}
    with pytest.raises(Fault) as caught:
        filled(kind, {}, given | {field: [value]})
    assert caught.value.code is FaultCode.RULES_FORM_WRONG
    assert caught.value.fields["field"] == field
    assert str(caught.value.fields["reason"]) in caught.value.text("en")


def test_no_field_stands_twice_in_a_form() -> None:
    for kind in FORMS:
        paths = [field.path for field in fields_of(kind)]
        assert len(paths) == len(set(paths))
    assert shown("mix_and_match", MIX)["need"] == ["3"]
