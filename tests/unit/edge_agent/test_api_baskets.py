"""A counter sale over HTTP, from the first line to the receipt."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.services.counter.baskets import STALE_MS
from retail_core import limits
from retail_core.catalog.article import Article
from tests.factories.agent_api import ARTICLES, MEMBER, SECOND_TILL, TILL, Box
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.counter_sales import TillCalls

DAY_MS = 24 * 3_600 * 1_000
GOLD_MILK = 12_160


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path / "box") as box:
        yield box


@pytest.fixture
def till(box: Box) -> TillCalls:
    return TillCalls(box.till())


def test_open_add_attach_and_commit(till: TillCalls, box: Box) -> None:
    path = till.opened("milk")
    assert till.get(path)["total_fen"] == 12_800
    shown = till.put(f"{path}/member", {"member_id": str(MEMBER)})
    assert (shown["total_fen"], shown["due_fen"], shown["state"]) == (GOLD_MILK, GOLD_MILK, "open")
    sold = till.paid(path, GOLD_MILK)
    assert (sold["total_fen"], sold["seq"], sold["points_earned"]) == (GOLD_MILK, 1, 121)
    assert box.storage.journal.next_seq() == 2
    over = till.get(path)
    assert (over["state"], over["till"], over["receipt_id"]) == (
        "committed",
        str(TILL),
        sold["receipt_id"],
    )


def test_quantities_change_and_lines_keep_their_numbers(till: TillCalls) -> None:
    path = till.opened("milk", "mask")
    till.put(f"{path}/lines/1", {"qty_milli": 0})
    shown = till.post(f"{path}/lines", {"lines": [{"sku": "sun", "qty": 2}]})
    assert [(line["line"], line["sku"]) for line in shown["lines"]] == [(2, "mask"), (3, "sun")]
    shown = till.put(f"{path}/lines/2", {"qty_milli": 3_000})
    assert shown["saved_fen"] == 8_900  # one of three masks is free
    assert till.put(f"{path}/lines/1", {"qty_milli": 1_000})["code"] == "A135"


def test_an_answer_is_given_again_also_after_a_restart(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        path = till.opened("milk")
        added = till.post(f"{path}/lines", {"lines": [{"sku": "sun"}]}, "the-key-1")
        sold = till.paid(path, 22_700, "the-key-2")
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        assert till.post(f"{path}/lines", {"lines": [{"sku": "sun"}]}, "the-key-1") == added
        assert till.paid(path, 22_700, "the-key-2") == sold
        assert till.post(f"{path}/lines", {"lines": [{"sku": "mask"}]}, "the-key-1")["code"] == (
            "A106"
        )
        assert till.paid(path, 22_700)["code"] == "A132"  # another key: it is sold
        assert box.storage.journal.next_seq() == 2


def test_open_and_parked_baskets_survive_a_restart(tmp_path: Path) -> None:
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        path, parked = till.opened("milk"), till.opened("sun")
        till.post(f"{parked}/park", {"name": "红衣服"})
        before = till.get(path)
    with Box(tmp_path / "box") as box:
        till = TillCalls(box.till())
        assert till.get(path) == before
        rows = till.get("/v1/baskets?state=parked")["baskets"]
        assert [(row["name"], row["total_fen"]) for row in rows] == [("红衣服", 9_900)]
        assert till.post(f"{parked}/lines", {"lines": [{"sku": "sun"}]})["code"] == "A133"
        assert till.paid(parked, 9_900)["code"] == "A133"
        till.post(f"{parked}/resume")
        assert till.paid(parked, 9_900)["seq"] == 1


def test_a_voided_basket_is_over(till: TillCalls) -> None:
    path = till.opened("milk")
    assert till.delete(path)["state"] == "voided"
    assert till.delete(path)["code"] == "A132"
    assert till.get("/v1/baskets")["baskets"] == []


def test_parked_ones_of_another_day_are_dropped_and_open_ones_waited_for(
    till: TillCalls, box: Box
) -> None:
    box.clock.advance(8 * 3_600 * 1_000)
    path, parked = till.opened("milk"), till.opened("sun")
    till.post(f"{parked}/park")
    box.clock.advance(DAY_MS - 1_000)
    assert till.get("/v1/baskets?state=parked")["baskets"] == []
    assert till.get(parked)["code"] == "A130"
    assert len(till.get("/v1/baskets")["baskets"]) == 1
    box.clock.advance(STALE_MS)
    assert till.get("/v1/baskets")["baskets"] == []
    assert till.get(path)["code"] == "A130"


def test_a_practice_basket_is_over_with_its_day_so_that_the_next_one_is_no_practice(
    till: TillCalls, box: Box
) -> None:
    box.clock.advance(8 * 3_600 * 1_000)
    path, real = till.opened("milk", training=True), till.opened("milk")
    box.clock.advance(DAY_MS - 1_000)
    assert [row["training"] for row in till.get("/v1/baskets")["baskets"]] == [False]
    assert till.paid(path, 12_800)["code"] == "A130"
    assert till.paid(real, 12_800)["seq"] == 1


def test_a_basket_without_lines_costs_nothing_and_is_not_sold(till: TillCalls) -> None:
    path = till.opened()
    shown = till.get(path)
    assert (shown["lines"], shown["total_fen"], shown["near_misses"]) == ([], 0, [])
    assert till.paid(path, 0)["code"] == "P101"


def test_a_new_catalogue_is_told_and_an_article_that_left_sells_on(
    till: TillCalls, box: Box
) -> None:
    path = till.opened("milk", "sun")
    dearer = Article(ARTICLES[0].article_id, "milk", "牛奶", "瓶", 13_000)
    box.storage.replica.replace_catalogue(2, [dearer])
    shown = till.put(f"{path}/lines/1", {"qty_milli": 2_000})
    assert (shown["price_changed_fen"], shown["total_fen"]) == (200, 26_000 + 9_900)
    assert till.put(f"{path}/lines/1", {"qty_milli": 1_000})["price_changed_fen"] is None
    refused = till.post(f"{path}/commit", {"tenders": [], "quoted_total_fen": 22_700})
    assert refused["code"] == "P105"
    assert till.paid(path, 22_900)["unmapped"] == ["防晒霜 SPF50+"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"sku": "milk", "qty": -1}, "P102"),
        ({"sku": "milk", "qty_milli": 0}, "P102"),
        ({"sku": "nobody knows"}, "P104"),
        ({"sku": "x", "unit_price_fen": -1}, "P103"),
        ({"sku": "x", "unit_price_fen": 10**11, "qty": 10}, "P109"),
        ({"sku": "x", "unit_price_fen": 10**12}, "A107"),
        ({"sku": "milk", "barcode": "1"}, "A107"),
    ],
)
def test_what_no_till_can_mean_changes_nothing(
    till: TillCalls, line: dict[str, object], code: str
) -> None:
    path = till.opened("milk")
    assert till.post(f"{path}/lines", {"lines": [line]})["code"] == code
    shown = till.get(path)
    assert (shown["total_fen"], shown["rev"]) == (12_800, 2)


def test_a_basket_has_its_bounds(till: TillCalls) -> None:
    path = till.opened("milk")
    lines = [{"sku": "milk"}] * 250
    assert till.post(f"{path}/lines", {"lines": lines * 4})["code"] == "A107"
    till.post(f"{path}/lines", {"lines": lines})
    assert till.post(f"{path}/lines", {"lines": lines})["code"] == "P108"
    assert len(till.get(path)["lines"]) == 251
    for _ in range(limits.BASKETS_OPEN_MAX - 1):
        till.opened()
    assert till.post("/v1/baskets")["code"] == "A134"


@pytest.mark.parametrize(
    "tenders",
    [
        [{"kind": "cash", "amount_fen": 12_799}],
        [{"kind": "cash", "amount_fen": 13_000}, {"kind": "wechat", "amount_fen": -200}],
        [{"kind": "points", "amount_fen": 12_800}],
        [],
    ],
)
def test_a_wrong_tender_sells_nothing(
    till: TillCalls, box: Box, tenders: list[dict[str, object]]
) -> None:
    path = till.opened("milk")
    assert till.post(f"{path}/commit", {"tenders": tenders})["code"] in {"P105", "P119", "A139"}
    assert box.storage.journal.next_seq() == 1
    assert till.paid(path, 12_800)["seq"] == 1


def test_a_training_basket_is_priced_as_real_and_booked_nowhere(till: TillCalls, box: Box) -> None:
    path = till.opened("milk", training=True, member_id=str(MEMBER))
    sold = till.paid(path, GOLD_MILK, "training-1")
    assert (sold["training"], sold["seq"], sold["total_fen"]) == (True, 0, GOLD_MILK)
    assert (sold["claim_token"], box.storage.journal.next_seq()) == (None, 1)
    assert till.paid(path, GOLD_MILK, "training-1") == sold
    assert till.paid(path, GOLD_MILK)["code"] == "A132"


def test_another_lanes_basket_is_not_shown(tmp_path: Path) -> None:
    with Box(tmp_path / "box", two_lanes=True) as box:
        till, other = TillCalls(box.till()), TillCalls(box.second_till())
        path = till.opened("milk")
        assert other.get(path)["code"] == "A131"
        assert other.post(f"{path}/lines", {"lines": [{"sku": "sun"}]})["code"] == "A131"
        assert other.get("/v1/baskets")["baskets"] == []
        assert till.post("/v1/baskets", {"till": str(SECOND_TILL)})["code"] == "A131"


def test_the_screen_sells_once_a_clerk_has_signed_in(box: Box) -> None:
    screen = TillCalls(box.screen())
    assert screen.post("/v1/baskets")["code"] == "A116"
    login = {"number": "1001", "pin": OPERATOR_PIN}
    screen.client.headers["X-Operator"] = screen.post("/v1/operators/login", login)[
        "operator_token"
    ]
    path = screen.opened("milk")
    assert screen.paid(path, 12_800)["seq"] == 1
    (record,) = box.storage.journal.records(type_="sale")
    assert record.draft.till == TILL, "not under the one that only prints: its day is its own"
    assert record.draft.operator is not None


def test_a_full_disk_changes_nothing(till: TillCalls, box: Box) -> None:
    path = till.opened("milk")
    box.storage.journal.file.writer.pragma("max_page_count", 1)
    lines = [{"sku": f"unknown {n}" * 5, "unit_price_fen": 1, "name": "x" * 200} for n in range(60)]
    said = till.post(f"{path}/lines", {"lines": lines})
    assert said["code"] == "D110", "a basket is a sale's: it takes all the room kept for money"
    box.storage.journal.file.writer.pragma("max_page_count", 1_000_000)
    assert len(till.get(path)["lines"]) == 1
    assert till.paid(path, 12_800)["seq"] == 1


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 20_000, b"1" * 6_000])
def test_a_body_that_nobody_asked_for_and_nobody_can_read_is_refused(
    till: TillCalls, body: bytes
) -> None:
    headers = {"Idempotency-Key": "garbage-key", "Content-Type": "application/json"}
    answer = till.client.post(f"{till.opened()}/resume", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "A107")
