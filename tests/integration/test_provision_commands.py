"""From nothing to a box that is let in and shut out again, by the commands that people type."""

import csv
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import create_connection
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from typer.testing import CliRunner

from cloud_broker.__main__ import app as cloud_app
from cloud_broker.adapters.canary import Cage
from cloud_broker.bootstrap.boxes import enrolling_of
from cloud_broker.cli.common import office_of
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.bootstrap.network import network_of
from edge_agent.cli.commands import app as edge_app
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import FakeClock
from tests.plugins.postgres import Database

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")


class Site:
    """A cloud's settings, and the programs that were started."""

    def __init__(self, folder: Path, database: Database, stack: ExitStack) -> None:
        self.stack = stack
        self.folder = folder
        self.ports = [free_port() for _ in range(4)]
        http, own, tls, door = self.ports
        self.config = folder / "cloud.toml"
        self.config.write_text(
            f'database_url = "{database.url}"\nsecrets_dir = "{folder / "secrets"}"\n'
            f"http_port = {http}\nbroker_port = {own}\nbroker_tls_port = {tls}\n"
            f'door_port = {door}\nca_dir = "{folder / "ca"}"\nbroker_dir = "{folder / "mq"}"\n'
            'ca_passphrase = "p"\nbroker_password = "b"\nbroker_admin_password = "a"\n',
            encoding="utf-8",
        )

    def said(self, *arguments: str) -> dict[str, str]:
        done = CliRunner().invoke(cloud_app, [*arguments, "--config", str(self.config), "--json"])
        assert done.exit_code == 0, done.output
        found: dict[str, str] = json.loads(done.stdout)
        return found

    def refused(self, *arguments: str) -> str:
        """Run what is to be refused; return its code and what stderr says."""
        done = CliRunner().invoke(cloud_app, [*arguments, "--config", str(self.config), "--json"])
        assert done.exit_code == 3, done.output
        assert "constraint" not in done.stderr  # PostgreSQL's own words help nobody
        return done.stderr.replace("\n", "")

    def start(self, *command: str, port: int) -> None:
        log = self.stack.enter_context((self.folder / f"{port}.log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
        self.stack.callback(process.wait, PATIENCE_S)
        self.stack.callback(process.terminate)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{port}.log").read_text())


@pytest.fixture
def site(database: Database) -> Iterator[Site]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    with ExitStack() as stack:
        # mosquitto gives up root's rights before it reads its files; tmp_path is root's alone.
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="regulars-test-site-")))
        folder.chmod(0o755)
        yield Site(folder, database, stack)


def test_a_box_comes_in_by_a_code_and_goes_by_a_command(site: Site) -> None:
    site.said("provision-tenant", "--name", "熟客", "--slug", "demo")
    pin = site.said("ca-init", "--name", "熟客")["pin"]
    till = "escpos:老收银机:generic-zh-32:device:till-1:device:printer-1"
    people = ("--operator", "8:李娜", "--till", till)
    store = ("provision-store", "--name", "上海店", "--city", "上海", *people)
    assert set(site.said(*store)) == {"store", "pins"}
    site.said("broker-files", "--out", str(site.folder / "mq"))
    assert MOSQUITTO is not None
    site.start(MOSQUITTO, "-c", str(site.folder / "mq" / "mosquitto.conf"), port=site.ports[2])
    run = (sys.executable, "-m", "cloud_broker", "run", "--config", str(site.config))
    site.start(*run, port=site.ports[3])
    drawn = site.said("enrol-code", "--store", "上海店")
    assert drawn["pin"] == pin
    box = site.folder / "box"
    done = CliRunner().invoke(edge_app, ["provision", "--out", str(box), "--qr", drawn["qr"]])
    assert done.exit_code == 0, done.output
    for said in (
        "till devices",
        f"doctor -c {box / 'config.toml'} --print 老收银机",
        "device:till-1",
    ):
        assert said.removeprefix("device:") in done.output
    settings = load_settings(box / "config.toml")
    assert [one.name for one in settings.device.operators] == ["李娜"]
    network, who, cloud = network_of(settings), settings.device.identity, settings.device.cloud
    identity = LinkIdentity(who.tenant, who.store, who.device, "")
    link = MqttLink(
        cloud.broker_host,
        cloud.broker_port,
        identity,
        UUID(int=9),
        SystemIds(FakeClock()),
        FaultTally(),
        network.route,
    )
    link.start(lambda _message: None, lambda _connected: None)
    site.stack.callback(link.stop)
    directory = HttpDirectory(cloud.url, "", outgoing=network.outgoing)
    site.stack.callback(directory.close)
    eventually(link.connected)
    assert directory.name_map() == {}
    gone = site.said("revoke-box", "--device", str(who.device), "--why", "被盗")
    assert gone == {"revoked": str(who.device), "broker": True, "crl": True}
    cage = Cage(site.folder / "ca", [("127.0.0.1", site.ports[2])])
    eventually(lambda: list(dict(cage.tried()).values()) == [False])
    eventually(lambda: not link.connected())
    with pytest.raises(Fault) as caught:
        directory.name_map()
    assert caught.value.code is FaultCode.API_TOKEN_WRONG


