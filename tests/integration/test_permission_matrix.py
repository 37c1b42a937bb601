"""Who gets where: every address of the running application, for every role, place and chain.

The addresses come from the application itself, so a new one without an entry in `rights` fails
here; the answers come from the whole program over a real PostgreSQL.
"""

import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import sql
from starlette.routing import Mount, Route

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.adapters.ids_system import SystemIds
from cloud_broker.adapters.postgres.base import driver_of
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.bootstrap.office import build_office
from cloud_broker.bootstrap.serving import COOKIE, Running, build_api
from cloud_broker.console.shell import OPEN
from cloud_broker.domain.rights import MAY, NEEDS, PLACED, ROLES, Right, may
from cloud_broker.migrations import reach
from cloud_broker.ports.health import BoxIssues
from cloud_broker.ports.orders import Halt
from cloud_broker.ports.sight import Sight, as_the_program, look_as
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.fleet.commands import Wish
from cloud_broker.services.fleet.desks import fleet_desks
from cloud_broker.services.fleet.releases import ReleaseDesk, ReleaseInfo
from cloud_broker.services.fleet.twin import Change, Spot
from cloud_broker.services.hq.user_desk import UserAsked, UserDesk
from cloud_broker.services.line.frames import Inbound
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.fleet.rollout import Policy
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant, token_of
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
ORIGIN = "http://127.0.0.1"
# Doors of others than HQ's people: who stands there is said by what an address begins with.
BEGINS = {"/v1/device/": "box", "/v1/member/": "member", "/v1/master/": "partner"}
# They do not end by themselves; what they send is what the page beside them shows.
ENDLESS = {
    ("GET", "/console/stream"),
    ("GET", "/commands/{order_id}/stream"),
    ("GET", "/releases/{rollout_id}/stream"),
}
OF_A_SHOP = re.compile(r"\{(store_id|order_id|member_id|rollout_id)\}")
PUBLIC = {"/v1/health", "/metrics", "/openapi.json", "/docs/oauth2-redirect"}
# The member's page is a file that says nothing of anybody.
PAGES = {"/m", "/m/", "/m/lane/{store}/{lane}", "/m/s/{token}", "/m/worker.js"}


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


