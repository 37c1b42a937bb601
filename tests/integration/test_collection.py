"""What SDKs send over HTTP, in a real PostgreSQL: kept once, seen when it cannot be used."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.bootstrap.serving import Running, build_api
from cloud_broker.ports.collection import SourceKind
from cloud_broker.settings import Settings
from retail_core.insight.channel_orders.words import order_id_of
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.tills import TillAgreement
from tests.factories.platforms import SECRETS, pushed
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
SHOP = "https://shop.example"
HOST = "http://127.0.0.1:8100"


@dataclass
class Site:
    """A cloud with a web shop as its source."""

    office: Office
    web: TestClient
    tenant: UUID
    source: UUID
    key: str
    database: Database

    def call(self, path: str, body: object, **headers: str) -> Response:
        said = {"authorization": "Basic " + b64encode(f"{self.key}:".encode()).decode()} | headers
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = said.pop("media", "application/json")
        return self.web.post(path, content=content, headers={"content-type": kind} | said)

    def logged(self, column: str = "name") -> list[Any]:
        with psycopg.connect(self.database.url.replace("+psycopg", "")) as connection:
            connection.execute("select set_config('app.tenant', %s, true)", (str(self.tenant),))
            rows = connection.execute(
                f"select {column} from event_log where channel is not null"  # noqa: S608
                " order by received_at, event_id"
            ).fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    settings = Settings(database_url=database.url, secrets_dir=tmp_path / "keys", tenant="first")
    office = build_office(settings)
    tenant = new_tenant(office.units, "first")
    made = office.channels.sources.make(tenant, "商城", "web", "sdk", who="t", origins=[SHOP])
    served, _ = build_api(Running(office, PostgresHub(database.url), FaultTally()))
    web = TestClient(served, base_url=HOST)
    yield Site(office, web, tenant, made.source.source_id, made.shown, database)
    office.close()


def track(number: int, **more: object) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "visitor-1",
        "messageId": f"m-{number}",
        "properties": {"sku": "A1", "category": "面霜"},
        **more,
    }


def test_every_kind_is_taken_and_a_message_counts_once_for_ever(site: Site) -> None:
    for path, body in (
        ("/v1/track", track(1)),
        ("/v1/t", track(1)),
        ("/v1/identify", {"userId": "u1", "messageId": "i", "traits": {"phone": "13800138000"}}),
        ("/v1/alias", {"userId": "u1", "previousId": "visitor-1", "messageId": "a"}),
        ("/v1/group", {"userId": "u1", "groupId": "g", "messageId": "g"}),
        ("/v1/page", {"anonymousId": "visitor-1", "messageId": "p"}),
        ("/v1/screen", {"anonymousId": "visitor-1", "messageId": "s"}),
        ("/v1/batch", {"batch": [track(1), track(2), track(2)]}),
    ):
        answer = site.call(path, body)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text
    names = ["Product Viewed", "", "", "", "Page Viewed", "Screen Viewed", "Product Viewed"]
    assert site.logged() == names
    assert site.logged("type")[1] == "channel.identify"
    assert site.logged("sku")[0] == "A1"
    with psycopg.connect(site.database.super_dsn) as connection:
        # A month is put away: its messages stay known.
        connection.execute("delete from event_log_default")
        month = datetime.now(UTC).strftime("event_log_%Y_%m")
        connection.execute(f"alter table event_log detach partition {month}")
    assert site.call("/v1/track", track(1)).status_code == 200
    assert site.logged() == []


def test_a_number_never_stands_in_the_log_and_leads_to_its_member(site: Site) -> None:
    said = {"userId": "u1", "messageId": "i", "traits": {"phone": "138 0013 8000", "name": "李娜"}}
    site.call("/v1/identify", said)
    site.call("/v1/track", track(5, userId="u1", properties={"email": "a@b.cn", "sku": "A1"}))
    bodies = b" ".join(bytes(one) for one in site.logged("body"))
    for named in ("138 0013 8000", "13800138000", "李娜", "a@b.cn"):
        assert named.encode() not in bodies
    with site.office.units.begin(site.tenant) as unit:
        assert unit.collection.members_of(site.source, ["u:u1"]) == {}
    with psycopg.connect(site.database.url.replace("+psycopg", "")) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", (str(site.tenant),))
        row = connection.execute("select traits, phone_hash from channel_person").fetchone()
    hashed = site.office.channels.sources.hashed(site.tenant)
    assert row == ({"name": "李娜"}, hashed("phone", "8613800138000"))


def test_what_cannot_be_used_is_seen_with_its_reason_and_mended(site: Site) -> None:
    answer = site.call(
        "/v1/batch",
        {
            "batch": [
                track(1),
                {"type": "track", "event": "x", "messageId": "2"},
                {"type": "track", "anonymousId": "v", "messageId": "3"},
                {"type": "buy", "anonymousId": "v"},
                track(4, timestamp="yesterday"),
                track(6, properties={"long": "x" * 33_000}),
                "text",
            ]
        },
    )
    assert answer.json() == {"success": True}
    collecting = site.office.channels.collecting
    waiting = collecting.refused(site.tenant)
    assert sorted(one.code for one in waiting) == ["E134", "E135", "E136", "E137", "E138", "E139"]
    assert site.logged() == ["Product Viewed"]
    assert site.call("/v1/track", b"{not json").status_code == 400
    assert dict(collecting.count_refused(site.tenant))["E130"] == 1
    lacking = next(one for one in waiting if one.code == "E136")
    assert b"rgw." not in lacking.payload
    collecting.drop(site.tenant, lacking.refused_id, who="li")
    assert lacking.refused_id not in {one.refused_id for one in collecting.refused(site.tenant)}


def test_the_limits_are_segments(site: Site) -> None:
    for path, size in (("/v1/track", 33_000), ("/v1/batch", 513_000)):
        answer = site.call(path, {"batch": [], "properties": {"long": "x" * size}})
        assert (answer.status_code, answer.json()["code"]) == (400, "E131"), path
    packed = gzip.compress(json.dumps({"batch": [track(1)]}).encode())
    assert site.call("/v1/batch", packed, **{"content-encoding": "gzip"}).status_code == 200
    bomb = gzip.compress(b'{"batch":["' + b"x" * 5_000_000 + b'"]}')
    answer = site.call("/v1/batch", bomb, **{"content-encoding": "gzip"})
    assert answer.json()["code"] == "E131"
    assert site.logged() == ["Product Viewed"]


def test_a_page_calls_from_its_own_origin_alone(site: Site) -> None:
    """As Segment's page SDK does it: no question first, the key in the body, plain text."""
    body = {**track(1), "writeKey": site.key}
    plain = {"media": "text/plain", "authorization": ""}
    good = site.call("/v1/t", body, origin=SHOP, **plain)
    assert (good.status_code, good.headers["access-control-allow-origin"]) == (200, SHOP)
    wrong = site.call("/v1/t", {**body, "messageId": "n"}, origin="https://evil.example", **plain)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "E133")
    assert "access-control-allow-origin" not in wrong.headers
    asked = site.web.options("/v1/batch", headers={"origin": SHOP})
    assert asked.status_code == 204
    assert "authorization" in asked.headers["access-control-allow-headers"]
    assert site.web.options("/v1/batch", headers={"origin": "https://evil.example"}).is_error
    assert site.logged() == ["Product Viewed"]


