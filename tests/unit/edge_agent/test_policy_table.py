"""The policy table, walked through the API: every factor and every action, by real requests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_agent.domain.lanes import Place
from edge_agent.lane_settings import ONLY_LANE
from edge_agent.services.recognition.identify import Identification
from retail_core.identity.assurance import (
    Action,
    Assurance,
    Factor,
    Standing,
    TurnPolicy,
    allows,
    assurance_of,
)
from tests.factories.agent_api import MEMBER, PRINTING_TILL, TILL, Box, sale
from tests.factories.lanes import AT_PRINTING_TILL, AT_TILL

MILK_FEN, MILK_GOLD_FEN = 12_800, 12_160
FACES = {Factor.FACE_FRAME, Factor.FACE_VOTE}
POLICIES = {
    "off": TurnPolicy(),
    "above": TurnPolicy("above_fen", 10_000),
    "above more": TurnPolicy("above_fen", 20_000),
    "always": TurnPolicy("always"),
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def recognised(box: Box, factor: Factor, at: Place = AT_TILL) -> Any:
    """Let the lane's devices recognise her by this factor; return what the till is told."""
    held = box.storage.replica.member(MEMBER)
    result = Identification("member", assurance_of(factor), factor, held)
    return box.agent.surface.counter.recognised(result, at).model_dump(mode="json")


def quoted(box: Box) -> Any:
    body = {"member_id": str(MEMBER), "lines": [{"sku": "milk"}]}
    return box.till().post("/v1/quotes", json=body).json()


def sold(box: Box, total_fen: int) -> Any:
    body = sale(total_fen, member_id=str(MEMBER))
    headers = {"Idempotency-Key": "key-of-the-table"}
    return box.till().post("/v1/sales", json=body, headers=headers)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("factor", Factor)
def test_every_factor_gets_what_the_table_says(box: Box, factor: Factor, name: str) -> None:
    policy = POLICIES[name]
    box.agent.services.sessions.policy = policy
    told = recognised(box, factor)
    standing = Standing(factor)
    level = assurance_of(factor)
    if level < Assurance.LOW:
        assert (told["member"], told["allowed"], told["challenge"]) == (None, [], None)
        return
    may = {action for action in Action if standing.may(action, policy, MILK_FEN)}

    # The answer names the actions, for redeeming too, which has no address of its own yet.
    on_any_basket = standing.may_now(policy, policy.above_fen + 1)
    assert told["allowed"] == [action.value for action in on_any_basket]
    spending = {"redeem_points", "redeem_coupon", "see_wallet"}
    assert (spending <= set(told["allowed"])) == (level is Assurance.HIGH)

    # Her view, in the answer and by its address: the wallet for sure factors alone.
    wallet = 2_340 if Action.SEE_WALLET in may else None
    assert told["member"]["points_free"] == wallet
    assert box.till().get(f"/v1/members/{MEMBER}").json()["points_free"] == wallet
    assert (told["member"]["name"] == "李敏") == (factor is not Factor.PHONE_NUMBER)

    # Member price.
    quote = quoted(box)
    cheap = Action.MEMBER_PRICE in may
    assert quote["total_fen"] == (MILK_GOLD_FEN if cheap else MILK_FEN)
    assert (quote["refused"] is None) == cheap
    assert (quote["points_earned"] > 0) == cheap

    # Earning.
    answer = sold(box, MILK_GOLD_FEN if cheap else MILK_FEN)
    if Action.EARN in may:
        assert answer.json()["points_earned"] == MILK_GOLD_FEN // 100
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "R114")
        assert box.storage.journal.next_seq() == 1


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("factor", sorted(FACES))
def test_a_face_never_spends_turned_or_not(factor: Factor, name: str) -> None:
    for standing in (Standing(factor), Standing(factor, turned=True)):
        may = standing.may_now(POLICIES[name], MILK_FEN)
        assert not {Action.SEE_WALLET, Action.REDEEM_POINTS, Action.REDEEM_COUPON} & set(may)


@pytest.mark.parametrize("name", ["above", "always"])
def test_a_turn_of_the_head_lets_her_earn(box: Box, name: str) -> None:
    box.agent.services.sessions.policy = POLICIES[name]
    told = recognised(box, Factor.FACE_VOTE)
    assert told["challenge"]["allows"] == ["earn", "member_price"]
    assert told["challenge"]["above_fen"] == POLICIES[name].above_fen
    assert quoted(box)["refused"]["code"] == "R114"
    assert box.visits.turned(TILL, MEMBER)
    assert quoted(box)["total_fen"] == MILK_GOLD_FEN
    assert sold(box, MILK_GOLD_FEN).status_code == 200


