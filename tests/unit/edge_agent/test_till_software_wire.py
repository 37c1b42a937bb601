"""The recorded exchanges with tills' own software, written from what their makers publish."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.member_view import MemberView
from edge_agent.drivers.till_software import pospal
from edge_agent.drivers.till_software.pospal import PospalKeys, Request
from edge_agent.drivers.till_software.pospal_client import PospalAccount
from edge_agent.drivers.till_software.ruipos import RuiposDesk
from retail_core.errors import Fault
from retail_core.limits import SOFTWARE_ANSWERS_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "till_software"
POSPAL = json.loads((GOLDEN / "pospal.json").read_text(encoding="utf-8"))
RUIPOS = json.loads((GOLDEN / "ruipos.json").read_text(encoding="utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
LI = MemberView(UUID(int=1), 4, "李敏", "gold", (), 300, 0, 20, "138****8000", UUID(int=2), None, 0)


def account(exchange: dict[str, Any]) -> PospalAccount:
    def answer(request: Request) -> tuple[int, bytes]:
        asked = exchange["request"]
        assert request.path == asked["path"]
        assert dict(request.headers) == asked["headers"]
        assert json.loads(request.body) == asked["body"]
        return exchange["status"], json.dumps(exchange["answer"]).encode()

    keys = PospalKeys(POSPAL["app_id"], POSPAL["app_key"])
    return PospalAccount(keys, answer, FakeClock(POSPAL["at_ms"]), SHANGHAI)


def done(exchange: dict[str, Any]) -> object:
    """Make the call an exchange is about; return what came of it."""
    asked, called = exchange["request"]["body"], account(exchange)
    if "customerTel" in asked:
        return called.find(asked["customerTel"])
    customer = str(asked["customerUid"])
    if "pointIncrement" in asked:
        called.add(customer, asked["pointIncrement"], POSPAL["at_ms"])
        return None
    reading = called.read(customer)
    return reading.points_milli, reading.total_milli


@pytest.mark.parametrize("exchange", POSPAL["exchanges"], ids=lambda one: str(one["name"]))
def test_pospal_as_recorded(exchange: dict[str, Any]) -> None:
    if "fault" in exchange:
        with pytest.raises(Fault) as fault:
            done(exchange)
        assert fault.value.code.value == exchange["fault"]
        return
    wanted = exchange.get("found")
    if "points_milli" in exchange:
        wanted = (exchange["points_milli"], exchange["total_milli"])
    assert done(exchange) == wanted


@pytest.mark.parametrize("point", [b"1e999990", b"1e999999", b'"-1e999999"', b'"NaN"', b"0.0001"])
def test_a_number_no_customer_has_is_doubted_at_once(point: bytes) -> None:
    with pytest.raises(Fault) as fault:
        pospal.reading_of(b'{"status":"success","data":{"point":' + point + b"}}")
    assert fault.value.code is FaultCode.SOFTWARE_OUTCOME_UNKNOWN


KEYS = st.sampled_from(["status", "data", "point", "extInfo", "customerUid"])
SAID = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


@given(st.binary(max_size=200) | SAID.map(lambda said: json.dumps(said).encode()))
def test_whatever_is_answered_is_read_or_an_unknown_outcome(answer: bytes) -> None:
    expected = {FaultCode.SOFTWARE_OUTCOME_UNKNOWN, FaultCode.SOFTWARE_REFUSED}
    for read in (
        pospal.found_customer,
        pospal.reading_of,
        lambda said: pospal.confirm_added(said, "7", 5),
    ):
        try:
            read(answer)
        except Fault as fault:
            assert fault.code in expected  # noqa: PT017 -- either is fine


def desk(asked: list[str]) -> RuiposDesk:
    def find(text: str) -> MemberView:
        asked.append(text)
        if text != "13800138000":
            raise Fault(FaultCode.API_NOT_FOUND, what="member")
        return LI

    return RuiposDesk(find, FakeClock(), SHANGHAI, FaultTally())


def test_ruipos_as_recorded() -> None:
    asked: list[str] = []
    answers = desk(asked)
    for exchange in RUIPOS["exchanges"]:
        body = json.dumps(exchange["request"]).encode()
        told = json.loads(answers.answer(body))
        assert told | exchange["answer"] == told, exchange["name"]
    assert asked == ["13800138000", "13900139000"]


def test_answers_are_kept_for_so_many_calls_only() -> None:
    asked: list[str] = []
    answers = desk(asked)
    for number in [*range(SOFTWARE_ANSWERS_MAX + 1), 0]:
        call = {"cmd": "GetMemInfo", "seq": str(UUID(int=number)), "memcode": "13800138000"}
        answers.answer(json.dumps(call).encode())
    assert len(asked) == SOFTWARE_ANSWERS_MAX + 2


@given(st.binary(max_size=100))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    assert json.loads(desk([]).answer(body))["code"] == 2


def test_what_may_pass_is_asked_again() -> None:
    said = [Fault(FaultCode.API_RATE_LIMITED)]

    def find(_text: str) -> MemberView:
        if said:
            raise said.pop()
        return LI

    answers = RuiposDesk(find, FakeClock(), SHANGHAI, FaultTally())
    call = b'{"cmd":"GetMemInfo","seq":"eb46ce74-dffa-4108-87bc-4809144ca33c","memcode":"1"}'
    assert json.loads(answers.answer(call))["code"] == 1
    assert json.loads(answers.answer(call))["code"] == 0