def test_an_authority_without_a_folder_is_told_where_to_put_it(site: Site) -> None:
    config = site.config.read_text(encoding="utf-8")
    without = [one for one in config.splitlines() if not one.startswith("ca_dir")]
    site.config.write_text("\n".join(without), encoding="utf-8")
    said = site.refused("ca-init", "--name", "熟客")
    assert said.startswith("I105")
    assert "ca_dir" in said


def test_a_chain_and_who_signs_in_to_it_are_one_command(site: Site) -> None:
    for slug in ("one", "two"):
        made = site.said("provision-tenant", "--name", slug, "--slug", slug, "--admin", "boss")
        assert made["login"] == f"boss@{slug}"
        with office_of(site.config) as office:
            _, who = office.access.login(made["login"], made["password"])
        assert (str(who.tenant_id), who.role) == (made["tenant"], "admin")
    wrong = ("provision-tenant", "--name", "x", "--slug", "three", "--admin", "B oss")
    assert site.refused(*wrong).startswith("I105")
    done = CliRunner().invoke(
        cloud_app,
        ["provision-tenant", "--name", "x", "--slug", "three", "--config", str(site.config)],
    )
    assert "账号@短名" in done.stderr


def test_every_store_that_waits_gets_its_code_in_one_file(site: Site) -> None:
    site.said("provision-tenant", "--name", "熟客", "--slug", "demo")
    site.said("ca-init", "--name", "熟客")
    for name in ("甲店", "乙店"):
        site.said("provision-store", "--name", name, "--city", "上海")
    drawn: list[list[dict[str, str]]] = []
    for file in (site.folder / "1.csv", site.folder / "2.csv"):
        assert str(site.said("enrol-codes", "--out", str(file), "--hours", "20")["codes"]) == "2"
        assert file.stat().st_mode & 0o777 == 0o600
        with file.open(encoding="utf-8", newline="") as text:
            drawn.append(list(csv.DictReader(text)))
    assert {row["name"] for row in drawn[1]} == {"甲店", "乙店"}
    assert all(row["code"].replace("-", "") in row["qr"] for row in drawn[1])
    with office_of(site.config) as office:
        desk, board = enrolling_of(office), "0" * 8
        first, second = (rows[0]["code"] for rows in drawn)
        with pytest.raises(Fault) as over:
            desk.enrol(first, b"", board)
        with pytest.raises(Fault) as empty:
            desk.enrol(second, b"", board)
    # The older code is over with the newer; the newer one is let as far as to its request.
    assert over.value.code is FaultCode.ENROL_CODE_WRONG
    assert empty.value.code is FaultCode.ENROL_CSR_REFUSED
    assert site.refused("enrol-codes", "--out", str(site.folder / "1.csv")).startswith("I105")


def test_what_is_entered_twice_or_wrongly_is_refused_in_our_words(site: Site) -> None:
    tenant = ("provision-tenant", "--name", "熟客", "--slug", "demo")
    site.said(*tenant)
    assert site.refused(*tenant).startswith("I133")
    assert site.refused("provision-tenant", "--name", "熟客", "--slug", "A B").startswith("I105")
    assert site.refused("provision-tenant", "--name", " ", "--slug", "b").startswith("I105")
    store = ("provision-store", "--name", "上海店", "--city", "上海", "--operator", "8:李娜")
    site.said(*store)
    assert site.refused(*store).startswith("I132")
    another = ("provision-store", "--name", "北京店", "--city", "北京")
    for wrong in (
        ("--name", ""),
        ("--city", " "),
        ("--zone", "Mars/Phobos"),
        ("--zone", "../etc"),
        ("--till", "api:1", "--till", "api:1"),
        ("--operator", "8:李娜", "--operator", "8:王芳"),
    ):
        said = site.refused(*another, *wrong)
        assert said.startswith("I105")
        assert wrong[0] in said
    site.said(*another)  # what was refused left nothing behind
    drawn = ("enrol-code", "--store", "北京店")
    site.said("ca-init", "--name", "熟客")
    assert site.said(*drawn)["code"]
