from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.postings import (
    Posting,
    PostingKey,
    brand_account,
    from_wire,
    leased_account,
    member_account,
    points_earned,
    posting_key,
    reverse,
    to_wire,
)
from retail_core.pricing.rules.bundle import EarnRule
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WirePosting
from tests.factories.pricing import LEGAL_ENTITY, RECEIPT, TENANT, WALLET, priced

PER_YUAN = EarnRule(id="yuan", fen_per_point=100, tier_permille={"gold": 1500, "guest": 0})
DEVICE = UUID(int=9)


def posting(
    points: int = 5, *, kind: str = "earn", debit: str = "d", redeemer: UUID | None = None
) -> Posting:
    return Posting(1, "yuan", kind, 0, debit, "c", points, LEGAL_ENTITY, redeemer)


def earned(kind: str, tier: str, *net_fens: int) -> dict[int, int]:
    postings = earn_postings(priced(*net_fens), PER_YUAN, tier, WALLET, LEGAL_ENTITY)
    return {entry.line: entry.points for entry in postings if entry.kind == kind}


def test_accounts_have_names() -> None:
    assert member_account(WALLET, "free") == f"member:{WALLET}:free"
    assert leased_account(WALLET, DEVICE, 3) == f"member:{WALLET}:leased:{DEVICE}:3"
    assert brand_account(LEGAL_ENTITY, "breakage") == f"brand:{LEGAL_ENTITY}:breakage"


def test_a_receipt_earns_points_to_spend_and_points_that_qualify() -> None:
    postings = earn_postings(priced(1000), PER_YUAN, "gold", WALLET, LEGAL_ENTITY)
    liability, suspense = f"brand:{LEGAL_ENTITY}:liability", f"brand:{LEGAL_ENTITY}:suspense"
    free, qualifying = f"member:{WALLET}:free", f"member:{WALLET}:qualifying"
    assert postings == (
        Posting(1, "yuan", "earn", 0, liability, free, 15, LEGAL_ENTITY, None),
        Posting(1, "yuan", "qualify", 0, suspense, qualifying, 10, LEGAL_ENTITY, None),
    )


@pytest.mark.parametrize(
    ("tier", "net_fen", "points"),
    [
        ("standard", 99, 0),
        ("standard", 100, 1),
        ("standard", 199, 1),
        ("standard", 12_345, 123),
        ("gold", 66, 0),
        ("gold", 67, 1),
        ("gold", 12_345, 185),
        ("guest", 12_345, 0),
    ],
)
def test_points_round_down_once_per_receipt(tier: str, net_fen: int, points: int) -> None:
    assert sum(earned("earn", tier, net_fen).values()) == points
    assert sum(earned("qualify", tier, net_fen).values()) == net_fen // 100


def test_points_are_split_over_lines_by_what_they_cost() -> None:
    assert earned("earn", "standard", 150, 150) == {1: 2, 2: 1}
    assert earned("earn", "standard", 50, 250) == {1: 1, 2: 2}
    assert earned("earn", "standard", 0, 20, 280) == {3: 3}


def test_a_free_basket_or_a_bundle_without_earning_earns_nothing() -> None:
    assert earn_postings(priced(0), PER_YUAN, "gold", WALLET, LEGAL_ENTITY) == ()
    assert earn_postings(priced(1000), None, "gold", WALLET, LEGAL_ENTITY) == ()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.sampled_from(["gold", "x"]))
def test_lines_add_up_to_the_receipt(net_fens: list[int], tier: str) -> None:
    postings = earn_postings(priced(*net_fens), PER_YUAN, tier, WALLET, LEGAL_ENTITY)
    thousandths = 1500 if tier == "gold" else 1000
    assert points_earned(postings) == sum(net_fens) * thousandths // 100_000
    assert len({(entry.line, entry.kind) for entry in postings}) == len(postings)


def test_only_points_to_spend_count_as_earned() -> None:
    assert points_earned([posting(3), posting(4), posting(9, kind="qualify")]) == 7


def test_a_reversal_swaps_the_accounts_under_a_key_of_its_own() -> None:
    there = Posting(2, "yuan", "earn", 1, "d", "c", 5, LEGAL_ENTITY, DEVICE)
    back = Posting(2, "yuan", "earn.reversed", 1, "c", "d", 5, LEGAL_ENTITY, DEVICE)
    assert reverse([there]) == (back,)
    assert reverse([back])[0].kind == "earn.reversed.reversed"


def test_a_posting_moves_a_positive_bounded_number_between_two_accounts() -> None:
    assert posting(1).points == 1
    assert posting(limits.AMOUNT_FEN_MAX).points == limits.AMOUNT_FEN_MAX
    for points in (0, -1, limits.AMOUNT_FEN_MAX + 1):
        with pytest.raises(ValueError, match=r"^a posting moves a positive"):
            posting(points)
    with pytest.raises(ValueError, match=r"^a posting needs two accounts"):
        posting(debit="c")


def test_the_key_names_receipt_line_and_rule() -> None:
    entry = Posting(2, "yuan", "earn", 1, "d", "c", 5, LEGAL_ENTITY)
    assert posting_key(TENANT, RECEIPT, entry) == PostingKey(
        TENANT, RECEIPT, line=2, rule="yuan", kind="earn", nth=1
    )


@pytest.mark.parametrize("redeemer", [None, DEVICE])
def test_postings_travel(redeemer: UUID | None) -> None:
    entry = posting(7, redeemer=redeemer)
    wire = to_wire(entry)
    assert wire == WirePosting(
        1,
        "yuan",
        "earn",
        0,
        "d",
        "c",
        7,
        LEGAL_ENTITY.bytes,
        None if redeemer is None else redeemer.bytes,
    )
    assert from_wire(wire) == entry


@pytest.mark.parametrize(
    "wire",
    [
        WirePosting(1, "r", "k", 0, "d", "c", 0, LEGAL_ENTITY.bytes),
        WirePosting(1, "r", "k", 0, "d", "c", -5, LEGAL_ENTITY.bytes),
        WirePosting(1, "r", "k", 0, "c", "c", 5, LEGAL_ENTITY.bytes),
        WirePosting(1, "r", "k", 0, "d", "c", 5, b"short"),
        WirePosting(1, "r", "k", 0, "d", "c", 5, LEGAL_ENTITY.bytes, b""),
    ],
)
def test_what_is_no_posting_is_refused(wire: WirePosting) -> None:
    with pytest.raises(Fault) as refused:
        from_wire(wire)
    assert refused.value.code == FaultCode.WIRE_MALFORMED
