"""Points, coupons, budgets and caps at the till: only what this box was lent, only who is sure."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from retail_core.identity.assurance import Standing
from retail_core.loyalty.leases import RightKind
from retail_core.wire.messages import LeaseSpend
from tests.factories.agent_api import MEMBER, PHONE, Box, sale
from tests.factories.counter_sales import (
    BY_FACE,
    COUPON,
    POINTS,
    RULES,
    SURE,
    WALLET,
    Redeeming,
    TillCalls,
    redeemer,
)
from tests.factories.shop_floor import make_id
from tests.factories.waiting import PATIENCE_S

GOLD_MILK = 12_160
COUPON_MILK = GOLD_MILK - 1_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Redeeming]:
    with Box(tmp_path / "box") as box:
        yield Redeeming(box)


@pytest.fixture
def till(shop: Redeeming) -> TillCalls:
    return TillCalls(shop.box.till())


def hers(till: TillCalls, *skus: str) -> str:
    """Open a basket of the member's."""
    return till.opened(*(skus or ("milk",)), member_id=str(MEMBER))


def test_points_and_a_coupon_are_spent_with_the_sale(till: TillCalls, shop: Redeeming) -> None:
    shop.lend_all()
    shop.known()
    path = hers(till)
    shown = till.put(f"{path}/redeem", {"points": 950, "coupons": [str(COUPON)]})
    redeem = shown["redeem"]
    assert (redeem["points_chosen"], redeem["points_fen"], redeem["refused"]) == (950, 900, None)
    assert (redeem["points_max"], redeem["points_step"]) == (2_000, 100)
    assert redeem["coupons"][0] == {
        "id": str(COUPON),
        "rule": "ten",
        "name": "满百减十",
        "name_en": "Ten off a hundred",
        "chosen": True,
        "usable": True,
        "last_day": 20991231,
    }
    assert (shown["total_fen"], shown["due_fen"]) == (COUPON_MILK, COUPON_MILK - 900)
    assert (shown["coupon"]["fen_off"], shown["coupon"]["name_en"]) == (1_000, "Ten off a hundred")
    assert shop.leases.spendable(POINTS) == 1_100  # held back for this basket
    sold = till.paid(path, COUPON_MILK - 900)
    assert (sold["points_redeemed"], sold["points_fen"], sold["points_earned"]) == (900, 900, 102)
    assert shop.leases.spendable(POINTS) == 1_100
    sale = shop.sold()
    assert sale.tenders == (("cash", COUPON_MILK - 900), ("points", 900))
    assert sale.lease_spends == (
        LeaseSpend("points", WALLET.bytes, 1, 1, 900),
        LeaseSpend("coupon", COUPON.bytes, 1, 2, 1),
    )
    assert sale.coupon is not None
    assert (sale.coupon.id, sale.coupon.rule, sale.coupon.fen_off) == (COUPON.bytes, "ten", 1_000)
    redeemed = [one for one in sale.postings if one.kind == "redeem"]
    entity = shop.box.agent.basis.shop.legal_entity
    assert [(one.points, one.credit) for one in redeemed] == [(900, f"brand:{entity}:clearing")]
    assert redeemed[0].debit.startswith(f"member:{WALLET}:leased:")


@pytest.mark.parametrize(("standing", "code"), [(BY_FACE, "A136"), (SURE, "L131")])
def test_a_face_never_spends_and_a_box_not_let_in_waits(
    till: TillCalls, shop: Redeeming, standing: Standing, code: str
) -> None:
    if standing is BY_FACE:
        shop.lend_all()
    shop.known(standing)
    path = hers(till)
    shown = till.put(f"{path}/redeem", {"points": 100})
    assert shown["redeem"]["refused"]["code"] == code
    assert (shown["redeem"]["points_max"], shown["redeem"]["coupons"]) == (0, [])
    assert shown["due_fen"] == GOLD_MILK
    sold = till.paid(path, GOLD_MILK)  # the sale goes on
    assert (sold["points_redeemed"], sold["points_earned"]) == (0, 121)
    assert sold["refused"]["code"] == shown["redeem"]["refused"]["code"]


