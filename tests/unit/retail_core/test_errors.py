"""The fault catalogue is whole, in both languages, and a fault keeps what it was given."""

import copy
import pickle
import re
from string import Formatter

import pytest

from retail_core.errors import Fault
from retail_core.texts.faults import FAULTS, FaultCode
from tools.fault_reference import PAGE, render

HAN = re.compile(r"[\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_code_has_an_entry() -> None:
    assert set(FAULTS) == set(FaultCode)


def test_no_number_is_used_twice() -> None:
    assert len({code.value for code in FaultCode.__members__.values()}) == len(
        FaultCode.__members__
    )


@pytest.mark.parametrize("code", FaultCode)
def test_an_entry_is_whole(code: FaultCode) -> None:
    spec = FAULTS[code]
    assert re.fullmatch(r"[A-Z]\d{3}", code.value)
    assert 400 <= spec.http_status <= 599
    assert HAN.search(spec.zh), "zh text"
    assert not HAN.search(spec.en), "en text"
    assert re.match(r"[a-z{]", spec.en), "en texts continue a sentence"
    assert not spec.en.endswith(".")
    assert not spec.zh.endswith("。")


@pytest.mark.parametrize("code", FaultCode)
def test_both_languages_have_the_same_fields(code: FaultCode) -> None:
    # A part that is words itself is told in each language: `reason_zh` beside `reason_en`.
    zh, en = placeholders(FAULTS[code].zh), placeholders(FAULTS[code].en)
    assert {one.removesuffix("_zh") for one in zh} == {one.removesuffix("_en") for one in en}


def test_a_fault_speaks_both_languages() -> None:
    fault = Fault(FaultCode.LEDGER_OVERDRAWN, free=10, wanted=25)
    assert fault.text("zh") == "积分不足:可用 10,需要 25"
    assert fault.text("en") == "not enough points: 10 free, 25 wanted"
    assert fault.text() == fault.text("zh")
    assert str(fault) == "L102 not enough points: 10 free, 25 wanted"


def test_a_missing_field_keeps_the_text_readable() -> None:
    assert Fault(FaultCode.LEDGER_OVERDRAWN, free=10).text("en") == (
        "not enough points: 10 free, ? wanted"
    )


def test_a_fault_knows_its_entry_and_its_fields() -> None:
    fault = Fault(FaultCode.WIRE_VERSION, version=9)
    assert fault.spec is FAULTS[FaultCode.WIRE_VERSION]
    assert fault.code is FaultCode.WIRE_VERSION
    assert fault.fields == {"version": 9}
    assert fault.args == (FaultCode.WIRE_VERSION, {"version": 9})


@pytest.mark.parametrize("again", [copy.copy, lambda fault: pickle.loads(pickle.dumps(fault))])  # noqa: S301 -- our own bytes
def test_a_fault_survives_a_process_border(again: object) -> None:
    assert callable(again)
    fault = again(Fault(FaultCode.SALE_QUANTITY, line=3))
    assert (fault.code, fault.fields) == (FaultCode.SALE_QUANTITY, {"line": 3})
    assert str(fault) == "P102 line 3: the quantity is not valid"


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs-reference"


def test_the_reference_page_lists_every_fault() -> None:
    page = render()
    for code, spec in FAULTS.items():
        assert f"| {code.value} |" in page
        assert spec.en.replace("|", r"\|") in page