def test_a_key_is_changed_without_a_gap_and_ends(site: Site) -> None:
    sources, old = site.office.channels.sources, site.key
    site.key = sources.rotate(site.tenant, site.source, who="li")
    assert site.call("/v1/track", track(1)).status_code == 200
    site.key, new = old, site.key
    assert site.call("/v1/track", track(2)).status_code == 200
    site.key = sources.rotate(site.tenant, site.source, who="li", at_once=True)
    assert site.call("/v1/track", track(3)).status_code == 200
    for ended in (old, new, "rgw.zz.x", "", f"rgw.{site.tenant.hex}.nothing"):
        site.key = ended
        answer = site.call("/v1/track", track(4))
        assert (answer.status_code, answer.json()["code"]) == (401, "E132")


def test_a_clock_that_is_wrong_does_not_date_an_event(site: Site) -> None:
    """The sender's clock is a year ahead; the event was five minutes before it was sent."""
    ahead = datetime.now(UTC) + timedelta(days=365)
    said = {"timestamp": (ahead - timedelta(minutes=5)).isoformat(), "sentAt": ahead.isoformat()}
    before = datetime.now(UTC)
    site.call("/v1/track", track(1, **said))
    at = datetime.fromtimestamp(site.logged("wall_ms")[0] / 1000, UTC)
    after = datetime.now(UTC)
    assert before - timedelta(minutes=5, seconds=1) <= at <= after - timedelta(minutes=5)


