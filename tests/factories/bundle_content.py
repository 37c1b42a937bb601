"""Bundles as they come in JSON, and how one is refused."""

import json
from typing import Any

import pytest

from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

TIER = {"kind": "tier_price", "id": "t", "name": "金卡95折", "tiers": ["gold"], "permille": 950}
SLOT = {
    "kind": "time_slot_price",
    "id": "s",
    "name": "早市9折",
    "permille": 900,
    "slots": [{"weekday": 0, "start": "08:00", "end": "10:00"}],
}
MIX = {"kind": "mix_and_match", "id": "m", "name": "3付2", "need": 3, "free": 1}
SET = {"kind": "set_price", "id": "p", "name": "2件99元", "need": 2, "price_fen": 9900}


def content(*offers: dict[str, Any], **fields: Any) -> bytes:
    """A bundle of these offers, with two tiers."""
    whole = {"version": 3, "tier_names": {"standard": "普通", "gold": "金卡"}, "offers": offers}
    return json.dumps(whole | fields).encode()


def refusal(raw: bytes) -> tuple[Any, str]:
    """Which rule is refused, and why; the reason stands in both texts."""
    with pytest.raises(Fault) as refused:
        parse_bundle(raw)
    assert refused.value.code == FaultCode.OFFER_INVALID
    assert refused.value.fields.keys() == {"offer", "field", "reason"}
    reason = refused.value.fields["reason"]
    assert isinstance(reason, Words)
    assert reason.zh in refused.value.text("zh")
    assert reason in refused.value.text("en")
    return refused.value.fields["offer"], str(reason)
