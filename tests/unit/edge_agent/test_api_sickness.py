"""A part is sick, the till still sells: each sickness at its adapter, and what the box says."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from edge_agent.adapters.replica_steady import SteadyReplica
from edge_agent.ports.cloud_link import FetchedMember
from edge_agent.ports.replica import Replica
from retail_core.pricing.certificate import PricedBasket
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import MEMBER, PHONE, Box, sale
from tests.factories.terminals import PairingDesk
from tests.factories.waiting import PATIENCE_S
from tests.fakes.cloud_directory import FakeCloudDirectory

MILK = {"sku": "milk", "unit_price_fen": 12_800, "name": "玉泽修护乳 50ml"}
SHORT = {"X-Deadline-Ms": "100"}
keys = count(1)


class Ward:
    """A box, its till, and its ways of falling ill."""

    def __init__(self, box: Box, till: TestClient) -> None:
        self.box = box
        self.till = till

    def sells(self, **changes: Any) -> Any:
        """Sell a bottle at the till's price; return the answer."""
        number = f"sick-{next(keys):06d}"
        once = {"Idempotency-Key": number}
        body = sale(12_800, **({"lines": [MILK], "till_receipt_no": number} | changes))
        return self.till.post("/v1/sales", json=body, headers=once)

    def health(self) -> tuple[str, bool, set[str]]:
        """Return what health says: state, whether it sells, and the reasons."""
        said = self.till.get("/v1/health").json()
        return said["state"], said["can_sell"], {reason["code"] for reason in said["reasons"]}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with Box(tmp_path) as box, box.till() as till:
        yield Ward(box, till)


def damage_replica(box: Box) -> None:
    """Overwrite the replica's file under the running box, and drop what it had cached."""
    file = box.storage.replica._file
    assert file.forget_log()
    path = file.path
    path.write_bytes(b"\xff" * path.stat().st_size)
    for connection in (file.writer, file._reader):
        connection.pragma("shrink_memory")


def test_without_a_cloud_nobody_waits(ward: Ward) -> None:
    found = ward.till.post("/v1/identify/phone", json={"phone": "13912345678"})
    assert (found.status_code, found.json()["outcome"]) == (200, "unknown")
    assert ward.sells().status_code == 200
    assert ward.health()[1]


def test_a_cloud_that_hangs_holds_up_its_own_question_only(ward: Ward) -> None:
    asked, hangs = threading.Event(), threading.Event()

    class Hanging(FakeCloudDirectory):
        def fetch_member(self, kind: str, value: bytes) -> FetchedMember | None:
            asked.set()
            hangs.wait(PATIENCE_S)
            return super().fetch_member(kind, value)

    ward.box.agent.services.members._directory = Hanging()
    answer = ward.till.post("/v1/identify/phone", json={"phone": "13912345678"}, headers=SHORT)
    assert (answer.status_code, answer.json()["code"]) == (503, "A149")
    # On a busy machine the deadline may come before the question was sent.
    assert asked.wait(PATIENCE_S)
    known = ward.till.post("/v1/identify/phone", json={"phone": PHONE})
    assert known.json()["outcome"] == "member"
    paid = [{"kind": "cash", "amount_fen": 12_160}]
    assert ward.sells(member_id=str(MEMBER), tenders=paid).status_code == 200
    hangs.set()


def test_without_readers_identify_says_so_in_time(ward: Ward) -> None:
    patient = {"X-Deadline-Ms": "5000"}
    answer = ward.till.post("/v1/identify", json={"deadline_ms": 10_000}, headers=patient)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "none")
    assert ward.sells().status_code == 200


def test_rules_that_cannot_be_read_leave_shelf_prices(ward: Ward) -> None:
    ward.box.storage.replica.replace_bundle(99, b"garbage")
    sold = ward.sells(member_id=str(MEMBER))
    assert (sold.status_code, sold.json()["total_fen"]) == (200, 12_800)


