"""What came of a call that HQ asked a clerk to make, over HTTP: kept once, gone from this shop."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import UUID

import httpx2
import msgspec
import pytest

from edge_agent.services.recognition.identify import Identification
from retail_core.identity.assurance import Factor, assurance_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.growth import CallAnswered
from retail_core.wire.kinds import EventType
from retail_core.wire.member import CallNote
from tests.factories.agent_api import MEMBER, Box, member_record
from tests.factories.lanes import AT_TILL

CALL, OTHER = UUID(int=0xCA11), UUID(int=0xCA12)
keys = count(1)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path / "box") as box:
        calls = (CallNote("问问新品", 20991231, CALL.bytes), CallNote("旧云", 20991231))
        hash_ = box.agent.services.members.phone_hash("8613800138000")
        record = msgspec.structs.replace(member_record(phone_hash=hash_), calls=calls)
        box.storage.replica.put_member(MEMBER, 9, record)
        yield box


def recognised(box: Box, factor: Factor = Factor.MEMBER_CODE) -> None:
    held = box.storage.replica.member(MEMBER)
    result = Identification("member", assurance_of(factor), factor, held)
    box.agent.surface.counter.recognised(result, AT_TILL)


def say(
    box: Box, outcome: str = "done", call: UUID = CALL, key: str = "", member: UUID = MEMBER
) -> httpx2.Response:
    headers = {"Idempotency-Key": key or f"call-key-{next(keys)}"}
    where = f"/v1/members/{member}/calls/{call}"
    return box.till().post(where, json={"outcome": outcome}, headers=headers)


def shown(box: Box) -> list[str]:
    body = box.till().get(f"/v1/members/{MEMBER}").json()
    return [one["note"] for one in body["calls"]]


def told(box: Box) -> list[CallAnswered]:
    found = (
        decode_body(record.draft.type, record.draft.body)
        for record in box.storage.journal.records(type_=EventType.CALL_ANSWERED)
    )
    return [body for body in found if isinstance(body, CallAnswered)]


def refused(answer: httpx2.Response, status: int, code: FaultCode) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)


@pytest.mark.parametrize("outcome", ["done", "not_reached", "refused"])
def test_an_answer_is_kept_once_and_the_call_is_gone(box: Box, outcome: str) -> None:
    recognised(box)
    assert shown(box) == ["问问新品", "旧云"]
    first = say(box, outcome, key="the-same-call")
    assert (first.status_code, first.json()["outcome"]) == (200, outcome)
    assert say(box, outcome, key="the-same-call").content == first.content
    refused(say(box), 409, FaultCode.CALL_UNKNOWN)
    assert [(body.call, body.outcome) for body in told(box)] == [(CALL.bytes, outcome)]
    assert shown(box) == ["旧云"]


def test_what_was_said_before_a_restart_is_over_after_it(box: Box, tmp_path: Path) -> None:
    recognised(box)
    assert say(box).status_code == 200
    box.agent.stop()
    with Box(tmp_path / "box") as later:
        recognised(later)
        assert shown(later) == ["旧云"]
        refused(say(later), 409, FaultCode.CALL_UNKNOWN)


@pytest.mark.parametrize("factor", [None, Factor.PHONE_NUMBER])
def test_who_is_not_known_here_is_not_spoken_for(box: Box, factor: Factor | None) -> None:
    if factor is not None:
        recognised(box, factor)
    refused(say(box), 409, FaultCode.CALL_PROOF_NEEDED)
    assert told(box) == []


def test_bad_answers_are_told(box: Box) -> None:
    recognised(box)
    refused(say(box, call=OTHER), 409, FaultCode.CALL_UNKNOWN)
    refused(say(box, "perhaps"), 422, FaultCode.API_BODY_INVALID)
    assert told(box) == []
