"""What the bench of ingest sends is what a cloud books: no event of it is refused."""

from uuid import UUID

from retail_core.loyalty.leases import Right, RightKind
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_ingest import Cloud
from tools.bench.ingest_frames import REGULARS, open_shops, regulars_of
from tools.bulk_members import member_of, wallet_of


def test_sales_of_the_bench_are_booked() -> None:
    cloud, tenant, entity = Cloud(), fresh_id(), fresh_id()
    shops = open_shops(cloud.units, tenant, entity, 2)
    sent = [shop.hello() for shop in shops]
    sent += [shop.frame(*(shop.sale() for _ in range(8))) for shop in shops]
    sent.append(shops[0].frame(shops[0].sale_to(shops[0].regulars[0])))
    assert cloud.ingest.book(sent).events == 19
    state = cloud.units.states[tenant]
    assert len(state.sales) == 17
    assert {item.kind for item in state.repairs.values()} <= {"member"}
    assert sum(state.balances.values()) == 0


def test_a_redemption_names_a_lease_of_its_own_box() -> None:
    cloud = Cloud()
    (shop,) = open_shops(cloud.units, fresh_id(), fresh_id(), 1)
    event = shop.sale(redeems=True)
    assert event.member == member_of(shop.regulars[0]).bytes
    assert Right(RightKind.POINTS, wallet_of(shop.regulars[0])).id.bytes in bytes(event.body)


def test_every_store_has_regulars_of_its_own_and_ids_are_worked_out() -> None:
    assert regulars_of(3) == range(3 * REGULARS, 4 * REGULARS)
    assert member_of(0) == UUID("01a00000-0000-7aaa-8000-000000000000")
    assert wallet_of(255) == UUID("01a00000-0000-7bbb-8000-0000000000ff")