def test_another_chain_sees_nothing(site: Site) -> None:
    site.call("/v1/track", track(1))
    other = new_tenant(site.office.units, "second")
    with site.office.units.begin(other) as unit:
        assert unit.collection.sources() == ()
        assert unit.collection.refused("open", 10) == ()


def test_sales_and_channels_events_come_again_in_one_order(site: Site, tmp_path: Path) -> None:
    """Three events and a till's sale between them; then on from the second."""
    site.call("/v1/batch", {"batch": [track(1), track(2)]})
    box = new_box(site.office.units, site.tenant)
    body = encode_body(TillAgreement("count", 1, 1, 1_000, 1, 1))
    with psycopg.connect(site.database.super_dsn) as connection:
        connection.execute(
            "insert into event_log (tenant_id, event_id, received_at, store_id, device_id, epoch,"
            " seq, type, wall_ms, time_quality, boot_id, mono_ms, hash, body) values"
            " (%s, %s, clock_timestamp(), %s, %s, 1, 1, 'till.agreement', 5, 3, %s, 0, '', %s)",
            (site.tenant, fresh_id(), box.store, box.device, fresh_id(), body),
        )
    site.call("/v1/track", track(3))
    with psycopg.connect(site.database.super_dsn) as connection:
        # As if a minute had gone by: what is younger may still be followed by something older.
        connection.execute("alter table event_log disable trigger event_log_is_append_only")
        connection.execute("update event_log set received_at = received_at - interval '1 minute'")
        connection.execute("alter table event_log enable trigger event_log_is_append_only")
    config = tmp_path / "cloud.toml"
    config.write_text(
        f'database_url = "{site.database.url}"\nsecrets_dir = "{tmp_path / "keys"}"\n'
        'tenant = "first"\n',
        encoding="utf-8",
    )

    def replayed(*words: str) -> list[dict[str, Any]]:
        line = ["event-log", "replay", *words, "--config", str(config)]
        done = CliRunner().invoke(app, line)
        assert done.exit_code == 0, done.output
        return [json.loads(one) for one in done.stdout.splitlines()]

    rows = replayed("--from", "2026-01-01T00:00:00Z")
    types = ["channel.track", "channel.track", "till.agreement", "channel.track"]
    assert [one["type"] for one in rows] == types
    assert rows[2]["body"]["why"] == "count"
    assert [one.get("sku") for one in rows] == ["A1", "A1", None, "A1"]
    assert rows[2]["store"] == str(box.store)
    assert replayed("--from", rows[1]["at"]) == rows[2:]
    assert replayed("--from", rows[0]["at"], "--limit", "1", "--type", "channel.") == rows[1:2]
    wrong = ["event-log", "replay", "--from", "x", "--config", str(config)]
    assert "E153" in CliRunner().invoke(app, wrong).output


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_a_platform_pushes_orders_late_twice_and_out_of_order(site: Site, kind: SourceKind) -> None:
    """The address takes what is signed, keeps each word once, and books the order by all of it."""
    channels, now_ms = site.office.channels, site.office.clock.now_ms()
    secrets = {} if kind == "oms" else SECRETS[kind]
    made = channels.sources.make(
        site.tenant,
        kind,
        kind,
        kind,
        who="t",
        secrets=secrets,
    )
    path = f"/v1/connect/{site.tenant}/{made.source.source_id}"

    def push(content: object, name: str) -> Response:
        one = pushed(kind, content, now_ms, name, {"secret": made.shown} if made.shown else None)
        headers = {"content-type": "application/json", **one.headers}
        return site.web.post(path, params=one.query, content=one.body, headers=headers)

    second = now_ms // 1000
    paid: dict[str, tuple[object, object]] = {
        "oms": (
            {"order_no": "N1", "version": 2, "status": "cancelled"},
            {"order_no": "N1", "version": 1, "status": "paid", "ordered_ms": now_ms - 9_000},
        ),
        "douyin": (
            [{"tag": "106", "data": {"p_id": 1, "cancel_time": second - 1}}],
            [{"tag": "100", "data": {"p_id": 1, "create_time": second - 9}}],
        ),
        "wechat_mini": (
            {"Event": "channels_ec_order_cancel", "CreateTime": second - 1,
             "order_info": {"order_id": 1}},
            {"Event": "channels_ec_order_new", "CreateTime": second - 9,
             "order_info": {"order_id": 1}},
        ),
    }  # fmt: skip
    cancelled, ordered = paid[kind]
    assert push(cancelled, "p1").status_code == 200
    with site.office.units.begin(site.tenant) as unit:
        assert unit.channel_orders.totals() == {}
    for name in ("p2", "p3"):
        assert push(ordered, name).status_code == 200
    assert [one for one in site.logged("type") if one == "channel.order"] == ["channel.order"] * 2
    with site.office.units.begin(site.tenant) as unit:
        assert unit.channel_orders.totals() == {kind: (1, 0, 0)}
        number = {"oms": "N1"}.get(kind, "1")
        order = unit.channel_orders.order(order_id_of(kind, number))
        assert order is not None
        assert order.order.status == "cancelled"
    bad = site.web.post(path, content=b"{}", headers={"content-type": "application/json"})
    assert (bad.status_code, bad.json()["code"]) == (401, "E140")
    nobody = site.web.post(f"/v1/connect/{site.tenant}/{fresh_id()}", content=b"{}")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "E140")


