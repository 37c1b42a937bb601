"""The cloud as processes: brought up by its commands, killed, asked over HTTP, ended in order."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.factories.cloud_process import Cloud, booked, brought_up
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S
from tests.fakes.cloud_box import Person, SimBox
from tests.fakes.cloud_line import BoxLine, wait_until
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tests.plugins.postgres import Database

CATALOGUE = "sku,barcodes,name,unit,price,cost,brand,category,tags\nA1,690,洗面奶,支,59,,甲,洁面,\n"
BUNDLE = '{"version": 1, "tier_names": {}, "earn": {"id": "e", "fen_per_point": 100}}'


@pytest.fixture
def cloud(database: Database, mosquitto: Callable[..., Broker], tmp_path: Path) -> Iterator[Cloud]:
    broker = mosquitto()
    with ExitStack() as stack:
        made = Cloud(tmp_path, database, (broker,), free_port(), stack)
        made.config.write_text(
            f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
            f'secrets_dir = "{tmp_path / "secrets"}"\nhttp_port = {made.http_port}\n'
            f'broker_port = {broker.port}\nbroker_password = "{INGEST_PASSWORD}"\n',
            encoding="utf-8",
        )
        yield made


def test_a_day_from_nothing_to_the_first_sale(cloud: Cloud) -> None:
    shanghai, chengdu = brought_up(cloud, "上海店", "成都店")
    process = cloud.run("all")
    wait_until(cloud.up)
    (cloud.folder / "goods.csv").write_text(CATALOGUE, encoding="utf-8")
    (cloud.folder / "rules.json").write_text(BUNDLE, encoding="utf-8")
    here, there = cloud.line(shanghai), cloud.line(chengdu)
    goods = ("import", "catalogue", str(cloud.folder / "goods.csv"))
    assert cloud.said(*goods, "--dry-run")["published_version"] == 0
    assert cloud.said(*goods)["published_version"] == 1
    assert cloud.said("publish-bundle", str(cloud.folder / "rules.json")) == {"version": 1}
    told = {here.published.get(timeout=PATIENCE_S).kind for _ in range(2)}
    assert told == {"catalogue", "bundle"}
    assert cloud.said("sign-tag", "04A1B2C3D4E5F6")["link"].startswith(
        "https://regulars.invalid/t?"
    )
    assert "R309" in cloud.command("sign-tag", "08A1B2C3", code=3)
    person = Person()
    shanghai.enrols(person)
    here.drain()
    chengdu.sells(person)
    there.drain()
    person_of_hq = ("--login", "li", "--name", "李娜", "--role", "admin", "--token", "x")
    made = cloud.said("hq-user", *person_of_hq)
    with httpx2.Client(base_url=cloud.url) as client:
        client.headers["Authorization"] = f"Bearer {made['api_token']}"
        (found,) = client.get("/v1/hq/members", params={"q": "王芳"}).json()
        assert (found["points_free"], found["home_store_name"]) == (59, "上海店")
        ledger = client.get("/v1/hq/ledger", params={"store": str(chengdu.store)}).json()
        assert ledger["totals"] == {"receipts": 1, "total_fen": 5_900, "points": 59}
        assert client.get("/login").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    wait_until(lambda: here.cloud_up is False)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_again_and_again_it_loses_and_doubles_nothing(cloud: Cloud) -> None:
    """Ingest dies by SIGKILL while three boxes send; all that was sold is booked, once."""
    boxes = brought_up(cloud, "上海店", "成都店", "北京店")
    person = Person()
    boxes[0].enrols(person)
    lines = [cloud.line(box) for box in boxes]
    done = threading.Event()

    def trade(box: SimBox, line: BoxLine) -> None:
        while not done.wait(0.02):
            box.sells(person)
            first = max(1, len(box.events) - 3)
            line.send("up", box.frame(first))

    traders = [threading.Thread(target=trade, args=pair) for pair in zip(boxes, lines, strict=True)]
    process = cloud.run("ingest")
    wait_until(lambda: lines[0].cloud_up is True)
    for trader in traders:
        trader.start()
    for _ in range(3):
        seen = sum(line.acks.qsize() for line in lines)
        wait_until(lambda: sum(line.acks.qsize() for line in lines) > seen + 20)  # noqa: B023 - used at once
        process.kill()
        process.wait(30)
        process = cloud.run("ingest")
    done.set()
    for trader in traders:
        trader.join(30)
    for line in lines:
        line.drain(patience_s=60)
    sales = sum(len(box.events) for box in boxes) - 1
    wait_until(lambda: booked(cloud) == sales)  # promised first, booked right after
    with psycopg.connect(cloud.database.super_dsn) as connection:
        row = connection.execute(
            "select (select count(*) from receipt), (select count(*) from event_log),"
            " (select count(*) from posting),"
            " (select balance from account where account like 'member:%:free'),"
            " (select coalesce(sum(breaks), 0) from device_range),"
            " (select count(*) from repair_queue where kind <> 'member')"
        ).fetchone()
    assert row == (sales, sales + 1, sales, 59 * sales, 0, 0)


def test_what_is_wrong_with_the_surroundings_is_said_in_codes(cloud: Cloud) -> None:
    assert "I104" in cloud_on_an_empty_database(cloud)
    cloud.command("provision-tenant", "--name", "熟客", "--slug", "demo")
    assert "I105" in cloud.command("provision-tenant", "--name", "熟客", "--slug", "Demo!", code=3)
    assert "A107" in cloud.command(
        "hq-user", "--login", "a", "--name", "a", "--role", "king", code=3
    )
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", cloud.http_port))
        taken.listen()
        assert "I102" in cloud.refused_to_run("api")
    cloud.config.write_text(cloud.config.read_text() + "colour = 1\n")
    assert "I105" in cloud.command("run", code=3)


def cloud_on_an_empty_database(cloud: Cloud) -> str:
    """Run against a base without tables and return what it said."""
    text = cloud.config.read_text()
    cloud.config.write_text(text.replace(f'/{cloud.database.name}"', '/postgres"'))
    said = cloud.refused_to_run("api")
    cloud.config.write_text(text)
    return said
