"""Receipts over HTTP: a box looks one up and reads the answer, a phone claims one."""

from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.ports.catalogue import Document
from edge_agent.adapters.fetched import fetched_receipt
from retail_core.identity.receipt_claim import claim_key, mint_claim
from retail_core.pricing.rules.bundle import bundle_hash
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import Event, Sale
from retail_core.wire.refund import Refund
from tests.factories.member_phone import Cloud, Phone
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import token_hash, token_of

RULES = b'{"version": 1, "offers": [], "earn": {"id": "base", "fen_per_point": 100}}'


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    """Build the application once, with rules by which sales earn."""
    made = Cloud()
    signed = bytes(64) + RULES
    document = Document("bundle", 1, sha256(signed).digest(), signed)
    with made.units.begin(made.box.tenant) as unit:
        unit.catalogue.add_bundle(document, RULES, "hq")
    made.alive()
    return made


def guest(cloud: Cloud) -> tuple[Event, UUID]:
    """Sell for 59 yuan to nobody."""
    cloud.box.wall_ms = cloud.clock.now_ms()
    sold = cloud.box.sells(bundle_version=1, bundle_hash=bundle_hash(RULES))
    sale = decode_body("sale", sold.body)
    assert isinstance(sale, Sale)
    return sold, UUID(bytes=sale.receipt_id)


def from_box(cloud: Cloud) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(cloud.box)}"}


def test_a_box_reads_what_it_looks_up(cloud: Cloud) -> None:
    sold, receipt = guest(cloud)
    refund = cloud.box.refunds(sold, (1, 500), fen=2_900)
    cloud.book()
    path = f"/v1/device/receipts/{receipt}"
    answer = cloud.client.get(path, headers=from_box(cloud))
    assert answer.status_code == 200
    found = fetched_receipt(answer.json())
    assert (found.sale.receipt_id, found.store, found.member) == (
        receipt.bytes,
        cloud.box.store,
        None,
    )
    assert [one.body for one in found.refunds] == [decode_body("refund", refund.body)]
    assert isinstance(found.refunds[0].body, Refund)
    query = f"/v1/device/receipts?number={found.sale.till_receipt_no}&day=20261118"
    listed = cloud.client.get(query, headers=from_box(cloud)).json()
    assert [fetched_receipt(one) for one in listed] == [found]


def test_who_may_look_up_and_what_is_not_there(cloud: Cloud) -> None:
    path = f"/v1/device/receipts/{fresh_id()}"
    assert cloud.client.get(path).json()["code"] == "A101"
    assert cloud.client.get(path, headers=from_box(cloud)).json()["code"] == "A108"
    for query in ("number=1&day=20261399", "number=&day=20261118", "number=1&day=1", "number=1"):
        answer = cloud.client.get(f"/v1/device/receipts?{query}", headers=from_box(cloud))
        assert answer.status_code == 422, query


def test_a_phone_claims_a_receipt(cloud: Cloud) -> None:
    phone = Phone(cloud)
    assert phone.claim(cloud.enrolled().claim_code).status_code == 200
    _, receipt = guest(cloud)
    token = mint_claim(claim_key(token_hash(cloud.box)), receipt)
    path = "/v1/member/receipts/claim"
    early = phone.ask("POST", path, {"token": token})
    assert (early.status_code, early.json()["code"]) == (409, "A156")
    assert "稍后再试" in early.json()["zh"]
    cloud.book()
    done = phone.ask("POST", path, {"token": f"https://r.example/m/#r={token}"})
    assert done.status_code == 200
    assert (done.json()["points"], done.json()["pending"], done.json()["total_fen"]) == (
        59,
        False,
        5_900,
    )
    assert phone.ask("POST", path, {"token": token}).json()["code"] == "A158"
    assert phone.ask("POST", path, {"token": "x"}).json()["code"] == "A155"
    assert phone.ask("POST", path, {}).status_code == 422
    assert cloud.client.post(path, json={"token": token}).status_code == 401


def test_a_bill_is_its_buyers_and_tells_what_came_back(cloud: Cloud) -> None:
    ann, ben = Phone(cloud), Phone(cloud)
    buyer = cloud.enrolled()
    assert ann.claim(buyer.claim_code).status_code == 200
    assert ben.claim(cloud.enrolled().claim_code).status_code == 200
    event = cloud.box.sells(buyer)
    sale = decode_body("sale", event.body)
    assert isinstance(sale, Sale)
    key, path = claim_key(token_hash(cloud.box)), "/v1/member/receipts/bill"
    token = mint_claim(key, UUID(bytes=sale.receipt_id))
    assert ann.ask("POST", path, {"token": token}).json()["code"] == "A156"
    cloud.book()
    bill = ann.ask("POST", path, {"token": token}).json()
    assert bill["total_fen"] == sale.total_fen
    assert [one["net_fen"] for one in bill["lines"]] == [one.net_fen for one in sale.lines]
    assert {one["back_milli"] for one in bill["lines"]} == {0}
    cloud.box.refunds(event, (1, 500), fen=2_900)
    cloud.book()
    bill = ann.ask("POST", path, {"token": token}).json()
    assert [one["back_milli"] for one in bill["lines"]] == [500, 0]
    hers = ben.ask("POST", path, {"token": token})
    assert (hers.status_code, hers.json()["code"]) == (404, "A108")
    forged = mint_claim(claim_key(b"x" * 32), UUID(bytes=sale.receipt_id))
    assert ann.ask("POST", path, {"token": forged}).json()["code"] == "A155"
