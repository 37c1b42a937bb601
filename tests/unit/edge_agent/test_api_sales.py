"""Selling over the API: priced, once per key, durable, and visible afterwards."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from edge_agent.api.idempotency import REPLAYED
from edge_agent.lane_settings import ONLY_LANE
from retail_core.identity.assurance import Factor, Standing
from tests.factories.agent_api import MEMBER, TILL, Box, sale
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.lanes import AT_TILL

ONCE = {"Idempotency-Key": "0190-sale-0001"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def test_a_quote_names_offers_and_points(box: Box) -> None:
    body = {
        "member_id": str(MEMBER),
        "lines": [{"barcode": "6901234567892"}, {"sku": "mask", "qty": 3}],
    }
    quote = box.till().post("/v1/quotes", json=body).json()
    assert quote["till"] == str(TILL)
    assert (quote["shelf_fen"], quote["total_fen"], quote["saved_fen"]) == (39_500, 29_960, 9_540)
    assert quote["points_earned"] == 299
    assert [line["offers"][0]["name"] for line in quote["lines"]] == [
        "金卡 95 折",
        "面膜三件免一件",
    ]
    assert box.storage.journal.next_seq() == 1

    guest = box.till().post("/v1/quotes", json=body | {"member_id": None}).json()
    assert guest["points_earned"] == 0
    assert [offer["reason"] for offer in guest["rejected"]] == ["not_eligible_tier"]


def test_a_sale_is_journalled_and_answered(box: Box) -> None:
    box.clock.advance(5)
    answer = box.till().post("/v1/sales", json=sale(12_160, member_id=str(MEMBER)), headers=ONCE)
    assert answer.status_code == 200
    sold = answer.json()
    assert sold["member"] == {"member_id": str(MEMBER), "name": "李*", "tier": "gold"}
    assert (sold["seq"], sold["total_fen"], sold["points_earned"]) == (1, 12_160, 121)
    assert REPLAYED not in answer.headers

    ledger = box.screen().get("/v1/ledger").json()
    assert [row["receipt_id"] for row in ledger["rows"]] == [sold["receipt_id"]]
    assert (ledger["total_fen"], ledger["points"], ledger["waiting"]) == (12_160, 121, 1)
    path = f"/v1/members/{MEMBER}"
    assert box.screen().get(path).json()["points_free"] is None
    box.visits.begun(AT_TILL, MEMBER, Standing(Factor.SUN_CARD))
    member = box.screen().get(path).json()
    assert (member["points_free"], member["pending_local_points"]) == (2_340, 121)


def test_the_same_key_and_body_get_the_same_answer_after_a_restart(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        first = box.till().post("/v1/sales", json=sale(12_800), headers=ONCE)
        again = box.till().post("/v1/sales", json=sale(12_800), headers=ONCE)
    with Box(tmp_path) as box:
        turned = dict(reversed(list(sale(12_800).items())))
        restarted = box.till().post("/v1/sales", json=turned, headers=ONCE)
        assert box.storage.journal.next_seq() == 2
    assert first.content == again.content == restarted.content
    assert restarted.headers[REPLAYED] == "true"


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/sales", sale(12_800, till_receipt_no="R-2")), ("/v1/sales", {})]
)
def test_the_same_key_for_something_else_is_a_conflict(
    box: Box, path: str, body: dict[str, Any]
) -> None:
    box.till().post("/v1/sales", json=sale(12_800), headers=ONCE)
    answer = box.till().post(path, json=body, headers=ONCE)
    assert answer.json()["code"] == ("A106" if body else "A107")
    assert box.storage.journal.next_seq() == 2


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with space", "with/slash"])
def test_a_write_needs_a_key(box: Box, key: str) -> None:
    answer = box.till().post("/v1/sales", json=sale(12_800), headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "A105")
    assert box.storage.journal.next_seq() == 1


def test_a_refused_sale_may_be_tried_again_under_its_key(box: Box) -> None:
    answer = box.till().post("/v1/sales", json=sale(1), headers=ONCE)
    assert answer.json()["code"] == "P105"
    assert answer.json()["zh"] == "收银机说的 ¥0.01(收款或报过的价)与应付 ¥128.00 不符"
    assert (
        answer.json()["en"]
        == "the till says ¥0.01 (tendered, or quoted before), but ¥128.00 is due"
    )
    assert answer.json()["fields"] == {"tendered": 1, "due": 12_800}
    assert box.till().post("/v1/sales", json=sale(12_800), headers=ONCE).status_code == 200


def test_one_key_from_many_threads_is_one_sale(box: Box) -> None:
    answers: list[bytes] = []

    def sell() -> None:
        answers.append(box.till().post("/v1/sales", json=sale(12_800), headers=ONCE).content)

    threads = [threading.Thread(target=sell) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert box.storage.journal.next_seq() == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": []}, "P101"),
        ({"lines": [{"sku": "milk", "qty": 0}]}, "P102"),
        ({"lines": [{"sku": "milk", "qty": -1}]}, "P102"),
        ({"lines": [{"sku": "nothing"}]}, "P104"),
        ({"lines": [{"sku": "x", "unit_price_fen": -1, "name": "x"}]}, "P103"),
        ({"member_id": str(UUID(int=9))}, "P106"),
        ({"quoted_total_fen": 1}, "P105"),
        ({"tenders": [{"kind": "cash", "amount_fen": -12_800}]}, "P119"),
        ({"tenders": []}, "P105"),
        ({"lines": [{"sku": "milk", "barcode": "1"}]}, "A107"),
        ({"lines": [{"sku": "milk", "qty": 1, "qty_milli": 1}]}, "A107"),
        ({"lines": [{}]}, "A107"),
        ({"lines": [{"sku": "milk", "price": 1}]}, "A107"),
        ({"till_receipt_no": ""}, "A107"),
    ],
)
def test_a_sale_that_cannot_be_is_coded_and_not_booked(
    box: Box, changes: dict[str, Any], code: str
) -> None:
    answer = box.till().post("/v1/sales", json=sale(12_800, **changes), headers=ONCE)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert box.storage.journal.next_seq() == 1


def test_an_unknown_article_sells_at_the_tills_price(box: Box) -> None:
    lines = [{"barcode": "999", "name": "散装糖", "qty_milli": 385, "unit_price_fen": 2_000}]
    sold = box.till().post("/v1/sales", json=sale(770, lines=lines), headers=ONCE).json()
    assert sold["unmapped"] == ["散装糖"]


def test_the_screen_learns_of_the_sale(box: Box) -> None:
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        till.post("/v1/sales", json=sale(12_800), headers=ONCE)
        event = socket.receive_json()
    assert (event["type"], event["till"], event["total_fen"]) == ("sale", str(TILL), 12_800)


def test_a_sale_ends_the_members_visit_at_every_till(box: Box) -> None:
    visits, sessions = box.visits, box.agent.services.sessions
    visits.begun(visits.beside_screen(ONLY_LANE), MEMBER, Standing(Factor.SUN_CARD))
    assert any(sessions.at(till) == MEMBER for till in box.tills)
    box.till().post("/v1/sales", json=sale(12_160, member_id=str(MEMBER)), headers=ONCE)
    assert all(sessions.at(till) is None for till in box.tills)


# ---- operators and enrolment --------------------------------------------------------------------


def signed_in(box: Box) -> dict[str, str]:
    body = {"number": "1001", "pin": OPERATOR_PIN}
    answer = box.till().post("/v1/operators/login", json=body).json()
    assert answer["operator"]["name"] == "王芳"
    return {"X-Operator": answer["operator_token"]}


ENROL = {
    "name": "赵一",
    "phone": "138 1234 5678",
    "consents": {"membership": True, "face.local": True},
    "declared_tags": ["敏感肌"],
    "is_14_or_older": True,
}


def test_enrolling_needs_an_operator_and_a_key(box: Box) -> None:
    answer = box.till().post("/v1/enrolments", json=ENROL, headers=ONCE)
    assert (answer.status_code, answer.json()["code"]) == (401, "A116")
    answer = box.till().post("/v1/enrolments", json=ENROL, headers=signed_in(box))
    assert answer.json()["code"] == "A105"


def test_enrolling_a_member(box: Box) -> None:
    headers = signed_in(box) | ONCE
    answer = box.till().post("/v1/enrolments", json=ENROL, headers=headers)
    assert answer.status_code == 200
    enrolled = answer.json()
    assert not enrolled["existing"]
    assert enrolled["claim_code"] in enrolled["claim_uri"]
    again = box.till().post("/v1/enrolments", json=ENROL, headers=headers)
    assert again.content == answer.content
    kinds = [record.draft.type for record in box.storage.journal.records()]
    assert kinds == ["member.enrolled", "consent.given", "consent.given"]
    member = box.till().get(f"/v1/members/{enrolled['member_id']}").json()
    assert (member["name"], member["ver"], member["tags"]) == ("赵*", 0, [])


def test_no_membership_without_consent(box: Box) -> None:
    body = ENROL | {"consents": {"face.local": True}}
    answer = box.till().post("/v1/enrolments", json=body, headers=signed_in(box) | ONCE)
    assert (answer.status_code, answer.json()["code"]) == (422, "A107")
    assert box.storage.journal.next_seq() == 1


def test_pins_are_checked_and_locked(box: Box) -> None:
    body = {"number": "1002", "pin": "0000"}
    codes = [box.till().post("/v1/operators/login", json=body).json()["code"] for _ in range(6)]
    assert codes == ["A110"] * 5 + ["A109"]


def test_a_member_nobody_holds(box: Box) -> None:
    answer = box.till().get(f"/v1/members/{UUID(int=5)}")
    assert (answer.status_code, answer.json()["code"]) == (404, "A108")
    assert box.till().get("/v1/members/x").json()["code"] == "A107"
