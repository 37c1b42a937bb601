"""Gifts handed over at the counter, and tasks beside a basket, over HTTP."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest

from edge_agent.services.recognition.identify import Identification
from retail_core.identity.assurance import Factor, assurance_of
from retail_core.loyalty.leases import Right, RightKind
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.growth import GiftHanded
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.lease import LeaseEpoch, LeaseGrant
from retail_core.wire.messages import Change
from retail_core.wire.standing import GiftDue, TaskReached
from tests.factories.agent_api import BUNDLE, MEMBER, Box, member_record, sale
from tests.factories.lanes import AT_TILL

GIFT, PROMISED = UUID(int=0x61F7), UUID(int=0x61F8)
TASKS = [
    {"kind": "spend", "id": "big", "name": "买满 200 元", "name_en": "Spend 200", "every": "once",
     "fen": 20_000, "reward": {"points": 50}},
    {"kind": "spend", "id": "masks", "name": "三片面膜", "units": 3, "items": {"skus": ["mask"]},
     "reward": {"gift": {"sku": "SAMPLE", "name": "小样"}}},
    {"kind": "checkin", "id": "sign", "name": "签到", "every": "day", "reward": {"points": 5}},
    {"kind": "spend", "id": "over", "name": "过去", "fen": 1, "last_day": "2020-01-01",
     "reward": {"points": 5}},
    {"kind": "spend", "id": "away", "name": "别处", "fen": 1, "stores": ["别的店"],
     "reward": {"points": 5}},
]  # fmt: skip
keys = count(1)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path / "box") as box:
        gifts = (
            GiftDue(GIFT.bytes, "mall", "CUP-01", "马克杯", 20991231),
            GiftDue(PROMISED.bytes, "newcomer", "SAMPLE", "小样", 20991231, None, ready=False),
        )
        members = box.agent.services.members
        record = member_record(phone_hash=members.phone_hash("8613800138000"), gifts=gifts)
        tasks = (TaskReached("big", "once", (7_500,), 20261101),)
        box.storage.replica.put_member(MEMBER, 9, msgspec.structs.replace(record, tasks=tasks))
        rules = json.loads(BUNDLE) | {"version": 4, "tasks": TASKS}
        box.storage.replica.replace_bundle(4, json.dumps(rules).encode())
        yield box


def let_in(box: Box, *rights: UUID) -> None:
    """Let the cloud let this boot in, and lend it gifts."""
    device, boot = box.agent.basis.shop.device, box.clock.now().boot_id
    said: list[tuple[ChangeKind, msgspec.Struct]] = [
        (ChangeKind.LEASE_EPOCH, LeaseEpoch(device.bytes, 1, boot.bytes))
    ]
    said += [
        (ChangeKind.LEASE_GRANTED, LeaseGrant(device.bytes, "coupon", right.bytes, 1, 1, 1))
        for right in rights
    ]
    box.agent.services.leases.apply(
        [
            Change(pos, kind, device.bytes, 1, msgspec.Raw(encode_body(body)))
            for pos, (kind, body) in enumerate(said, start=1)
        ]
    )


def recognised(box: Box, factor: Factor = Factor.MEMBER_CODE) -> None:
    held = box.storage.replica.member(MEMBER)
    result = Identification("member", assurance_of(factor), factor, held)
    box.agent.surface.counter.recognised(result, AT_TILL)


def hand(box: Box, gift: UUID = GIFT, key: str = "") -> httpx2.Response:
    headers = {"Idempotency-Key": key or f"gift-key-{next(keys)}"}
    body = {"member_id": str(MEMBER)}
    return box.till().post(f"/v1/gifts/{gift}/hand-over", json=body, headers=headers)


def refused(answer: httpx2.Response, status: int, code: FaultCode) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)


def told(box: Box) -> list[GiftHanded]:
    found = (
        decode_body(record.draft.type, record.draft.body)
        for record in box.storage.journal.records(type_=EventType.GIFT_HANDED)
    )
    return [body for body in found if isinstance(body, GiftHanded)]


def test_a_gift_leaves_the_counter_once(box: Box) -> None:
    let_in(box, GIFT)
    recognised(box)
    first = hand(box, key="the-same-key")
    assert first.status_code == 200
    assert (first.json()["name"], first.json()["kind"]) == ("马克杯", "mall")
    again = hand(box, key="the-same-key")
    assert again.content == first.content
    refused(hand(box), 409, FaultCode.GIFT_NOT_HERE)
    (body,) = told(box)
    assert (body.gift, body.epoch, body.nth) == (GIFT.bytes, 1, 1)
    assert box.agent.services.leases.spendable(Right(RightKind.COUPON, GIFT)) == 0


def test_a_restart_in_between_hands_nothing_over_twice(box: Box, tmp_path: Path) -> None:
    let_in(box, GIFT)
    recognised(box)
    first = hand(box, key="before-the-restart")
    box.agent.stop()
    with Box(tmp_path / "box") as later:
        recognised(later)
        assert hand(later, key="before-the-restart").content == first.content
        refused(hand(later), 409, FaultCode.GIFT_NOT_HERE)
        assert len(told(later)) == 1


@pytest.mark.parametrize("factor", [Factor.FACE_VOTE, Factor.PHONE_NUMBER, Factor.DIGIT_CODE])
def test_a_weak_factor_gets_no_gift(box: Box, factor: Factor) -> None:
    let_in(box, GIFT)
    recognised(box, factor)
    refused(hand(box), 403, FaultCode.GIFT_PROOF_NEEDED)
    assert told(box) == []


def test_what_is_not_lent_or_not_hers_or_only_promised(box: Box) -> None:
    recognised(box)
    refused(hand(box), 503, FaultCode.LEASE_WAITS)
    let_in(box, PROMISED)
    refused(hand(box), 409, FaultCode.GIFT_NOT_HERE)
    refused(hand(box, PROMISED), 409, FaultCode.GIFT_NOT_HERE)
    refused(hand(box, UUID(int=5)), 404, FaultCode.GIFT_UNKNOWN)
    assert told(box) == []


def test_a_gift_whose_time_is_over_stays_though_the_cloud_has_not_asked_for_it(box: Box) -> None:
    over = GiftDue(GIFT.bytes, "birthday", "CUP-01", "马克杯", 20200101)
    held = box.storage.replica.member(MEMBER)
    assert held is not None
    box.storage.replica.put_member(MEMBER, 10, msgspec.structs.replace(held.record, gifts=(over,)))
    let_in(box, GIFT)
    recognised(box)
    refused(hand(box), 409, FaultCode.GIFT_OVER)
    assert told(box) == []


def test_nothing_is_handed_over_in_training(box: Box) -> None:
    let_in(box, GIFT)
    recognised(box)
    box.agent.services.after.training.switch(AT_TILL.lane, UUID(int=1), "manager", on=True)
    refused(hand(box), 409, FaultCode.TRAINING_ON)
    assert told(box) == []


def shown(box: Box, **asked: str) -> dict[str, Any]:
    answer = box.till().get(f"/v1/members/{MEMBER}/tasks", params=asked)
    assert answer.status_code == 200
    return {task["id"]: task for task in answer.json()["tasks"]}


def test_tasks_say_what_is_missing_with_the_basket(box: Box) -> None:
    tasks = shown(box)
    assert list(tasks) == ["big", "masks", "sign"]
    assert tasks["big"]["asks"] == [
        {"kind": "fen", "needs": 20_000, "has": 7_500, "missing": 12_500}
    ]
    assert tasks["big"]["text_zh"] == "再买 ¥125.00 完成「买满 200 元」"
    assert tasks["big"]["text_en"] == "¥125.00 more: Spend 200"
    assert tasks["masks"]["text_zh"] == "再买 3 件 完成「三片面膜」"
    assert tasks["sign"]["text_zh"] == "再签到 1 天 完成「签到」"
    headers = {"Idempotency-Key": "basket-key-1"}
    opened = box.till().post("/v1/baskets", json={}, headers=headers).json()["basket_id"]
    lines = {"lines": [{"sku": "milk"}, {"sku": "mask", "qty_milli": 2_000}]}
    headers = {"Idempotency-Key": "basket-key-2"}
    box.till().post(f"/v1/baskets/{opened}/lines", json=lines, headers=headers)
    tasks = shown(box, basket_id=opened)
    assert tasks["big"]["done_with_basket"]
    assert not tasks["big"]["done"]
    assert tasks["big"]["text_zh"] == "「买满 200 元」已完成"
    assert tasks["masks"]["with_basket"][0]["missing"] == 1


def test_what_was_sold_here_and_is_not_sent_yet_counts_too(box: Box, tmp_path: Path) -> None:
    total = (
        box.till()
        .post("/v1/quotes", json={"member_id": str(MEMBER), "lines": [{"sku": "milk"}]})
        .json()["total_fen"]
    )
    body = sale(total, member_id=str(MEMBER))
    headers = {"Idempotency-Key": "waiting-sale-1"}
    assert box.till().post("/v1/sales", json=body, headers=headers).status_code == 200
    assert shown(box)["big"]["asks"][0]["has"] == 7_500 + total
    box.agent.stop()
    with Box(tmp_path / "box") as later:
        assert shown(later)["big"]["asks"][0]["has"] == 7_500 + total
        later.storage.journal.mark_acked([(1, later.storage.journal.next_seq() - 1)])
        assert shown(later)["big"]["asks"][0]["has"] == 7_500


def test_tasks_of_nobody(box: Box) -> None:
    nobody = box.till().get(f"/v1/members/{UUID(int=7)}/tasks")
    refused(nobody, 404, FaultCode.API_NOT_FOUND)
