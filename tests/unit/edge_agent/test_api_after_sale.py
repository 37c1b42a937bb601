"""After the sale over the API: receipts, refunds, claims, and training that books nothing."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from edge_agent.api.idempotency import REPLAYED
from retail_core.identity.receipt_claim import claim_key, is_genuine, read_claim
from tests.factories.agent_api import MEMBER, TILL, Box, sale
from tests.factories.agent_files import OPERATOR_PIN

REASON = "尺码不合适"


def once() -> dict[str, str]:
    """A key nobody has used."""
    return {"Idempotency-Key": str(uuid4())}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def sold(box: Box, total_fen: int = 12_800, **changes: Any) -> dict[str, Any]:
    body = sale(total_fen, **({"till_receipt_no": "R-1"} | changes))
    answer = box.till().post("/v1/sales", json=body, headers=once())
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def two_masks_and_milk(box: Box) -> dict[str, Any]:
    """Four masks (three for two, one alone) and a bottle of milk, for a gold member."""
    lines = [{"sku": "mask", "qty": 3}, {"sku": "milk"}]
    return sold(box, 29_960, member_id=str(MEMBER), lines=lines)


def back(box: Box, receipt: str, lines: list[tuple[int, int]], **more: Any) -> dict[str, Any]:
    asked = {
        "receipt_id": receipt,
        "lines": [{"line": line, "qty_milli": qty} for line, qty in lines],
        **more,
    }
    due = box.till().post("/v1/refunds/quote", json=asked)
    assert due.status_code == 200, due.json()
    tenders = [{"kind": "cash", "amount_fen": due.json()["money_fen"]}]
    body = asked | {"reason": REASON, "tenders": tenders}
    answer = box.till().post("/v1/refunds", json=body, headers=once())
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def signed_in(box: Box, number: str = "1001") -> dict[str, str]:
    body = {"number": number, "pin": OPERATOR_PIN}
    answer = box.till().post("/v1/operators/login", json=body)
    return {"X-Operator": answer.json()["operator_token"]}


# ---- receipts -----------------------------------------------------------------------------------


def test_the_last_receipts_are_found(box: Box) -> None:
    first = two_masks_and_milk(box)
    second = sold(box, till_receipt_no="R-2")
    listed = box.screen().get("/v1/receipts").json()["receipts"]
    assert [one["receipt_id"] for one in listed] == [second["receipt_id"], first["receipt_id"]]
    assert listed[0]["till_name"] == "1号收银台"
    for query, number in (
        (f"till={TILL}", 2),
        ("no=R-2", 1),
        (f"member={MEMBER}", 1),
        (f"day={first['business_date']}&no=R-1", 1),
        ("day=20200101", 0),
    ):
        found = box.till().get(f"/v1/receipts?{query}").json()["receipts"]
        assert len(found) == number, query


def test_a_receipt_is_printed_again_and_the_copies_are_counted(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        receipt = two_masks_and_milk(box)["receipt_id"]
        path = f"/v1/receipts/{receipt}"
        assert box.screen().get(path).json()["reprints"] == 0
        assert box.till().post(f"{path}/reprint", json={}).json()["reprints"] == 1
    with Box(tmp_path) as box:
        box.till().post(f"{path}/reprint", json={})
        shown = box.screen().get(path).json()
    assert (shown["reprint"], shown["reprints"], shown["whole"]) == (True, 2, False)
    assert (shown["total_fen"], shown["saved_fen"], shown["points_earned"]) == (29_960, 9_540, 299)
    assert [line["offers"][0]["name"] for line in shown["lines"]] == [
        "面膜三件免一件",
        "金卡 95 折",
    ]
    assert shown["tenders"] == [{"kind": "cash", "amount_fen": 29_960}]


def test_a_receipt_nobody_has(box: Box) -> None:
    path = f"/v1/receipts/{UUID(int=5)}"
    assert box.till().get(path).json()["code"] == "A162", "the cloud cannot be asked"
    box.directory.down = False
    assert box.till().get(path).json()["code"] == "P111"
    assert box.till().get("/v1/receipts?elsewhere=true").json()["code"] == "A107"
    query = "elsewhere=true&no=R-1&day=20260731"
    assert box.till().get(f"/v1/receipts?{query}").json()["receipts"] == []


# ---- refunds ------------------------------------------------------------------------------------


def test_goods_come_back_in_parts_until_nothing_is_left(box: Box) -> None:
    receipt = two_masks_and_milk(box)["receipt_id"]
    parts = [back(box, receipt, [(1, 1_000)]), back(box, receipt, [(1, 1_000), (2, 1_000)])]
    parts.append(back(box, receipt, [(1, 1_000)]))
    assert sum(one["money_fen"] for one in parts) == 29_960
    assert sum(one["points_taken"] for one in parts) == 299
    assert [one["qty_milli"] for one in parts[-1]["left"]] == [0, 0]
    shown = box.till().get(f"/v1/receipts/{receipt}").json()
    assert (shown["refunded_fen"], len(shown["refunds"])) == (29_960, 3)
    assert [line["left_milli"] for line in shown["lines"]] == [0, 0]
    assert shown["refunds"][0]["reason"] == REASON
    asked = {"receipt_id": receipt, "lines": [{"line": 1, "qty_milli": 1}]}
    assert box.till().post("/v1/refunds/quote", json=asked).json()["code"] == "P113"


def test_as_if_never_bought(box: Box) -> None:
    receipt = two_masks_and_milk(box)["receipt_id"]
    assert back(box, receipt, [(1, 1_000)], repriced=True)["money_fen"] == 890


def test_a_refund_is_answered_once_for_ever(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        receipt = sold(box)["receipt_id"]
        body = {
            "till_receipt_no": "R-1",
            "lines": [{"line": 1, "qty_milli": 1_000}],
            "reason": REASON,
            "tenders": [{"kind": "cash", "amount_fen": 12_800}],
        }
        key = once()
        first = box.till().post("/v1/refunds", json=body, headers=key)
        assert first.json()["receipt_id"] == receipt
        seq = box.storage.journal.next_seq()
    with Box(tmp_path) as box:
        again = box.till().post("/v1/refunds", json=body, headers=key)
        assert box.storage.journal.next_seq() == seq
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"


def test_the_screen_refunds_with_a_clerk_and_says_who(box: Box) -> None:
    receipt = sold(box)["receipt_id"]
    body = {
        "receipt_id": receipt,
        "lane": str(TILL),
        "lines": [{"line": 1, "qty_milli": 1_000}],
        "reason": REASON,
        "tenders": [{"kind": "cash", "amount_fen": 12_800}],
    }
    assert box.screen().post("/v1/refunds", json=body, headers=once()).json()["code"] == "A116"
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        answer = box.screen().post("/v1/refunds", json=body, headers=once() | signed_in(box))
        told = next(
            iter(event for event in iter(socket.receive_json, None) if event["type"] == "refund")
        )
    assert (answer.status_code, told["money_fen"], told["receipt_id"]) == (200, 12_800, receipt)
    shown = box.till().get(f"/v1/receipts/{receipt}").json()
    assert shown["refunds"][0]["operator"] is not None


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"tenders": []}, "P116"),
    ({"lines": [{"line": 9, "qty_milli": 1}]}, "P112"),
    ({"lines": [{"line": 1, "qty_milli": 1_001}]}, "P113"),
    ({"lines": []}, "A107"),
    ({"reason": ""}, "A107"),
    ({"receipt_id": None}, "A107"),
    ({"receipt_id": None, "till_receipt_no": "R-9"}, "P111"),
)


def test_a_refunds_line_that_does_not_fit_is_told_once(box: Box) -> None:
    body = {"receipt_id": sold(box)["receipt_id"], "lines": [{"line": 1}]}
    answer = box.till().post("/v1/refunds/quote", json=body).json()
    assert answer["zh"] == "请求内容不符合接口:body.lines.0.qty_milli:缺少这一项"


def test_a_refund_that_cannot_be_is_coded(box: Box) -> None:
    body = {
        "receipt_id": sold(box)["receipt_id"],
        "lines": [{"line": 1, "qty_milli": 1_000}],
        "reason": REASON,
        "tenders": [{"kind": "cash", "amount_fen": 12_800}],
    }
    seq = box.storage.journal.next_seq()
    for changes, code in REFUSED:
        answer = box.till().post("/v1/refunds", json=body | changes, headers=once())
        assert answer.json()["code"] == code, changes
    assert box.storage.journal.next_seq() == seq


# ---- claimed later ------------------------------------------------------------------------------


def test_a_sale_without_a_member_carries_a_code_to_claim_it(box: Box) -> None:
    answered = sold(box)
    asked = box.till().post(f"/v1/receipts/{answered['receipt_id']}/claim-link", json={}).json()
    assert asked["claim_token"] == answered["claim_token"]
    assert asked["claim_uri"].endswith(f"/m/#r={asked['claim_token']}")
    assert len(asked["claim_token"]) <= 60
    assert set("".join(asked["rows"])) == {"0", "1"}
    token = box.settings.device.cloud.token.get_secret_value()
    claim = read_claim(asked["claim_token"])
    assert str(claim.receipt_id) == answered["receipt_id"]
    assert is_genuine(claim, claim_key(sha256(token.encode()).digest()))


def test_a_members_sale_needs_no_code(box: Box) -> None:
    answered = sold(box, 12_160, member_id=str(MEMBER))
    assert answered["claim_token"] is None
    path = f"/v1/receipts/{answered['receipt_id']}/claim-link"
    assert box.till().post(path, json={}).json()["code"] == "A158"
    path = f"/v1/receipts/{UUID(int=3)}/claim-link"
    assert box.till().post(path, json={}).json()["code"] == "P111"


# ---- training -----------------------------------------------------------------------------------

ENROL = {"name": "赵一", "phone": "138 1234 5678", "consents": {"membership": True}}


def test_training_books_nothing_over_restarts_and_ends_with_the_day(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        receipt = sold(box)["receipt_id"]
        clerk = signed_in(box)
        on = box.till().put("/v1/training", json={"on": True}, headers=clerk).json()
        assert (on["on"], on["operator"] is None) == (True, False)
        assert box.screen().get("/v1/health").json()["training"] == [on["lane"]]
        before = box.storage.journal.next_seq()
        _nothing_is_booked(box, receipt, clerk)
        assert box.storage.journal.next_seq() == before
    with Box(tmp_path) as box:
        assert box.till().get("/v1/training").json()["on"], "remembered"
        _nothing_is_booked(box, receipt, signed_in(box))
        assert box.storage.journal.next_seq() == before
        box.clock.advance(24 * 3_600_000)
        assert not box.till().get("/v1/training").json()["on"], "the next day sells"
        assert box.screen().get("/v1/health").json()["training"] == []
        sold(box, till_receipt_no="R-3")


def _nothing_is_booked(box: Box, receipt: str, clerk: dict[str, str]) -> None:
    refund = {
        "receipt_id": receipt,
        "lines": [{"line": 1, "qty_milli": 1_000}],
        "reason": REASON,
        "tenders": [{"kind": "cash", "amount_fen": 12_800}],
    }
    for path, body in (
        ("/v1/sales", sale(12_800, till_receipt_no="R-2")),
        ("/v1/refunds", refund),
        ("/v1/enrolments", ENROL),
        (f"/v1/enrolments/{MEMBER}/phone", {}),
        (f"/v1/enrolments/{MEMBER}/card", {}),
        (f"/v1/enrolments/{MEMBER}/face", {"images": []}),
    ):
        answer = box.till().post(path, json=body, headers=clerk | once())
        assert answer.json()["code"] in {"A163", "A107"}, (path, answer.json())
    _practise(box, clerk)


def _practise(box: Box, clerk: dict[str, str]) -> None:
    """Ring up a basket as a lesson goes: answered like any other, and booked nowhere."""
    opened = box.till().post("/v1/baskets", json={}, headers=clerk | once()).json()
    assert opened["training"]
    path = f"/v1/baskets/{opened['basket_id']}"
    lines = {"lines": [{"sku": "milk"}]}
    assert box.till().post(f"{path}/lines", json=lines, headers=clerk | once()).status_code == 200
    paid = {
        "till_receipt_no": "T-1",
        "tenders": [{"kind": "cash", "amount_fen": 12_800}],
    }
    sold_ = box.till().post(f"{path}/commit", json=paid, headers=clerk | once()).json()
    assert (sold_["training"], sold_["seq"], sold_["claim_token"]) == (True, 0, None)


def test_training_ends_when_switched_off(box: Box) -> None:
    clerk = signed_in(box)
    box.till().put("/v1/training", json={"on": True}, headers=clerk)
    assert not box.till().put("/v1/training", json={"on": False}, headers=clerk).json()["on"]
    sold(box)


def test_training_needs_a_clerk(box: Box) -> None:
    assert box.till().put("/v1/training", json={"on": True}).json()["code"] == "A116"


# ---- clerks -------------------------------------------------------------------------------------


def test_clerks_switch_and_sign_out(box: Box) -> None:
    people = box.till().get("/v1/operators").json()["operators"]
    assert [one["number"] for one in people] == sorted(one["number"] for one in people)
    assert "1001" in {one["number"] for one in people}
    clerk = signed_in(box)
    assert box.till().post("/v1/operators/logout", json={}, headers=clerk).json()["signed_out"]
    answer = box.till().put("/v1/training", json={"on": True}, headers=clerk)
    assert answer.json()["code"] == "A116"
