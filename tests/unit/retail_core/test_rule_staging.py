"""A draft in some stores first: there prices are the draft's, elsewhere they stay as they were."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.checkout.basket import Basket
from retail_core.errors import Fault
from retail_core.pricing.comparing.differing import differences, differs_in, stands_for
from retail_core.pricing.comparing.staging import Plain, Stage, staged
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rules.bundle import RuleBundle, parse_bundle
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.texts.faults import FaultCode
from tests.factories.bundle_content import MIX, SET, SLOT, TIER
from tests.factories.pricing import FRIDAY_NOON, line
from tests.unit.retail_core.test_pricing_laws import Law, baskets

STORES = tuple(
    StoreContext(store=store, region=region)
    for store, region in (("A", "east"), ("B", "east"), ("C", "west"))
)
AUTO = {"kind": "threshold", "id": "c", "name": "满减", "automatic": True, "fen_off": 100}
HELD = AUTO | {"automatic": False}
STAGES = (
    Stage(stores=frozenset({"A"})),
    Stage(stores=frozenset({"A", "C"})),
    Stage(regions=frozenset({"east"})),
)
TIERS = {"tier_names": {"standard": "普通", "gold": "金卡"}}


def whole(*offers: Plain, **fields: Any) -> Plain:
    return {"version": 1, **TIERS, "offers": list(offers), **fields}


def read(plain: Plain) -> RuleBundle:
    return parse_bundle(json.dumps(plain).encode())


def staged_of(before: Plain, draft: Plain, stage: Stage) -> Plain:
    return staged((before, read(before)), (draft, read(draft)), stage)


def ids_of(plain: Plain) -> set[str]:
    return {rule["id"] for rule in plain["offers"]}


def there(stage: Stage, store: StoreContext) -> bool:
    return store.store in stage.stores or store.region in stage.regions


places = st.fixed_dictionaries(
    {},
    optional={
        "stores": st.lists(st.sampled_from("ABC"), min_size=1, max_size=2, unique=True),
        "regions": st.lists(st.sampled_from(["east", "west"]), min_size=1, max_size=1),
    },
)
RULES: dict[str, st.SearchStrategy[Plain]] = {
    "o0": st.builds(
        lambda permille, when: TIER | {"tiers": [], "id": "o0", "permille": permille, "when": when},
        st.sampled_from([500, 800, 950]),
        places,
    ),
    "o1": st.builds(
        lambda need, when: MIX | {"id": "o1", "need": need, "when": when},
        st.integers(2, 3),
        places,
    ),
    "o2": st.builds(
        lambda fen, when: SET | {"id": "o2", "need": 2, "price_fen": fen, "when": when},
        st.integers(0, 90),
        places,
    ),
}


@st.composite
def bundles(draw: st.DrawFn) -> Plain:
    offers = [draw(RULES[name]) for name in draw(st.sets(st.sampled_from(sorted(RULES))))]
    coupons = draw(st.sampled_from([[], [AUTO], [AUTO | {"fen_off": 37}]]))
    return {"version": 1, "offers": offers, "coupons": coupons}


@Law
@given(bundles(), bundles(), st.sampled_from(STAGES), baskets(6), st.data())
def test_the_draft_holds_in_the_stage_and_nothing_changes_elsewhere(
    before: Plain, draft: Plain, stage: Stage, basket: Basket, data: st.DataObject
) -> None:
    ids = sorted(ids_of(before) & ids_of(draft))
    off = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    if off:
        taken = [
            {"stores": ["B"], "off": sorted(off)},
            {"regions": ["west"], "per_receipt": {min(off): 1}},
        ]
        before, draft = before | {"restrictions": taken}, draft | {"restrictions": taken}
    made = read(staged_of(before, draft, stage))
    old, new = read(before), read(draft)
    for store in STORES:
        wanted = new if there(stage, store) else old
        got = price_basket(basket, made, None, store=store)
        want = price_basket(basket, wanted, None, store=store)
        assert got.due_fen == want.due_fen
        assert differs_in(wanted, made, store) == ()


def test_what_is_added_removed_and_changed_stands_where_it_should() -> None:
    before = whole(TIER, MIX, SLOT)
    draft = whole(TIER | {"permille": 900}, MIX, SET)
    made = staged_of(before, draft, Stage(stores=frozenset({"B", "A"})))
    narrowed = {"when": {"stores": ["A", "B"]}}
    assert made["offers"] == [
        *(TIER, MIX, SLOT),
        TIER | {"id": "t~1", "permille": 900} | narrowed,
        SET | narrowed,
    ]
    assert made["restrictions"] == [{"stores": ["A", "B"], "off": ["t", "s"]}]
    assert before == whole(TIER, MIX, SLOT)


def test_a_rule_of_other_places_stays_out_of_the_stage() -> None:
    far = SET | {"when": {"regions": ["west"], "members_only": True}}
    made = staged_of(whole(TIER), whole(TIER, far), Stage(regions=frozenset({"east"})))
    assert made == whole(TIER)
    near = staged_of(whole(TIER), whole(TIER, far), Stage(regions=frozenset({"east", "west"})))
    assert near["offers"][1]["when"] == {"regions": ["west"], "members_only": True}


def test_a_name_beside_its_forerunner_is_free_and_short_enough() -> None:
    long = TIER | {"id": "x" * 64}
    before = whole(long, SET | {"id": "x" * 62 + "~1"})
    draft = whole(long | {"permille": 1}, SET | {"id": "x" * 62 + "~1"})
    made = staged_of(before, draft, Stage(stores=frozenset({"A"})))
    assert made["offers"][-1]["id"] == "x" * 62 + "~2"
    read(made)


def test_when_it_begins_is_the_drafts() -> None:
    begin = {"valid_from": "2026-08-01T00:00:00"}
    made = staged_of(whole(TIER), whole(TIER, SET, **begin), Stage(stores=frozenset({"A"})))
    assert made["valid_from"] == begin["valid_from"]


@pytest.mark.parametrize(
    ("before", "draft", "part"),
    [
        (whole(), whole(points={"id": "pay"}), "points"),
        (whole(), whole(campaigns=[{"id": "b"}], chain="q"), "chain, campaigns"),
        (whole(coupons=[HELD]), whole(coupons=[HELD | {"fen_off": 7}]), "c"),
        (whole(coupons=[AUTO]), whole(coupons=[HELD]), "c"),
        (whole(MIX), whole(MIX | {"caps": {"per_member": 1}}), "m"),
        (whole(MIX | {"caps": {"per_store_day": 1}}), whole(MIX), "m"),
    ],
)
def test_what_is_the_chains_or_known_by_its_id_is_not_staged(
    before: Plain, draft: Plain, part: str
) -> None:
    with pytest.raises(Fault) as caught:
        staged_of(before, draft, Stage(stores=frozenset({"A"})))
    assert caught.value.code is FaultCode.RULES_NOT_STAGED
    assert caught.value.fields["part"] == part


def test_a_held_coupon_may_be_new_or_go() -> None:
    stage = Stage(stores=frozenset({"A"}))
    made = staged_of(whole(), whole(coupons=[HELD]), stage)
    assert made["coupons"] == [HELD | {"when": {"stores": ["A"]}}]
    gone = staged_of(whole(coupons=[HELD]), whole(), stage)
    assert gone["restrictions"] == [{"stores": ["A"], "off": ["c"]}]


@pytest.mark.parametrize("stage", [Stage(), Stage(frozenset({"A"}), frozenset({"east"}))])
def test_a_stage_is_of_stores_or_of_regions(stage: Stage) -> None:
    with pytest.raises(Fault) as caught:
        staged_of(whole(), whole(TIER), stage)
    assert caught.value.fields["part"] == "places"


def test_differences_name_rules_fields_and_parts() -> None:
    before, after = whole(TIER, MIX, SLOT), whole(TIER | {"permille": 900}, SET, chain="q")
    after |= {"offers": [*after["offers"], TIER | {"id": "s"}], "coupons": [AUTO], "version": 9}
    found = differences(read(before), read(after))
    assert [(one.group, one.rule.id, one.kind, one.fields) for one in found.rules] == [
        ("offers", "t", "changed", ("permille",)),
        ("offers", "p", "added", ()),
        ("offers", "s", "changed", ("kind",)),
        ("offers", "m", "removed", ()),
        ("coupons", "c", "added", ()),
    ]
    assert found.parts == ("chain",)
    assert found
    assert not differences(read(before), read(before | {"version": 2}))
    assert differences(read(before), read(before | {"chain": "q"}))


def test_a_store_notices_what_holds_there_and_what_is_the_chains() -> None:
    before = whole(TIER, MIX, points={"id": "pay"})
    restricted = before | {"restrictions": [{"stores": ["A"], "off": ["t"], "points_off": True}]}
    capped = before | {"restrictions": [{"regions": ["west"], "per_receipt": {"m": 2}}]}
    old = read(before)
    a, _, c = STORES
    assert differs_in(old, read(restricted), a) == ("points", "t")
    assert differs_in(old, read(restricted), c) == ()
    assert differs_in(old, read(capped), c) == ("m",)
    own = read(before | {"offers": [TIER, MIX | {"caps": {"per_receipt": 1}}]})
    own_capped = read(capped | {"offers": [TIER, MIX | {"caps": {"per_receipt": 1}}]})
    assert differs_in(own, own_capped, c) == ()
    assert differs_in(old, read(before | {"chain": "q"}), a) == ("chain",)
    assert differs_in(old, read(before | {"valid_from": "2026-01-01T00:00:00"}), a) == ()


@pytest.mark.parametrize(("name", "said"), [("t", "t"), ("t~1", "t"), ("t~", "t~"), ("~1", "~1")])
def test_a_stand_in_is_called_as_what_it_stands_for(name: str, said: str) -> None:
    assert stands_for(name) == said


def test_a_member_gets_the_drafts_price_in_the_stage() -> None:
    gold = MemberContext(tier="gold")
    before, draft = whole(TIER), whole(TIER | {"permille": 800})
    made = read(staged_of(before, draft, Stage(stores=frozenset({"A"}))))
    basket = Basket((line(1, 1_000),), FRIDAY_NOON)
    due = [price_basket(basket, made, gold, store=store).due_fen for store in STORES]
    assert due == [800, 950, 950]
