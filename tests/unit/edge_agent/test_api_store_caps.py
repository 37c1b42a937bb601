"""A store's cap of a day at the till: counted by the only box, drawn from leases beside another."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retail_core.loyalty.cap_sharing import END, cap_right
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.lease import LeaseEpoch, LeaseHello
from retail_core.wire.messages import LeaseSpend
from tests.factories.agent_api import Box
from tests.factories.counter_sales import Redeeming, TillCalls

FULL, HALF = 12_800, 6_400
RULES = {
    "version": 5,
    "offers": [
        {"kind": "tier_price", "id": "first2", "name": "每天头两份半价", "permille": 500,
         "items": {"skus": ["milk"]}, "caps": {"per_store_day": 2}},
    ],
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Redeeming]:
    with Box(tmp_path / "box") as box:
        shop = Redeeming(box)
        box.storage.replica.replace_bundle(5, json.dumps(RULES).encode())
        yield shop


@pytest.fixture
def till(shop: Redeeming) -> TillCalls:
    return TillCalls(shop.box.till())


def told(shop: Redeeming, caps_word: int, share_from: int = 0, alone_from: int = 0) -> None:
    """Let the box in, with a word on its store's caps."""
    boot = shop.box.agent.basis.clock.now().boot_id
    epoch = LeaseEpoch(
        shop.device,
        1,
        boot.bytes,
        caps_word=caps_word,
        share_from=share_from,
        alone_from=alone_from,
    )
    shop.hears(ChangeKind.LEASE_EPOCH, epoch)


def buys(till: TillCalls, units: int = 1) -> tuple[int, int]:
    """Sell so many at the price of the moment; return what was asked and the answer's status."""
    path = till.opened(*["milk"] * units)
    asked: int = till.get(path)["due_fen"]
    till.paid(path, asked)
    return asked, till.status


def said(shop: Redeeming) -> list[Any]:
    hellos = shop.box.storage.journal.records(type_=EventType.LEASE_HELLO)
    return [decode_body(EventType.LEASE_HELLO, one.draft.body) for one in hellos]


def test_an_empty_card_gives_nothing_before_it_is_told_that_it_is_alone(
    till: TillCalls, shop: Redeeming
) -> None:
    assert buys(till) == (FULL, 200)
    told(shop, caps_word=1, alone_from=1)
    assert [buys(till)[0] for _ in range(3)] == [HALF, HALF, FULL]
    assert shop.sold().lease_spends == ()
    assert said(shop)[-1].caps_word == 1
    assert said(shop)[-1].caps_from == 0


def test_beside_another_box_only_what_was_lent_is_sold_and_it_is_spent_with_the_sale(
    till: TillCalls, shop: Redeeming
) -> None:
    basis = shop.box.agent.basis
    today = shop.box.agent.services.prices.business_date(basis.clock.now())
    assert today is not None
    told(shop, caps_word=1, share_from=today)
    right = cap_right(basis.shop.tenant, basis.shop.store, "first2", today)
    assert buys(till)[0] == FULL
    shop.lend(right, 1)
    other = till.opened("milk")
    assert till.get(other)["due_fen"] == HALF, "held back for this basket"
    assert buys(till)[0] == FULL
    till.paid(other, HALF)
    assert till.status == 200
    assert shop.sold().lease_spends == (LeaseSpend("budget", right.id.bytes, 1, 1, 1),)
    assert shop.sold().uses == (("first2", 1),)
    assert shop.leases.spendable(right) == 0
    assert buys(till, units=2)[0] == 2 * FULL


def test_it_shares_from_its_next_day_on_and_says_so(till: TillCalls, shop: Redeeming) -> None:
    told(shop, caps_word=1, alone_from=1)
    told(shop, caps_word=2, share_from=1)
    assert [buys(till)[0] for _ in range(3)] == [HALF, HALF, FULL], "today is its own still"
    hello: LeaseHello = said(shop)[-1]
    assert hello.caps_word == 2
    today = shop.box.agent.services.prices.business_date(shop.box.agent.basis.clock.now())
    assert today is not None
    assert today < hello.caps_from < END
    assert not shop.leases.shares_caps(today)
    assert shop.leases.shares_caps(hello.caps_from)


def test_a_word_heard_again_is_answered_and_changes_nothing(shop: Redeeming) -> None:
    told(shop, caps_word=2, alone_from=1)
    told(shop, caps_word=1, share_from=1)
    assert [(one.caps_word, one.caps_from) for one in said(shop)[-2:]] == [(2, 0), (2, 0)]
