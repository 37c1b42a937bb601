"""Two ingest workers book one person's two enrolments in the same moment, on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from tests.factories.newcomers import COUPON, GIFT, Chain
from tests.fakes.cloud_box import Person, SimBox

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
ROUNDS = 12
WORKERS = 3


def test_whoever_is_first_she_is_new_once(pg_units: PostgresUnits) -> None:
    chain = Chain(pg_units, GIFT)
    with ThreadPoolExecutor(WORKERS) as pool:
        for number in range(ROUNDS):
            people = [Person(phone=f"8613700{number:06d}") for _ in range(WORKERS)]
            shops = [chain.shop(f"店{number}-{at}") for at in range(WORKERS)]
            for shop, person in zip(shops, people, strict=True):
                shop.enrols(person)
                shop.sells(person)
            together = Barrier(WORKERS)

            def book(shop: SimBox, together: Barrier = together) -> None:
                together.wait()
                chain.book(shop)

            list(pool.map(book, shops))
            assert len(chain.gifts(people)) == 1
            assert sorted(map(chain.points, people)) == [0, 0, 3 * 59]


def test_two_people_in_two_frames_the_other_way_round(pg_units: PostgresUnits) -> None:
    """Nobody waits for somebody who waits: the keys are entered in one order."""
    chain = Chain(pg_units, COUPON)
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            phones = [f"86136{number:04d}{at:04d}" for at in range(8)]
            here = [Person(phone=phone) for phone in phones]
            there = [Person(phone=phone) for phone in reversed(phones)]
            shops = [chain.shop(f"店{number}-{at}") for at in range(2)]
            for shop, people in zip(shops, (here, there), strict=True):
                for person in people:
                    shop.enrols(person)
            list(pool.map(chain.book, shops))
            assert len(chain.gifts(here + there)) == len(phones)
