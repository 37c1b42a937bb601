"""Two members that were one for a while are parted: each has what she would have had alone."""

import msgspec
import pytest

from cloud_broker.ports.unit import Units
from cloud_broker.services.points.books import open_wallet
from retail_core.loyalty.postings import member_account
from retail_core.wire.messages import Sale
from tests.fakes.cloud_box import Person
from tests.integration.test_points_books import Desk


@pytest.fixture
def desk(any_units: Units) -> Desk:
    return Desk(any_units)


def sale_in(desk: Desk, person: Person, holder: Person) -> Sale:
    """A sale of a member by a box that heard in whose wallet her points are."""
    sale = desk.box.sale(person)
    postings = tuple(
        msgspec.structs.replace(one, credit=member_account(holder.wallet, "free"))
        for one in sale.postings
    )
    return msgspec.structs.replace(sale, postings=postings)


def owed(desk: Desk, person: Person) -> int:
    return desk.free(person, "owed")


def test_what_she_bought_and_gave_back_meanwhile_goes_home(desk: Desk) -> None:
    ann, bea = desk.member(), desk.member("8613800138001")
    before = desk.box.sells(ann)
    desk.box.sells(bea)
    desk.sends()
    merge = desk.points.merge(desk.li, ann.member, bea.member, "同一个人")
    desk.box.sells(ann, **msgspec.structs.asdict(sale_in(desk, ann, bea)))
    later = desk.box.sells(ann, **msgspec.structs.asdict(sale_in(desk, ann, bea)))
    desk.box.refunds(before, (1, 1_000), (2, 1_000), fen=5_900)
    assert desk.sends() == []
    assert (desk.free(ann), desk.free(bea)) == (0, 59 * 3)

    desk.points.unmerge(desk.li, merge.merge_id, "不是")
    assert (desk.free(ann), desk.free(bea)) == (59 * 2, 59)
    assert (owed(desk, ann), owed(desk, bea)) == (0, 0)
    with desk.units.begin(desk.tenant) as unit:
        lots = open_wallet(unit, ann.wallet).book.lots(ann.wallet)
        assert len({lot.receipt_id for lot, _ in lots} - {None}) == len(lots)
    # What is given back after it is taken from whose it is.
    desk.box.refunds(later, (1, 1_000), (2, 1_000), fen=5_900)
    assert desk.sends() == []
    assert (desk.free(ann), desk.free(bea)) == (59, 59)
    assert desk.verified().wrong == []


def test_what_she_was_given_by_hand_goes_home_and_what_others_spent_is_owed(desk: Desk) -> None:
    ann, bea = desk.member(), desk.member("8613800138001")
    merge = desk.points.merge(desk.li, ann.member, bea.member, "同一个人")
    for member, points in ((ann.member, 40), (bea.member, -30)):
        asked = desk.points.propose(desk.li, member, points, "补记")
        desk.points.decide(desk.wang, asked.adjustment_id, "approved")
    assert (desk.free(ann), desk.free(bea)) == (0, 10)
    desk.points.unmerge(desk.li, merge.merge_id, "不是")
    assert (desk.free(ann) + owed(desk, ann), desk.free(bea) + owed(desk, bea)) == (40, -30)
    assert desk.verified().wrong == []


@pytest.mark.parametrize("first", [0, 1])
def test_a_chain_is_parted_in_either_order(desk: Desk, first: int) -> None:
    ann, bea, cara = (desk.member(f"861380013800{n}") for n in range(3))
    desk.box.sells(ann)
    desk.sends()
    merges = [
        desk.points.merge(desk.li, ann.member, bea.member, "同一个人"),
        desk.points.merge(desk.li, bea.member, cara.member, "同一个人"),
    ]
    for person in (ann, bea, cara):
        desk.box.sells(person, **msgspec.structs.asdict(sale_in(desk, person, cara)))
    assert desk.sends() == []
    for merge in merges[::-1] if first else merges:
        desk.points.unmerge(desk.li, merge.merge_id, "不是")
    held = [desk.free(one) + owed(desk, one) for one in (ann, bea, cara)]
    assert held == [59 * 2, 59, 59]
    assert desk.verified().wrong == []


def test_what_went_home_once_is_given_back_in_another_wallet_and_parted_again(desk: Desk) -> None:
    ann, bea, cara = (desk.member(f"861380013800{n}") for n in range(3))
    first = desk.points.merge(desk.li, ann.member, bea.member, "同一个人")
    sold = desk.box.sells(ann, **msgspec.structs.asdict(sale_in(desk, ann, bea)))
    assert desk.sends() == []
    desk.points.unmerge(desk.li, first.merge_id, "不是")
    assert desk.free(ann) == 59
    second = desk.points.merge(desk.li, ann.member, bea.member, "同一个人")
    third = desk.points.merge(desk.li, bea.member, cara.member, "同一个人")
    desk.box.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
    assert desk.sends() == []
    for merge in (third, second):
        desk.points.unmerge(desk.li, merge.merge_id, "不是")
    held = [desk.free(one) + owed(desk, one) for one in (ann, bea, cara)]
    assert held == [0, 0, 0]
    assert desk.verified().wrong == []