def test_an_order_that_cannot_be_read_or_contradicts_itself_is_seen(site: Site) -> None:
    channels, now_ms = site.office.channels, site.office.clock.now_ms()
    made = channels.sources.make(site.tenant, "OMS", "oms", "oms", who="t")
    path = f"/v1/connect/{site.tenant}/{made.source.source_id}"
    for number, row in enumerate(
        (
            {"order_no": "N1", "version": 1, "ordered_ms": 5, "net_fen": 100},
            {"order_no": "N1", "version": 1, "ordered_ms": 5, "net_fen": 200},
            {"order_no": "N2", "version": "x"},
            {"order_no": "N" * 101, "version": 1},
        )
    ):
        one = pushed("oms", row, now_ms, f"p{number}", {"secret": made.shown})
        headers = {"content-type": "application/json", **one.headers}
        assert site.web.post(path, content=one.body, headers=headers).status_code == 200
    codes = sorted(one.code for one in channels.collecting.refused(site.tenant))
    assert codes == ["E142", "E142", "E143"]
    with site.office.units.begin(site.tenant) as unit:
        assert unit.channel_orders.totals() == {"oms": (1, 100, 0)}


def test_sources_are_made_changed_and_looked_at_by_commands(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text(
        f'database_url = "{site.database.url}"\nsecrets_dir = "{tmp_path / "keys"}"\n'
        'tenant = "first"\n',
        encoding="utf-8",
    )

    def said(*words: str, given: str = "") -> Any:
        line = ["collect", *words, "--config", str(config), "--json"]
        done = CliRunner().invoke(app, line, input=given)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    made = said("source", "小程序", "--channel", "mini", "--origin", "https://mini.example")
    assert made["url"].endswith("/v1")
    shop = said(
        "source", "抖店", "--channel", "douyin", "--kind", "douyin", given="7000\nnot-real\n"
    )
    assert shop["url"].endswith(f"/v1/connect/{site.tenant}/{shop['id']}")
    assert "not-real" not in json.dumps(shop)
    with site.office.units.begin(site.tenant) as unit:
        held = unit.collection.source(UUID(shop["id"]))
    assert held is not None
    assert b"not-real" not in (held.sealed or b"")
    secrets = site.office.channels.sources.secrets_of(site.tenant, held)
    assert secrets == {"app_key": "7000", "app_secret": "not-real"}
    assert [one["name"] for one in said("sources")] == ["商城", "小程序", "抖店"]
    site.key = said("key", "小程序", "--at-once")["key"]
    said("origins", "小程序", "--origin", SHOP)
    assert site.call("/v1/track", track(1), origin=SHOP).status_code == 200
    site.call("/v1/track", {"anonymousId": "v", "messageId": "x"})
    # What channels say is in no box's chain: the books are proved without it.
    proved = CliRunner().invoke(app, ["ledger", "verify", "--config", str(config), "--json"])
    assert (proved.exit_code, json.loads(proved.stdout)["chains"]) == (0, 0), proved.output
    told = said("refused")
    assert told["open"] == {"E136": 1}
    (waiting,) = told["rows"]
    assert said("again", waiting["id"], "--drop") == {"dropped": waiting["id"]}
    assert said("refused")["rows"] == []
    assert said("end", "小程序") == {"ended": "小程序"}
    assert site.call("/v1/track", track(2)).json()["code"] == "E132"
    for words in (("key", "抖店"), ("key", "没有"), ("source", "商城", "--channel", "x")):
        done = CliRunner().invoke(app, ["collect", *words, "--config", str(config)])
        assert done.exit_code == 3, words
        assert "E14" in done.output
