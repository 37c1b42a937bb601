"""Who gets where: every address of the running application, for every role, place and chain.

The addresses come from the application itself, so a new one without an entry in `rights` fails
here; the answers come from the whole program over a real PostgreSQL.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import sql
from starlette.routing import Mount, Route

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.adapters.postgres.base import driver_of
from cloud_broker.api.guard import CALLS
from cloud_broker.bootstrap.office import build_office
from cloud_broker.bootstrap.serving import Running, build_api
from cloud_broker.console.shell import OPEN
from cloud_broker.domain.alert_plan import AlertPlan, Trouble
from cloud_broker.domain.rights import (
    KEY_OPENS,
    MAY,
    NEEDS,
    PLACED,
    ROLES,
    KeyScope,
    Right,
    may,
)
from cloud_broker.migrations import reach
from cloud_broker.ports.orders import Halt
from cloud_broker.ports.sight import Sight, as_the_program, look_as
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.access.partners import Partners
from cloud_broker.services.hq.user_desk import UserAsked, UserDesk
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.hq_world import ORIGIN, Shop, World, filled, opened, sent_out
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_tenant, token_of
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
# Doors of others than HQ's people: who stands there is said by what an address begins with.
BEGINS = {
    "/v1/device/": "box",
    "/v1/member/": "member",
    "/v1/master/": "partner",
    "/v1/export": "partner",
    "/v1/connect/": "platform",
}
# SDKs come with a write key of a source; what browsers ask first says nothing of anybody.
WRITE_KEY = {f"/v1/{said}" for name in CALLS for said in (name, name[0])}
# They do not end by themselves; what they send is what the page beside them shows.
ENDLESS = {
    ("GET", "/console/stream"),
    ("GET", "/commands/{order_id}/stream"),
    ("GET", "/releases/{rollout_id}/stream"),
}
OF_A_SHOP = re.compile(r"\{(store_id|order_id|member_id|rollout_id)\}")
PUBLIC = {"/v1/health", "/metrics", "/openapi.json", "/docs/oauth2-redirect"}
# The member's page is a file that says nothing of anybody.
PAGES = {"/m", "/m/", "/m/lane/{store}/{lane}", "/m/s/{token}", "/m/wechat", "/m/worker.js"}


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
    keys = Partners(office.units, office.clock, office.ids)
    for scope in KeyScope:
        made.tokens[scope] = keys.create(first, scope, (scope,), who="boss")[0]
    made.tokens["key"] = keys.create(first, "every", tuple(KeyScope), who="boss")[0]
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
    if address in WRITE_KEY:
        return "sdk"
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


@pytest.mark.parametrize("role", sorted(PLACED))
def test_people_of_a_place_see_its_alerts_and_no_others(world: World, role: str) -> None:
    shops, when = (world.here, world.there), world.here.box.wall_ms
    troubles = [Trouble(shop.box.store, "H109", shop.name, when) for shop in shops]
    chains_own = Trouble(None, "F271", "partner", when, {"name": "ERP", "reason": "-"})
    plan = AlertPlan(opens=(*troubles, chains_own))
    with world.units.begin(world.here.tenant) as unit:
        if not unit.alerts.standing():
            unit.alerts.write(plan, [fresh_id() for _ in plan.opens], when)
    answer = world.ask(role, "GET", "/alerts", world.here)
    assert answer.status_code == 200
    assert f"/stores/{world.here.box.store}" in answer.text
    assert f"/stores/{world.there.box.store}" not in answer.text
    assert "F271" not in answer.text
    assert '/alerts"' not in answer.text.partition("<main")[2]


@pytest.mark.parametrize("role", ROLES)
def test_no_person_stands_at_a_door_of_boxes_members_or_partners(world: World, role: str) -> None:
    for method, address in sorted(routes(world.app)):
        if door_of(method, address) in {"box", "member", "partner", "sdk", "platform"}:
            answer = world.ask(role, method, address, world.here)
            assert answer.status_code in {401, 403, 404, 405, 413, 415, 422, 429}, (method, address)
            assert not any(mark in answer.text for mark in world.here.marks), (method, address)


@pytest.mark.parametrize("key", [*KeyScope, "key"])
def test_every_key_at_every_address(world: World, key: str) -> None:
    """A key opens what its scopes say and nothing else, whatever a person could do there."""
    scopes = set(KeyScope) if key == "key" else {KeyScope(key)}
    wrong = []
    for method, address in sorted((NEEDS.keys() | KEY_OPENS.keys()) - ENDLESS):
        if (method, address) == ("POST", "/logout"):
            continue
        answer = world.ask(key, method, address, world.here)
        let_in = bool(scopes & KEY_OPENS.get((method, address), set()))
        if address.startswith("/v1/"):
            # Of its tables a key opens one or another: which one stands in a unit test.
            let_in &= "{kind}" not in address or answer.status_code != 403
            well = refused(answer, "A111") is not let_in
        else:
            well = refused(answer, "")
        if not well or answer.status_code >= 500:
            wrong.append((method, address, answer.status_code, answer.text[-300:]))
    assert wrong == []


def test_a_key_sees_its_own_chain_alone(world: World) -> None:
    """Every shop of its chain, nothing of another's, by id or at all."""
    found, seen_here = [], set()
    for method, address in sorted(KEY_OPENS):
        for shop in (world.here, world.foreign):
            answer = world.ask("key", method, address, shop)
            text = without_asked(answer.text, shop)
            seen_here |= {mark for mark in world.here.marks if mark in text}
            by_id = shop is world.foreign and OF_A_SHOP.search(address) is not None
            if any(mark in text for mark in world.foreign.marks) or (
                by_id and answer.status_code < 300
            ):
                found.append((method, address, answer.status_code))
    assert found == []
    assert {world.here.name, world.here.person.name} <= seen_here


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
