"""What a receipt brings that is claimed later."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from retail_core.checkout.receipt import Receipt, ReceiptLine
from retail_core.loyalty.claiming import claim_postings
from retail_core.loyalty.postings import Posting
from retail_core.loyalty.refunds import Returned, Standing, plan_refund

WALLET, BRAND = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Earn:
    """One point for each yuan, twice as much for gold."""

    id: str = "base"
    fen_per_point: int = 100
    tier_permille: dict[str, int] = field(default_factory=lambda: {"gold": 2_000})
    pending: bool = False


RECEIPT = Receipt(UUID(int=3), (ReceiptLine(1, 2_000, 5_000), ReceiptLine(2, 1_000, 990)))
LINES = st.lists(
    st.tuples(st.integers(1, 4_000), st.integers(0, 20_000)), min_size=1, max_size=4
).map(lambda raw: tuple(ReceiptLine(n, qty, fen) for n, (qty, fen) in enumerate(raw, start=1)))


def moved(postings: tuple[Posting, ...]) -> Counter[str]:
    """What the accounts come to."""
    found: Counter[str] = Counter()
    for posting in postings:
        found[posting.debit] -= posting.points
        found[posting.credit] += posting.points
    return Counter({name: points for name, points in found.items() if points})


def test_everything_at_the_base_tier() -> None:
    claimed = claim_postings(RECEIPT, {}, Earn(), WALLET, BRAND)
    assert (claimed.points, claimed.qualifying) == (59, 59)


def test_only_for_what_was_kept() -> None:
    claimed = claim_postings(RECEIPT, {1: 2_000}, Earn(), WALLET, BRAND)
    assert (claimed.points, claimed.qualifying) == (10, 10), "the share of the second line"
    assert claim_postings(RECEIPT, {1: 2_000, 2: 1_000}, Earn(), WALLET, BRAND).points == 0


def test_what_points_paid_earns_nothing_and_the_base_tier_has_its_own_rate() -> None:
    receipt = Receipt(UUID(int=3), (ReceiptLine(1, 1_000, 5_000),), points_fen=1_000)
    earn = Earn(tier_permille={"": 1_500, "gold": 2_000})
    claimed = claim_postings(receipt, {}, earn, WALLET, BRAND)
    assert (claimed.points, claimed.qualifying) == (60, 40), "40.00 in money, half as much again"
    assert {posting.issuer for posting in claimed.postings} == {BRAND}


def test_no_rule_no_points() -> None:
    assert claim_postings(RECEIPT, {}, None, WALLET, BRAND).postings == ()


@given(lines=LINES, data=st.data(), pending=st.booleans())
def test_claimed_after_a_refund_is_claimed_before_it(
    lines: tuple[ReceiptLine, ...], data: st.DataObject, *, pending: bool
) -> None:
    receipt, earn = Receipt(UUID(int=3), lines), Earn(pending=pending)
    back = {line.line: data.draw(st.integers(0, line.qty_milli)) for line in lines}
    after = claim_postings(receipt, back, earn, WALLET, BRAND).postings
    first = claim_postings(receipt, {}, earn, WALLET, BRAND).postings
    returned = [Returned(line, qty) for line, qty in back.items() if qty]
    if returned:
        whole = {"free": 10**9, "pending": 10**9, "qualifying": 10**9}
        made = plan_refund(Standing(receipt, first, {}), returned, wallet=WALLET, purses=whole)  # type: ignore[arg-type]
        first += made.postings
    assert moved(after) == moved(first)
    keys = {(one.line, one.rule, one.kind, one.nth) for one in after}
    assert len(keys) == len(after)


@given(LINES, st.data())
def test_a_claim_refunded_to_the_end_is_nothing(
    lines: tuple[ReceiptLine, ...], data: st.DataObject
) -> None:
    receipt = Receipt(UUID(int=3), lines)
    back = {line.line: data.draw(st.integers(0, line.qty_milli)) for line in lines}
    claimed = claim_postings(receipt, back, Earn(), WALLET, BRAND)
    rest = [
        Returned(line.line, line.qty_milli - back[line.line])
        for line in lines
        if back[line.line] < line.qty_milli
    ]
    total = claimed.postings
    if rest:
        refunds = 1 if any(back.values()) else 0
        standing = Standing(receipt, claimed.postings, back, refunds=refunds)
        purses = {"free": claimed.points, "qualifying": claimed.qualifying}
        made = plan_refund(standing, rest, wallet=WALLET, purses=purses)  # type: ignore[arg-type]
        total += made.postings
        assert made.points_owed == 0
    assert moved(total) == Counter()
