"""Two chains with shops, people and partners, and the whole program before them."""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.adapters.ids_system import SystemIds
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.bootstrap.serving import COOKIE
from cloud_broker.ports.health import BoxIssues
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.fleet.commands import Wish
from cloud_broker.services.fleet.desks import fleet_desks
from cloud_broker.services.fleet.releases import ReleaseDesk, ReleaseInfo
from cloud_broker.services.fleet.twin import Change, Spot
from cloud_broker.services.hq.user_desk import UserDesk
from cloud_broker.services.line.frames import Inbound
from retail_core.fleet.rollout import Policy
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box

ORIGIN = "http://127.0.0.1"


@dataclass
class Shop:
    """A store with a box, a member and a sale whose names are found again on any page."""

    tenant: UUID
    name: str
    box: SimBox
    person: Person
    order: UUID = field(default_factory=fresh_id)
    rollout: UUID = field(default_factory=fresh_id)

    @property
    def marks(self) -> tuple[str, ...]:
        return (
            self.name,
            self.person.name,
            str(self.order),
            str(self.rollout),
            str(self.box.device),
        )


@dataclass
class World:
    """Two chains: one with a shop in each of two regions, one with a shop."""

    app: FastAPI
    web: TestClient
    units: PostgresUnits
    users: UserDesk
    here: Shop
    there: Shop
    foreign: Shop
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, role: str, method: str, address: str, shop: Shop) -> Response:
        """Ask an address as somebody, about a shop."""
        self.web.cookies.clear()
        headers = {"Origin": ORIGIN}
        if role in self.tokens:
            if address.startswith("/v1/"):
                headers["Authorization"] = f"Bearer {self.tokens[role]}"
            else:
                headers["Cookie"] = f"{COOKIE}={self.tokens[role]}"
                key = b"regulars-console-csrf"
                headers["X-CSRF-Token"] = hmac.new(
                    self.tokens[role].encode(), key, sha256
                ).hexdigest()
        path = re.sub(r"\{(\w+)\}", lambda name: filled(name[1], shop), address)
        if method == "GET":
            return self.web.get(path, headers=headers)
        if path.startswith("/v1/"):
            return self.web.request(method, path, headers=headers, json={})
        return self.web.request(method, path, headers=headers, data={})


def filled(name: str, shop: Shop) -> str:
    """Return a value for a part of an address."""
    known = {"store_id": shop.box.store, "order_id": shop.order, "member_id": shop.person.member}
    known["rollout_id"] = shop.rollout
    words = {"kind": "articles", "table": "offers", "act": "end", "to": "paused"}
    words |= {"version": "1"}
    return str(known.get(name, words.get(name, UUID(int=7))))


def opened(units: PostgresUnits, tenant: UUID, name: str, region: str) -> Shop:
    """Open a shop in a region, with a member, a sale, an issue, a setting and an order."""
    box = new_box(units, tenant, name, region)
    person = Person(name=f"会员{name}")
    clock = box.wall_ms
    box.enrols(person)
    box.sells(person, fen=12_800)
    ingest = Ingest(units, FakeCloudClock(clock + 1_000), FaultTally())
    ingest.book([Inbound(box.topic(), box.frame(), clock + 1_000)])
    with units.begin(tenant) as unit:
        unit.health.keep_issues([BoxIssues(box.device, box.store, clock, {("H109", name): {}})])
    shop = Shop(tenant, name, box, person)
    office = HqIdentity(tenant, fresh_id(), "boss", "boss", "admin")
    now = FakeCloudClock(clock)
    desks = fleet_desks(units, now, SystemIds(now), tuple)
    desks.twins.change(office, Spot("store", box.store), Change({"language": "en"}, note=name))
    wish = Wish("doctor", Spot("store", box.store), {}, 3_600_000, why=name)
    shop.order = desks.orders.give(office, wish).order_id
    return shop


def sent_out(units: PostgresUnits, shop: Shop) -> UUID:
    """Send a release out to a shop's chain, as somebody of its HQ."""
    now = FakeCloudClock(shop.box.wall_ms)
    desk = ReleaseDesk(units, now, SystemIds(now), lambda: [ReleaseInfo(1, "1.0.0", 1)])
    boss = HqIdentity(shop.tenant, fresh_id(), "boss", "boss", "admin")
    return desk.roll_out(boss, 1, Policy(), shop.name).rollout_id
