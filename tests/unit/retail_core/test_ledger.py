from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.loyalty.postings import Ledger, Posting, PostingKey, posting_key, reverse
from retail_core.texts.faults import FaultCode
from tests.factories.pricing import LEGAL_ENTITY, RECEIPT, TENANT

ACCOUNTS = ("member:1:free", "member:2:free", "brand:9:liability", "brand:9:suspense")
FIVE = Posting(1, "yuan", "earn", 0, "brand", "member", 5, LEGAL_ENTITY)
KEY = posting_key(TENANT, RECEIPT, FIVE)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[PostingKey, Posting]]:
    entries = []
    for number in range(draw(st.integers(1, 6))):
        debit, credit = draw(st.permutations(ACCOUNTS))[:2]
        points = draw(st.integers(1, 1000))
        posting = Posting(number, "r", "earn", 0, debit, credit, points, LEGAL_ENTITY)
        receipt = UUID(int=draw(st.integers(0, 2)))
        entries.append((posting_key(TENANT, receipt, posting), posting))
    return entries


def folded(entries: list[tuple[PostingKey, Posting]]) -> Ledger:
    ledger = Ledger()
    for key, posting in entries:
        ledger.post(key, posting)
    return ledger


def test_a_posting_moves_points_once() -> None:
    ledger = Ledger()
    assert ledger.balance("member") == 0
    assert ledger.post(KEY, FIVE) is True
    assert ledger.post(KEY, FIVE) is False
    assert (ledger.balance("member"), ledger.balance("brand")) == (5, -5)
    assert ledger.balances() == {"member": 5, "brand": -5}
    assert ledger.postings() == ((KEY, FIVE),)


def test_balances_add_up_over_postings() -> None:
    other = replace(FIVE, line=2, points=7)
    ledger = folded([(KEY, FIVE), (posting_key(TENANT, RECEIPT, other), other)])
    assert ledger.balances() == {"member": 12, "brand": -12}


@pytest.mark.parametrize(
    "other",
    [
        replace(FIVE, points=6),
        replace(FIVE, credit="another"),
        replace(FIVE, debit="another"),
        replace(FIVE, issuer=UUID(int=77)),
        replace(FIVE, redeemer=LEGAL_ENTITY),
    ],
)
def test_a_key_never_takes_other_content(other: Posting) -> None:
    ledger = folded([(KEY, FIVE)])
    with pytest.raises(Fault) as refused:
        ledger.post(KEY, other)
    assert refused.value.code == FaultCode.LEDGER_KEY_CONFLICT
    assert ledger.balances() == {"member": 5, "brand": -5}
    assert ledger.postings() == ((KEY, FIVE),)


@pytest.mark.parametrize(
    "key",
    [
        replace(KEY, line=2),
        replace(KEY, rule="other"),
        replace(KEY, kind="other"),
        replace(KEY, nth=1),
    ],
)
def test_a_key_belongs_to_its_posting(key: PostingKey) -> None:
    with pytest.raises(ValueError, match=r"^the key does not belong"):
        Ledger().post(key, FIVE)


def test_tenants_and_receipts_do_not_meet() -> None:
    keys = [KEY, replace(KEY, tenant=UUID(int=8)), replace(KEY, receipt_id=UUID(int=8))]
    assert folded([(key, FIVE) for key in keys]).balance("member") == 15


def test_what_a_ledger_hands_out_does_not_change_it() -> None:
    ledger = folded([(KEY, FIVE)])
    ledger.balances().clear()
    assert ledger.balance("member") == 5


@given(st.data(), histories())
def test_any_order_and_multiplicity_gives_the_same_balances(
    data: st.DataObject, history: list[tuple[PostingKey, Posting]]
) -> None:
    again = data.draw(st.lists(st.sampled_from(history)))
    replayed = data.draw(st.permutations(history + again))
    assert folded(list(replayed)).balances() == folded(history).balances()


@given(histories())
def test_what_is_debited_is_credited(history: list[tuple[PostingKey, Posting]]) -> None:
    assert sum(folded(history).balances().values()) == 0


@given(histories(), histories())
def test_a_reversal_restores_every_balance(
    before: list[tuple[PostingKey, Posting]], history: list[tuple[PostingKey, Posting]]
) -> None:
    before = [(replace(key, tenant=UUID(int=50)), posting) for key, posting in before]
    backwards = [
        (posting_key(key.tenant, key.receipt_id, back), back)
        for key, posting in history
        for back in reverse([posting])
    ]
    kept = {account: points for account, points in folded(before).balances().items() if points}
    after = folded(before + history + backwards + backwards).balances()
    assert {account: points for account, points in after.items() if points} == kept