@pytest.fixture(scope="module")
def world(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Two chains in a database of their own, and the whole program before it."""
    database = new_database()
    secrets = tmp_path_factory.mktemp("secrets")
    settings = Settings(database_url=database.url, secrets_dir=secrets, tenant="first")
    office = build_office(settings)
    first, second = new_tenant(office.units, "first"), new_tenant(office.units, "second")
    here = opened(office.units, first, "甲店", "华东")
    there = opened(office.units, first, "乙店", "西南")
    foreign = opened(office.units, second, "丙店", "华北")
    here.rollout = there.rollout = sent_out(office.units, here)
    foreign.rollout = sent_out(office.units, foreign)
    app, _ = build_api(Running(office, PostgresHub(database.url), FaultTally()))
    users = UserDesk(office.units, office.clock, office.ids, office.access.passwords)
    assert isinstance(app, FastAPI)
    web = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    made = World(app, web, office.units, users, here, there, foreign)
    boss = HqIdentity(first, fresh_id(), "boss", "boss", "admin")
    with office.units.begin(first) as unit:
        region = str(unit.twins.boxes("store", here.box.store)[0].region)
    for role in ROLES:
        place = {"region": f"region:{region}", "store": f"store:{here.box.store}"}.get(role, "")
        users.add(boss, role, UserAsked(role, role, place))
        made.tokens[role] = office.access.api_token(first, role, "test")
    users.add(boss, "fitter", UserAsked("fitter", "technician", f"region:{region}"))
    made.tokens["fitter"] = office.access.api_token(first, "fitter", "test")
    made.tokens["box"] = token_of(here.box)
    yield made
    office.close()


def routes(within: FastAPI | APIRouter) -> set[tuple[str, str]]:
    """Return every method and address of the application; files beside pages are no addresses."""
    found: set[tuple[str, str]] = set()
    for route in within.routes:
        if (inner := getattr(route, "original_router", None)) is not None:
            found |= routes(inner)
        elif isinstance(route, Mount):
            assert route.name in {"console-static", "member-static"}, route.name
        else:
            assert isinstance(route, Route | APIRoute), route
            found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return found


def door_of(method: str, address: str) -> str:
    """Return who stands at an address: hq, box, member, partner or anybody."""
    if (method, address) in NEEDS:
        return "hq"
    if (method, address) in OPEN or address in PUBLIC | PAGES:
        return "anybody"
    return next((who for begin, who in BEGINS.items() if address.startswith(begin)), "nobody")


def refused(answer: Response, code: str) -> bool:
    """Return whether somebody is not let in: by this code, or 401, or the way to sign in."""
    if code:
        return answer.status_code == 403 and code in answer.text
    leads_to_login = answer.headers.get("location", "").startswith("/login")
    return answer.status_code == 401 or leads_to_login


def without_asked(text: str, shop: Shop) -> str:
    """Return an answer without what the question named itself."""
    for name in ("order_id", "rollout_id"):
        text = text.replace(filled(name, shop), "")
    return text


def unset(answer: Response) -> bool:
    """Return whether an answer says that this cloud has no authority for boxes."""
    return FaultCode.CA_MISSING.value in answer.text


def test_every_address_says_who_may_ask_it_and_no_entry_is_left_over(world: World) -> None:
    found = routes(world.app)
    forgotten = {one for one in found if door_of(*one) == "nobody"}
    assert not forgotten, f"give each a right in cloud_broker/domain/rights.py: {forgotten}"
    assert NEEDS.keys() <= found, NEEDS.keys() - found
    assert MAY.keys() == set(Right)
    assert set(NEEDS.values()) == set(Right)


@pytest.mark.parametrize("role", [*ROLES, "nobody", "box"])
def test_every_role_at_every_address(world: World, role: str) -> None:
    """A role that may is let through, whatever comes of it; every other one is refused."""
    wrong = []
    for method, address in sorted(NEEDS.keys() - ENDLESS - {("POST", "/logout")}):
        answer = world.ask(role, method, address, world.here)
        let_in = may(role, NEEDS[method, address])
        code = "A111" if role in ROLES else ""
        if let_in == refused(answer, code) or (answer.status_code >= 500 and not unset(answer)):
            wrong.append((method, address, answer.status_code, answer.text[-300:]))
    assert wrong == []


@pytest.mark.parametrize("role", sorted({*ROLES, "fitter"}))
@pytest.mark.parametrize("whose", ["foreign", "there"])
def test_nobody_sees_another_chain_nor_a_place_that_is_not_theirs(
    world: World, role: str, whose: str
) -> None:
    """Nothing of a shop one may not see stands in any answer, asked for by its id or at all."""
    if whose == "there" and role not in {*PLACED, "fitter"}:
        return  # sees the whole chain
    other, found = getattr(world, whose), []
    right = "technician" if role == "fitter" else role
    for method, address in sorted(NEEDS.keys() - ENDLESS - {("POST", "/logout")}):
        if not may(right, NEEDS[method, address]):
            continue
        for shop in (other, world.here):
            answer = world.ask(role, method, address, shop)
            seen = [mark for mark in other.marks if mark in without_asked(answer.text, shop)]
            by_id = shop is other and "{" in address and OF_A_SHOP.search(address) is not None
            if seen or (by_id and answer.status_code < 300):
                found.append((method, address, answer.status_code, seen))
    assert found == []


@pytest.mark.parametrize("role", ["admin", "region", "store", "fitter"])
def test_whoever_may_sees_their_own_shop(world: World, role: str) -> None:
    """The page above proves nothing unless the same answers do show what is theirs."""
    for address in ("/", "/stores/{store_id}", "/v1/hq/overview", "/commands", "/twins"):
        answer = world.ask(role, "GET", address, world.here)
        assert answer.status_code == 200, (address, answer.text)
        assert world.here.name in answer.text, address
        assert (world.there.name in answer.text) is (role == "admin" and "{" not in address), (
            address
        )
    order = world.ask(role, "GET", "/commands/{order_id}", world.here)
    assert order.status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_no_person_stands_at_a_door_of_boxes_members_or_partners(world: World, role: str) -> None:
    for method, address in sorted(routes(world.app)):
        if door_of(method, address) in {"box", "member", "partner"}:
            answer = world.ask(role, method, address, world.here)
            assert answer.status_code in {401, 403, 404, 405, 413, 415, 422, 429}, (method, address)
            assert not any(mark in answer.text for mark in world.here.marks), (method, address)


def test_the_past_is_not_written_by_who_only_looks(world: World) -> None:
    """Were the program to forget it, the database would not."""
    auditor = Sight(None, writes=False)
    with (
        seeing(auditor),
        pytest.raises(Fault) as caught,
        world.units.begin(world.here.tenant) as unit,
    ):
        unit.orders.set_halt(Halt(halted=True))
    assert caught.value.code is FaultCode.API_SCOPE_MISSING


def test_row_security_alone_keeps_to_a_store(world: World) -> None:
    """Whatever the program asks, each table shows a store's people no row of another store."""
    wrong = []
    with world.units.connection(world.here.tenant) as connection:
        tables = connection.exec_driver_sql(
            "select c.relname, array_agg(a.attname::text) from pg_class c join pg_attribute a"
            " on a.attrelid = c.oid and a.attnum > 0 where c.relkind in ('r', 'p')"
            " and c.relnamespace = 'public'::regnamespace and not c.relispartition group by 1"
        ).fetchall()
    with (
        seeing(Sight(world.here.box.store)),
        world.units.connection(world.here.tenant) as connection,
    ):
        for table, columns in tables:
            if "tenant_id" not in columns or table in reach.OPEN:
                continue
            key = next((one for one in ("store_id", "device_id") if one in columns), None)
            own = {"store_id": world.here.box.store, "device_id": world.here.box.device}
            names = sql.Identifier(table), sql.Identifier(key or "tenant_id")
            rows = (
                driver_of(connection)
                .execute(sql.SQL("select {1} from {0}").format(*names))
                .fetchall()
            )
            theirs = [row for row in rows if key is None or row[0] != own[key]]
            if theirs and table not in reach.SPECIAL:
                wrong.append((table, len(theirs)))
    assert wrong == []


def test_no_table_is_left_open_to_who_sees_but_a_part(world: World) -> None:
    with world.units.connection(None) as connection:
        rows = connection.exec_driver_sql(
            "select relname from pg_class c where relkind in ('r', 'p') and not relispartition"
            " and relnamespace = 'public'::regnamespace and exists (select from pg_attribute a"
            " where a.attrelid = c.oid and a.attname = 'tenant_id') and not exists"
            " (select from pg_policy p where p.polrelid = c.oid and p.polname = 'own_reach')"
        ).fetchall()
    found = {row.relname for row in rows} - reach.OPEN
    assert not found, f"let the migration that makes them call migrations.reach.close: {found}"


@contextmanager
def seeing(sight: Sight) -> Iterator[None]:
    with as_the_program():
        look_as(sight)
        yield
