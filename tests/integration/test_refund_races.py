"""Two shops take the same goods back at the same moment; one of them is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.points.walk import LedgerWalks
from tests.fakes.cloud_box import WALL_MS, Person, SimBox
from tests.plugins.cloud import new_box, new_tenant

SHOPS = 4
ROUNDS = 5


def sends(units: PostgresUnits, box: SimBox) -> list[str]:
    frame = open_frame(Inbound(box.topic(), box.frame(), WALL_MS + 60_000))
    assert isinstance(frame, OpenFrame)
    with units.begin(box.tenant) as unit:
        booked = Batch(unit, box.tenant, WALL_MS + 60_000).book([frame], [])
    return [one.code for acked in booked.acked for one in acked.rejected]


def test_no_piece_comes_back_twice(pg_units: PostgresUnits) -> None:
    tenant = new_tenant(pg_units)
    home, person = new_box(pg_units, tenant), Person()
    home.enrols(person)
    sales = [home.sells(person) for _ in range(ROUNDS)]
    assert sends(pg_units, home) == []
    shops = [new_box(pg_units, tenant, f"{number}店") for number in range(SHOPS)]
    for shop in shops:
        for sale in sales:
            shop.refunds(sale, (1, 1_000), (2, 1_000), fen=5_900)
    together = threading.Barrier(SHOPS)

    def race(shop: SimBox) -> list[str]:
        together.wait(10)
        return sends(pg_units, shop)

    with ThreadPoolExecutor(SHOPS) as pool:
        refused = list(pool.map(race, shops))
    codes = [code for one in refused for code in one]
    assert codes == ["P113"] * (ROUNDS * (SHOPS - 1))
    found = LedgerWalks(pg_units).verify(tenant, lambda done, total: None)
    assert (found.total, found.wrong) == (0, [])
    with pg_units.begin(tenant) as unit:
        assert set(unit.closing.balances([person.wallet]).values()) == {0}