def test_who_is_refused_is_sold_to_all_the_same(box: Box) -> None:
    box.agent.services.sessions.policy = POLICIES["always"]
    recognised(box, Factor.FACE_VOTE)
    assert sold(box, MILK_GOLD_FEN).json()["code"] == "R114"
    headers = {"Idempotency-Key": "key-of-a-guest"}
    assert box.till().post("/v1/sales", json=sale(MILK_FEN), headers=headers).status_code == 200


def test_a_printed_receipt_of_a_face_goes_to_her_below_the_amount_only(box: Box) -> None:
    sessions = box.agent.services.sessions
    sessions.policy = POLICIES["above"]
    recognised(box, Factor.FACE_VOTE, AT_PRINTING_TILL)
    assert sessions.at(PRINTING_TILL, 9_900) == MEMBER
    assert sessions.at(PRINTING_TILL, 10_001) is None
    assert sessions.turned(PRINTING_TILL, MEMBER)
    assert sessions.at(PRINTING_TILL, 10_001) == MEMBER


def test_a_code_shown_is_not_taken_back_by_a_glance_at_the_face(box: Box) -> None:
    recognised(box, Factor.MEMBER_CODE)
    again = recognised(box, Factor.FACE_VOTE)
    assert "redeem_points" in again["allowed"]
    assert again["member"]["points_free"] == 2_340
    box.clock.advance(11 * 60_000)
    later = recognised(box, Factor.FACE_VOTE)
    assert "redeem_points" not in later["allowed"]


def test_what_the_cloud_tells_of_her_shows_no_wallet_to_a_glance(box: Box) -> None:
    """The screen's live updates go by the same table."""
    recognised(box, Factor.FACE_VOTE)
    assert box.visits.standing_at(ONLY_LANE, MEMBER).assurance is Assurance.LOW
    recognised(box, Factor.SUN_CARD, AT_PRINTING_TILL)
    assert allows(box.visits.standing(AT_PRINTING_TILL, MEMBER).assurance, Action.SEE_WALLET)


def test_nobody_recognised_is_who_the_till_was_told(box: Box) -> None:
    view = box.till().get(f"/v1/members/{MEMBER}").json()
    assert (view["name"], view["points_free"]) == ("李*", None)
    assert quoted(box)["total_fen"] == MILK_GOLD_FEN


def test_the_next_customer_inherits_nothing(box: Box) -> None:
    """A code counts for one visit; the clerk ends it when somebody else comes."""
    recognised(box, Factor.MEMBER_CODE)
    assert box.till().delete("/v1/visits").json() == {"ended": True}
    glance = recognised(box, Factor.FACE_VOTE)
    assert "redeem_points" not in glance["allowed"]
    assert glance["member"]["points_free"] is None
    assert box.till().delete("/v1/visits").json() == {"ended": True}
    assert box.till().delete("/v1/visits").json() == {"ended": False}


def test_a_screen_ends_the_visit_that_it_shows(box: Box) -> None:
    recognised(box, Factor.MEMBER_CODE, AT_PRINTING_TILL)
    recognised(box, Factor.MEMBER_CODE)
    assert box.screen().delete("/v1/visits").json() == {"ended": True}
    for at in (AT_PRINTING_TILL, AT_TILL):
        assert "redeem_points" not in recognised(box, Factor.FACE_VOTE, at)["allowed"]


# ---- the challenge by its address ---------------------------------------------------------------


def test_a_turn_is_asked_only_of_a_face(box: Box) -> None:
    box.agent.services.sessions.policy = POLICIES["always"]
    till = box.till()
    assert till.post("/v1/identify/turn", json={}).json()["code"] == "R124"
    recognised(box, Factor.SUN_CARD)
    assert till.post("/v1/identify/turn", json={}).json()["code"] == "R124"
    assert till.post("/v1/identify/turn/cancel", json={}).json() == {"cancelled": False}


def test_a_box_without_face_says_so(box: Box) -> None:
    box.agent.services.sessions.policy = POLICIES["always"]
    recognised(box, Factor.FACE_VOTE)
    answer = box.till().post("/v1/identify/turn", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "R110")