def test_a_store_that_takes_no_points_says_so_and_offers_none(
    till: TillCalls, shop: Redeeming
) -> None:
    rules = json.loads(RULES)
    rules["version"] = 5
    here = shop.box.agent.basis.shop.store_name
    rules["restrictions"] = [{"stores": [here], "points_off": True}]
    shop.box.storage.replica.replace_bundle(5, json.dumps(rules).encode())
    shop.lend_all()
    shop.known()
    path = hers(till)
    redeem = till.get(path)["redeem"]
    assert (redeem["points_max"], redeem["refused"]) == (0, None)
    assert redeem["elsewhere"] == {"state": "none", "points_coming": 0, "points_dark": 0}
    shown = till.put(f"{path}/redeem", {"points": 900})
    assert (shown["redeem"]["refused"]["code"], shown["due_fen"]) == ("A142", GOLD_MILK)
    sold = till.paid(path, GOLD_MILK)
    assert (sold["points_redeemed"], sold["points_earned"]) == (0, 121)
    assert shop.leases.spendable(POINTS) == 2_000


def test_showing_a_code_later_makes_the_wish_come_true(till: TillCalls, shop: Redeeming) -> None:
    shop.lend_all()
    till.post("/v1/identify/phone", {"phone": PHONE})
    path = hers(till)
    assert till.put(f"{path}/redeem", {"points": 200})["redeem"]["refused"]["code"] == "A136"
    shop.known()
    assert till.get(path)["due_fen"] == GOLD_MILK - 200
    assert till.paid(path, GOLD_MILK - 200)["points_redeemed"] == 200


def test_who_only_says_a_number_learns_no_name_from_the_sale(
    till: TillCalls, shop: Redeeming
) -> None:
    till.post("/v1/identify/phone", {"phone": PHONE})
    assert till.paid(hers(till), GOLD_MILK)["member"]["name"] == "李*"
    till.post("/v1/identify/phone", {"phone": PHONE})
    sold = till.post("/v1/sales", sale(GOLD_MILK, member_id=str(MEMBER)))
    assert sold["member"]["name"] == "李*"
    shop.known()
    assert till.paid(hers(till), GOLD_MILK)["member"]["name"] == "李敏"


def test_what_is_held_back_for_one_basket_is_not_there_for_another(
    till: TillCalls, shop: Redeeming
) -> None:
    shop.lend_all(points=500)
    shop.known()
    first, second = hers(till), hers(till)
    till.put(f"{first}/redeem", {"points": 400, "coupons": [str(COUPON)]})
    shown = till.put(f"{second}/redeem", {"points": 200})
    refused = shown["redeem"]["refused"]
    assert (refused["code"], "100" in refused["zh"], shown["due_fen"]) == ("L130", True, GOLD_MILK)
    assert till.put(f"{second}/redeem", {"coupons": [str(COUPON)]})["redeem"]["refused"][
        "code"
    ] == ("A137")
    till.post(f"{first}/park")
    both = {"points": 500, "coupons": [str(COUPON)]}
    assert till.put(f"{second}/redeem", both)["due_fen"] == COUPON_MILK - 500
    back = till.post(f"{first}/resume")
    assert (back["redeem"]["refused"]["code"], back["due_fen"]) == ("L130", GOLD_MILK)
    till.delete(second)
    assert till.get(first)["due_fen"] == COUPON_MILK - 400
    till.delete(f"{first}/member")
    assert shop.leases.spendable(POINTS) == 500


def test_asking_for_too_much_leaves_what_the_basket_had(till: TillCalls, shop: Redeeming) -> None:
    shop.lend_all(points=1_000)
    shop.known()
    path, other = hers(till), hers(till)
    till.put(f"{path}/redeem", {"points": 400, "coupons": [str(COUPON)]})
    refused = till.put(f"{path}/redeem", {"points": 9_000})
    assert (refused["redeem"]["refused"]["code"], refused["due_fen"]) == ("L130", GOLD_MILK)
    assert shop.leases.spendable(POINTS) == 600  # still held back for this basket
    assert till.get(path)["redeem"]["refused"]["code"] == "L130"
    assert till.put(f"{other}/redeem", {"points": 700})["redeem"]["refused"]["code"] == "L130"
    assert till.put(f"{path}/redeem", {"points": 1_000})["due_fen"] == GOLD_MILK - 1_000
    till.put(f"{path}/redeem", {"points": 9_000})
    assert till.paid(path, GOLD_MILK)["points_redeemed"] == 0
    assert shop.leases.spendable(POINTS) == 1_000  # the basket is over
    assert shop.sold().lease_spends == ()