def test_a_search_for_prices_that_fails_leaves_shelf_prices(ward: Ward) -> None:
    def broken(*_asked: object, **_more: object) -> PricedBasket:
        raise ZeroDivisionError

    ward.box.agent.services.prices._price = broken
    sold = ward.sells(member_id=str(MEMBER))
    assert (sold.status_code, sold.json()["total_fen"]) == (200, 12_800)


def test_a_replica_that_cannot_be_read_sells_at_the_tills_price(ward: Ward) -> None:
    damage_replica(ward.box)
    sold = ward.sells()
    assert (sold.status_code, sold.json()["total_fen"]) == (200, 12_800), sold.text
    with_her = ward.sells(member_id=str(MEMBER))
    assert with_her.json()["code"] == "P106", "send it again without the member"
    no_price = ward.sells(lines=[{"sku": "milk"}])
    assert no_price.json()["code"] == "P104", "send it again with the till's price"
    state, sells, reasons = ward.health()
    assert (state, sells) == ("degraded", True)
    assert "A151" in reasons


def test_what_a_sale_looks_up_is_softened_and_what_keeps_the_feed_is_not() -> None:
    asked = {name for name in vars(Replica) if not name.startswith("_")}
    softened = asked & set(vars(SteadyReplica))
    does = ("put_", "replace_", "apply_", "step_", "begin_", "load_", "finish_", "drop_")
    writes = {name for name in asked if name.startswith(does)}
    kept = {"close", "feed_position", "list_prices", "priced_on", "bucket_sums"}
    assert asked - softened - writes == kept


def test_a_restart_begins_a_sick_replica_anew(tmp_path: Path) -> None:
    path, key, tally = tmp_path / "replica.db", b"k" * 32, FaultTally()
    SteadyReplica.opened_or_new(path, key, tally).close()
    path.write_bytes(b"\xff" * path.stat().st_size)
    again = SteadyReplica.opened_or_new(path, key, tally)
    assert again.catalogue_version() == 0
    assert again.noted() == ()
    again.close()
    assert tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}


def test_a_full_disk_refuses_before_it_says_ok_and_mends_by_itself(ward: Ward) -> None:
    writer = ward.box.storage.journal.file.writer
    writer.pragma("max_page_count", writer.pragma("page_count"))
    once = {"Idempotency-Key": "full-0001"}
    answers: list[Any] = []
    while not answers or answers[-1].status_code == 200:
        answers.append(ward.sells())
    assert answers[-1].json()["code"] == "D110"
    refused = ward.till.post("/v1/sales", json=sale(12_800), headers=once)
    assert (refused.status_code, refused.json()["code"]) == (507, "D110")
    writer.pragma("max_page_count", 1 << 30)
    sold = ward.till.post("/v1/sales", json=sale(12_800), headers=once)
    assert (sold.status_code, "idempotency-replayed" in sold.headers) == (200, False)
    booked = ward.box.screen().get("/v1/ledger").json()["rows"]
    assert len(booked) == len(answers), "the refused ones are not booked, the mended one is"


def test_a_journal_that_cannot_be_trusted_sells_nothing_and_says_so(ward: Ward) -> None:
    assert ward.sells().status_code == 200
    journal = ward.box.storage.journal
    journal._stop(1)
    answer = ward.sells()
    assert answer.json()["code"] == "D101"
    state, sells, reasons = ward.health()
    assert (state, sells) == ("cannot", False)
    assert "D101" in reasons
    quote = ward.till.post("/v1/quotes", json={"lines": [MILK]})
    assert quote.status_code == 200, "prices are still told"


def test_documents_that_cannot_be_read_forget_pairings_and_sell(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        token = PairingDesk(box).pair(name="x", kind="display")
    for path in (tmp_path / "data").glob("documents.json*"):
        path.write_bytes(b"{")
    with Box(tmp_path) as box, box.till() as till:
        assert Ward(box, till).sells().status_code == 200
        assert box.client(token).get("/v1/terminals/self").json()["code"] == "A102"
        PairingDesk(box).pair(name="x", kind="display")
