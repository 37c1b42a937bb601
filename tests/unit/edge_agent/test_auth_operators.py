"""Operators: PIN, lock-out, sessions."""

import pytest

from edge_agent.api.operators import (
    IDLE_MINUTES,
    SESSION_S,
    SESSIONS_MAX,
    OperatorDesk,
    OperatorIdentity,
)
from retail_core.errors import Fault
from retail_core.limits import PIN_LOCK_MINUTES, PIN_TRIES_MAX
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import BOOT, FakeClock
from tests.fakes.ids import FakeIdSource


class Desk:
    """A desk whose PIN check is a comparison and is counted."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.checked: list[str] = []
        people = [
            OperatorIdentity(BOOT, "1001", "王芳", "clerk", "hash of 1111"),
            OperatorIdentity(BOOT, "1002", "李强", "manager", "hash of 2222"),
        ]
        self.desk = OperatorDesk(people, self.clock, FakeIdSource(), self.check, "hash of nobody")

    def check(self, stored: str, pin: str) -> bool:
        self.checked.append(stored)
        return stored == f"hash of {pin}"

    def wrong(self, number: str) -> FaultCode:
        with pytest.raises(Fault) as refused:
            self.desk.login(number, "0000")
        return refused.value.code


def test_a_right_pin_opens_a_session() -> None:
    desk = Desk()
    session = desk.desk.login("1001", "1111")
    assert session.expires_s == SESSION_S
    assert desk.desk.operator(session.token).name == "王芳"
    assert session.token not in repr(session)


def test_five_wrong_pins_lock_the_number_for_five_minutes() -> None:
    desk = Desk()
    codes = [desk.wrong("1001") for _ in range(PIN_TRIES_MAX + 1)]
    assert codes[:-1] == [FaultCode.API_OPERATOR_PIN_WRONG] * PIN_TRIES_MAX
    assert codes[-1] is FaultCode.API_OPERATOR_LOCKED
    with pytest.raises(Fault) as refused:
        desk.desk.login("1001", "1111")
    assert refused.value.fields["minutes"] == PIN_LOCK_MINUTES
    assert len(desk.checked) == PIN_TRIES_MAX

    desk.desk.login("1002", "2222")
    desk.clock.advance(PIN_LOCK_MINUTES * 60_000)
    assert desk.desk.login("1001", "1111").operator.number == "1001"


def test_whoever_does_nothing_is_signed_out() -> None:
    desk = Desk()
    token = desk.desk.login("1001", "1111").token
    for _ in range(5):
        desk.clock.advance(IDLE_MINUTES * 60_000 - 1)
        assert desk.desk.operator(token).number == "1001"
    desk.clock.advance(IDLE_MINUTES * 60_000)
    with pytest.raises(Fault) as refused:
        desk.desk.operator(token)
    assert refused.value.code is FaultCode.API_OPERATOR_NEEDED


def test_a_colleague_takes_over_and_one_signs_out() -> None:
    desk = Desk()
    first = desk.desk.login("1001", "1111").token
    second = desk.desk.login("1002", "2222", first).token
    assert desk.desk.operator(second).name == "李强"
    desk.desk.logout(second)
    desk.desk.logout(None)
    for token in (first, second):
        with pytest.raises(Fault):
            desk.desk.operator(token)
    assert [one.number for one in desk.desk.people] == ["1001", "1002"]


def test_a_wrong_pin_leaves_the_colleague_signed_in() -> None:
    desk = Desk()
    token = desk.desk.login("1001", "1111").token
    with pytest.raises(Fault):
        desk.desk.login("1002", "0000", token)
    assert desk.desk.operator(token).number == "1001"


def test_a_right_pin_clears_the_count() -> None:
    desk = Desk()
    for _ in range(3):
        for _ in range(PIN_TRIES_MAX - 1):
            assert desk.wrong("1001") is FaultCode.API_OPERATOR_PIN_WRONG
        desk.desk.login("1001", "1111")


def test_an_unknown_number_takes_as_long_and_locks_too() -> None:
    desk = Desk()
    assert desk.wrong("9999") is FaultCode.API_OPERATOR_PIN_WRONG
    assert desk.checked == ["hash of nobody"]
    for number in range(PIN_TRIES_MAX - 1):
        desk.wrong(f"8{number}")
    assert desk.wrong("7777") is FaultCode.API_OPERATOR_LOCKED


def test_a_session_ends_by_itself() -> None:
    desk = Desk()
    token = desk.desk.login("1001", "1111").token
    desk.clock.advance(SESSION_S * 1_000)
    with pytest.raises(Fault) as refused:
        desk.desk.operator(token)
    assert refused.value.code is FaultCode.API_OPERATOR_NEEDED


@pytest.mark.parametrize("token", [None, "", "x", "00" * 32, "\ud800"])
def test_no_session_without_its_token(token: str | None) -> None:
    desk = Desk()
    desk.desk.login("1001", "1111")
    with pytest.raises(Fault) as refused:
        desk.desk.operator(token)
    assert refused.value.code is FaultCode.API_OPERATOR_NEEDED


def test_sessions_are_bounded_and_the_oldest_goes() -> None:
    desk = Desk()
    first = desk.desk.login("1001", "1111").token
    last = [desk.desk.login("1001", "1111").token for _ in range(SESSIONS_MAX)][-1]
    assert desk.desk.operator(last).number == "1001"
    with pytest.raises(Fault):
        desk.desk.operator(first)
