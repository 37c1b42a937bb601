"""The example files with something changed: priced, or refused with a code; never anything else."""

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rules.bundle import RuleBundle, parse_bundle
from retail_core.pricing.rules.files import AskedBasket, read_basket, read_member
from retail_core.texts.faults import FaultCode
from tools.pricing_schemas import FOLDER

EXAMPLES = Path("device_configs/examples")
MUTANTS = int(os.environ.get("MUTANTS", "100"))
FILES: dict[str, Any] = {
    name: json.loads((EXAMPLES / f"{name}.json").read_bytes())
    for name in ("bundle", "basket", "member")
}
SCHEMAS = {
    name: jsonschema_rs.Draft202012Validator(
        json.loads((FOLDER / f"{name}.schema.json").read_bytes())
    )
    for name in FILES
}
REFUSALS = {
    FaultCode.OFFER_INVALID,
    FaultCode.BUNDLE_FORMAT,
    FaultCode.BUNDLE_NOT_YET,
    FaultCode.PRICING_FILE_INVALID,
    FaultCode.SALE_EMPTY,
    FaultCode.SALE_LINES,
    FaultCode.SALE_QUANTITY,
    FaultCode.SALE_AMOUNT_NEGATIVE,
    FaultCode.SALE_AMOUNT_TOO_LARGE,
}
NUMBERS = (None, True, 0, 1, -1, 2, 999, 1000, 10**9, 10**11, 10**30, 0.5)
TEXTS = ("", "x", "gold", "护肤", "24:00", "2026-08-01T00:00:00")
odd_values = st.sampled_from((*NUMBERS, *TEXTS, [], ["x"], {}, {"x": 1})).map(deepcopy)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, entry in inner:
        found.append((*path, key))
        if isinstance(entry, dict | list):
            found += places(entry, (*path, key))
    return found


@st.composite
def mutants(draw: st.DrawFn, name: str) -> Any:
    whole = deepcopy(FILES[name])
    for _ in range(draw(st.integers(1, 2))):
        found = places(whole)
        *path, key = draw(st.sampled_from(found))
        part = whole
        for step in path:
            part = part[step]
        match draw(st.sampled_from(["drop", "change", "add", "twice"])):
            case "drop":
                del part[key]
            case "change":
                part[key] = draw(odd_values)
            case "add" if isinstance(part, dict):
                _, *_, other = draw(st.sampled_from([(None, *place) for place in found]))
                part[str(other)] = draw(odd_values)
            case _ if isinstance(part, list):
                part.append(deepcopy(part[key]))
            case _:
                part[key] = draw(odd_values)
    return whole


def outcome(bundle: Any, basket: Any, member: Any) -> FaultCode | None:
    try:
        rules = parse_bundle(json.dumps(bundle).encode())
        asked = read_basket(json.dumps(basket).encode())
        her = read_member(json.dumps(member).encode())
        check_price(rules, asked, her)
    except Fault as fault:
        assert fault.text("zh")  # noqa: PT017 - what is refused is said
        return fault.code
    return None


def check_price(rules: RuleBundle, asked: AskedBasket, her: Any) -> None:
    priced = price_basket(
        asked.basket, rules, her, store=asked.store, points_wanted=asked.points_wanted
    )
    assert 0 <= priced.due_fen <= priced.total_fen <= priced.shelf_fen
    assert sum(line.net_fen for line in priced.lines) == priced.total_fen
    assert all(0 <= line.net_fen <= line.shelf_fen for line in priced.lines)


@settings(max_examples=MUTANTS, deadline=None)
@given(mutants("bundle"))
def test_a_changed_bundle_prices_or_is_refused(bundle: Any) -> None:
    code = outcome(bundle, FILES["basket"], FILES["member"])
    assert code is None or code in REFUSALS
    if code is None:
        SCHEMAS["bundle"].validate(bundle)


@settings(max_examples=MUTANTS, deadline=None)
@given(mutants("basket"), mutants("member"))
def test_a_changed_basket_prices_or_is_refused(basket: Any, member: Any) -> None:
    code = outcome(FILES["bundle"], basket, member)
    assert code is None or code in REFUSALS
    if code is None:
        SCHEMAS["basket"].validate(basket)
        SCHEMAS["member"].validate(member)
