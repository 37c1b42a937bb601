"""A box that was waited for no longer speaks after the thaw: the tables must let it."""

import psycopg

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.services.rights.restoring import Restoring
from retail_core.loyalty.leases import Right, RightKind
from retail_core.wire.restored import BoxStanding, LeaseTold
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database


def test_a_coupon_that_no_backup_knows_is_entered_after_the_thaw(database: Database) -> None:
    units = PostgresUnits(make_engine(database.url))
    tenant = new_tenant(units)
    box, coupon = new_box(units, tenant), Right(RightKind.COUPON, fresh_id())
    with psycopg.connect(database.super_dsn) as connection:
        connection.execute(
            "insert into cloud_restore values (%s, 9, now(), now(), now(), 'boxes')", (tenant,)
        )
    with units.begin(tenant) as unit:
        place = unit.fleet.places([box.device])[box.device]
    told = (LeaseTold("coupon", coupon.id.bytes, 1, 1, 1),)
    Restoring(units, FakeCloudClock()).hear(
        tenant, place, BoxStanding(1, 9, box.epoch, 1, 1, 1, 0, 0, told)
    )
    with units.begin(tenant) as unit:
        book = unit.leases.books([coupon])[coupon]
    units.close()
    assert (book.held, book.free) == (1, 0)