def test_what_another_member_had_is_let_go_when_the_basket_is_hers_no_more(
    till: TillCalls, shop: Redeeming
) -> None:
    shop.lend_all(points=1_000)
    shop.known()
    path = hers(till)
    till.put(f"{path}/redeem", {"points": 400})
    till.put(f"{path}/redeem", {"points": 9_000})
    till.delete(f"{path}/member")
    assert shop.leases.spendable(POINTS) == 1_000
    assert till.get(path)["redeem"]["refused"] is None


def test_a_coupon_of_nobody_or_past_its_day_is_refused_in_words(
    till: TillCalls, shop: Redeeming
) -> None:
    shop.lend_all()
    shop.known()
    path = hers(till)
    shown = till.put(f"{path}/redeem", {"coupons": [str(UUID(int=0xDEAD))]})
    assert (shown["redeem"]["refused"]["code"], shown["due_fen"]) == ("A137", GOLD_MILK)
    assert till.put(f"{till.opened('milk')}/redeem", {"points": 100})["redeem"]["refused"][
        "code"
    ] == ("A141")


def test_a_coupon_of_another_chain_is_never_said_to_be_on_its_way(
    till: TillCalls, shop: Redeeming, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.let_in()  # her own coupon lies elsewhere and is being fetched
    shop.known()
    monkeypatch.setattr(shop.box.agent.services.counter.asking, "_connected", lambda: True)
    path = hers(till)
    foreign = till.put(f"{path}/redeem", {"coupons": [str(UUID(int=0xDEAD))]})["redeem"]
    assert (foreign["refused"]["code"], foreign["elsewhere"]["state"]) == ("A137", "asking")
    own = till.put(f"{path}/redeem", {"coupons": [str(COUPON)]})["redeem"]
    assert own["refused"]["code"] == "S180"


def test_a_training_basket_redeems_nothing(till: TillCalls, shop: Redeeming) -> None:
    shop.lend_all()
    shop.known()
    path = till.opened("milk", member_id=str(MEMBER), training=True)
    shown = till.put(f"{path}/redeem", {"points": 100})
    assert (shown["redeem"]["refused"]["code"], shown["due_fen"]) == ("A138", GOLD_MILK)
    assert shop.leases.spendable(POINTS) == 2_000


def test_the_old_routes_redeem_too(till: TillCalls, shop: Redeeming) -> None:
    shop.lend_all()
    shop.known()
    asked = {"lines": [{"sku": "milk"}], "member_id": str(MEMBER), "points": 300}
    quote = till.post("/v1/quotes", asked | {"coupons": [str(COUPON)]})
    assert (quote["total_fen"], quote["due_fen"]) == (COUPON_MILK, COUPON_MILK - 300)
    assert shop.leases.spendable(POINTS) == 2_000
    bought = asked | {
        "coupons": [str(COUPON)],
        "till_receipt_no": "7",
        "tenders": [{"kind": "cash", "amount_fen": 1}],
    }
    assert till.post("/v1/sales", bought)["code"] == "P105"
    assert shop.leases.spendable(POINTS) == 2_000
    bought["tenders"] = [{"kind": "cash", "amount_fen": COUPON_MILK - 300}]
    assert till.post("/v1/sales", bought)["points_redeemed"] == 300
    assert shop.leases.spendable(POINTS) == 1_700


def test_a_campaign_is_drawn_on_as_far_as_this_box_was_lent(
    till: TillCalls, shop: Redeeming
) -> None:
    shop.lend_all()
    three = ("milk", "milk", "milk")
    for _ in range(2):
        assert till.paid(till.opened(*three), 38_400 - 2_000)["saved_fen"] == 2_000
        assert [one.kind for one in shop.sold().lease_spends] == [RightKind.BUDGET]
    assert till.get(till.opened(*three))["total_fen"] == 38_400


def test_a_cap_counts_what_this_box_sold_and_what_the_cloud_tells(
    till: TillCalls, shop: Redeeming
) -> None:
    shop.box.clock.advance(8 * 3_600 * 1_000)
    day = till.get(hers(till, "sun"))["total_fen"]
    assert day == 9_405  # nobody can tell how often she had it today
    today = shop.box.agent.services.prices.business_date(shop.box.clock.now())
    shop.box.storage.replica.put_member(MEMBER, 6, redeemer(used_on=today))
    path = hers(till, "sun", "sun")
    assert till.get(path)["total_fen"] == 5_000 + 9_405
    sold = till.paid(path, 14_405)
    assert shop.sold().uses == (("sun1", 1),)
    facts = shop.sold().priced_for
    assert facts is not None
    assert facts.use_known
    assert till.get(hers(till, "sun"))["total_fen"] == 9_405
    back = {"receipt_id": sold["receipt_id"], "lines": [{"line": 2, "qty_milli": 1_000}]}
    taken = {"reason": "不合适", "tenders": [{"kind": "cash", "amount_fen": 5_000}]}
    assert "code" not in till.post("/v1/refunds", back | taken)
    assert till.get(hers(till, "sun"))["total_fen"] == 5_000


def test_uses_count_for_the_day_the_basket_was_opened(till: TillCalls, shop: Redeeming) -> None:
    shop.box.clock.advance(8 * 3_600 * 1_000)
    today = shop.box.agent.services.prices.business_date(shop.box.clock.now())
    assert today is not None
    shop.box.storage.replica.put_member(MEMBER, 6, redeemer(used_on=today))
    path = hers(till, "sun")
    shop.box.clock.advance(20 * 3_600 * 1_000)
    till.paid(path, 5_000)
    sale = shop.sold()
    assert sale.business_date is not None
    assert sale.business_date > today
    assert (sale.uses, sale.uses_on) == ((("sun1", 1),), today)
    assert till.get(hers(till, "sun"))["total_fen"] == 9_405  # of the new day nobody can tell


def test_a_failing_search_leaves_shelf_prices_and_says_so(till: TillCalls, shop: Redeeming) -> None:
    shop.box.storage.replica.replace_bundle(5, b'{"version": 5, "offers": "none"}')
    path = hers(till)
    shown = till.get(path)
    assert (shown["total_fen"], shown["fallback"]["code"]) == (12_800, "A140")
    sold = till.paid(path, 12_800)
    assert (sold["seq"], sold["fallback"]["code"]) == (1, "A140")
    assert shop.box.agent.basis.tally.snapshot()["A140"] >= 1


def test_near_misses_come_a_moment_later(till: TillCalls, shop: Redeeming) -> None:
    path = till.opened("mask", "mask")
    deadline = time.monotonic() + PATIENCE_S
    while not till.get(path)["near_misses"] and time.monotonic() < deadline:
        shop.box.agent.surface.baskets.advise()
    (miss,) = till.get(path)["near_misses"]
    assert (miss["offer_id"], miss["missing_units"], miss["saves_fen"]) == ("mask3", 1, 8_900)
    assert "再加 1 件薇诺娜面膜" in miss["text_zh"]


def test_the_price_of_the_hour_a_basket_was_opened_in_stays(
    till: TillCalls, shop: Redeeming
) -> None:
    now = shop.box.agent.services.prices.local(shop.box.clock.now())
    minutes = (11 * 60 + 59 - now.hour * 60 - now.minute) % (24 * 60)
    shop.box.clock.advance(minutes * 60_000)
    path = till.opened("mask")
    shop.box.clock.advance(2 * 60_000)
    assert till.post(f"{path}/lines", {"lines": [{"sku": "mask"}]})["total_fen"] == 8_900
    assert till.get(till.opened("mask"))["total_fen"] == 8_900


def test_a_till_that_keeps_its_own_basket_names_it_and_keeps_its_hour(
    till: TillCalls, shop: Redeeming
) -> None:
    now = shop.box.agent.services.prices.local(shop.box.clock.now())
    minutes = (11 * 60 + 59 - now.hour * 60 - now.minute) % (24 * 60)
    shop.box.clock.advance(minutes * 60_000)
    one, own = {"lines": [{"sku": "mask"}]}, {"basket_id": str(make_id())}
    assert till.post("/v1/quotes", one | own)["total_fen"] == 4_450
    shop.box.clock.advance(2 * 60_000)
    two = {"lines": [{"sku": "mask", "qty": 2}]}
    later = till.post("/v1/quotes", two)["total_fen"]
    assert till.post("/v1/quotes", two | own)["total_fen"] == 8_900 < later
    paid = {"till_receipt_no": "9", "tenders": [{"kind": "cash", "amount_fen": 8_900}]}
    assert till.post("/v1/sales", two | own | paid)["total_fen"] == 8_900
    assert till.post("/v1/quotes", two | own)["total_fen"] == later  # the basket is over
