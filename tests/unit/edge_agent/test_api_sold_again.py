"""A sale that a till tells twice under two keys is booked once; another sale always is booked."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.factories.agent_api import MEMBER, Box, sale

KEYS = count(1)
DAY_MS = 24 * 3_600_000


def told(box: Box, total_fen: int = 12_800, **changes: Any) -> Any:
    once = {"Idempotency-Key": f"told-{next(KEYS):06d}"}
    return box.till().post("/v1/sales", json=sale(total_fen, **changes), headers=once)


def booked(box: Box) -> list[int]:
    rows = box.screen().get("/v1/ledger").json()["rows"]
    return [row["total_fen"] for row in rows]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def refused(answer: Any, first: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "L191")
    assert answer.json()["fields"]["receipt"] == first.json()["receipt_id"]


def test_the_second_key_is_refused_and_names_the_first_receipt(box: Box) -> None:
    first = told(box)
    refused(told(box), first)
    shown = box.till().get(f"/v1/receipts/{first.json()['receipt_id']}").json()
    assert shown["total_fen"] == 12_800
    assert booked(box) == [12_800]


def test_it_is_refused_after_a_restart_too(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        first = told(box)
        assert told(box, till_receipt_no="R-2").status_code == 200
    with Box(tmp_path) as box:
        refused(told(box), first)
        assert len(booked(box)) == 2


def test_two_at_the_same_moment_are_booked_once(box: Box) -> None:
    answers: list[Any] = []
    tills = [threading.Thread(target=lambda: answers.append(told(box))) for _ in range(4)]
    for one in tills:
        one.start()
    for one in tills:
        one.join()
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert booked(box) == [12_800]


def test_what_is_another_sale_is_booked(box: Box) -> None:
    """Another number, member, way of paying, quantity or article; nothing paid is ever lost."""
    cash = {"kind": "cash", "amount_fen": 12_800}
    others: tuple[tuple[int, dict[str, Any]], ...] = (
        (12_800, {}),
        (12_800, {"till_receipt_no": "R-2"}),
        (12_800, {"tenders": [cash | {"kind": "wechat"}]}),
        (25_600, {"lines": [{"sku": "milk", "qty": 2}]}),
        (9_900, {"lines": [{"sku": "sun"}]}),
    )
    for total_fen, changes in others:
        assert told(box, total_fen, **changes).status_code == 200, changes
    hers = box.till().post(
        "/v1/quotes", json={"lines": [{"sku": "milk"}], "member_id": str(MEMBER)}
    )
    assert told(box, hers.json()["due_fen"], member_id=str(MEMBER)).status_code == 200
    assert booked(box) == [*(total for total, _ in others), hers.json()["due_fen"]]


def test_the_next_day_begins_its_numbers_again(box: Box) -> None:
    told(box)
    box.clock.advance(DAY_MS)
    assert told(box).status_code == 200
    assert len(booked(box)) == 2


def test_what_was_taken_back_may_be_rung_up_again(box: Box) -> None:
    first = told(box).json()
    back = {
        "receipt_id": first["receipt_id"],
        "lines": [{"line": 1, "qty_milli": 1_000}],
        "reason": "错单",
        "tenders": [{"kind": "cash", "amount_fen": 12_800}],
    }
    once = {"Idempotency-Key": f"back-{next(KEYS):06d}"}
    assert box.till().post("/v1/refunds", json=back, headers=once).status_code == 200
    again = told(box)
    assert again.status_code == 200
    refused(told(box), again)


def test_a_basket_is_no_way_around(box: Box) -> None:
    first = told(box)

    def posts(path: str, body: dict[str, Any]) -> Any:
        once = {"Idempotency-Key": f"told-{next(KEYS):06d}"}
        return box.till().post(path, json=body, headers=once)

    basket = posts("/v1/baskets", {}).json()["basket_id"]
    posts(f"/v1/baskets/{basket}/lines", {"lines": [{"sku": "milk"}]})
    same = {key: sale(12_800)[key] for key in ("till_receipt_no", "tenders")}
    refused(posts(f"/v1/baskets/{basket}/commit", same), first)
    other = same | {"till_receipt_no": "R-2"}
    assert posts(f"/v1/baskets/{basket}/commit", other).status_code == 200, "it is still open"
