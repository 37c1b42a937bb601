"""A release from wheels to a rollout, by the commands that people type, on a real database."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.bootstrap.releases import newest_root
from cloud_broker.cli.common import office_of
from retail_core.fleet.enrol_code import pin_of
from tests.factories.releases import PLATFORM, wheel
from tests.fakes.cloud_box import SimBox
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


class Office:
    """Whoever sits at the server, with keys on a stick of their own."""

    def __init__(self, folder: Path, database: Database, units: PostgresUnits) -> None:
        self.folder = folder
        self.keys = folder / "stick"
        tenant = new_tenant(units, "shop")
        self.box: SimBox = new_box(units, tenant)
        self.config = folder / "cloud.toml"
        self.config.write_text(
            f'database_url = "{database.url}"\nsecrets_dir = "{folder / "secrets"}"\n'
            f'release_dir = "{folder / "releases"}"\n',
            encoding="utf-8",
        )

    def says(self, *words: str, code: int = 0, settings: bool = True) -> str:
        config = ["--config", str(self.config)] if settings else []
        environment = {"REGULARS_RELEASE_PASSPHRASE": "stick"}
        done = CliRunner().invoke(app, ["release", *words, *config], env=environment)
        assert done.exit_code == code, done.output
        return done.output

    def key(self, name: str) -> str:
        return str(self.keys / f"{name}.pem")

    def begin(self) -> None:
        self.says("keys", str(self.keys), settings=False)
        roots = [word for one in (1, 2, 3) for word in ("--root", self.key(f"root-{one}"))]
        targets = ["--targets", self.key("targets-1")]
        root = self.folder / "root.json"
        said = self.says("begin", *roots, *targets, "--root-out", str(root))
        assert pin_of(root.read_bytes()) in said

    def build(self, number: int) -> str:
        house, out = self.folder / f"wheels-{number}", str(self.folder / f"out-{number}")
        wheel(house, {"shop.py": f"sold = {number}\n"}, version=f"1.{number}")
        words = ["--number", str(number), "--version", f"1.{number}", "--platform", PLATFORM]
        self.says("build", "--out", out, *words, "--wheelhouse", str(house), settings=False)
        return out

    def offer(self, number: int) -> None:
        out = self.build(number)
        self.says("sign", out, "--key", self.key("targets-1"))
        self.says("publish", out)

    def root_for_boxes(self) -> bytes:
        """Return what the running cloud's door hands to a box that comes in."""
        with office_of(self.config) as cloud:
            return newest_root(cloud)

    def listed(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.says("list", "--json"))
        return found


@pytest.fixture
def office(tmp_path: Path, database: Database, pg_units: PostgresUnits) -> Office:
    return Office(tmp_path, database, pg_units)


def test_from_wheels_to_every_box_and_back(office: Office) -> None:
    office.begin()
    office.offer(1)
    office.offer(2)
    assert [one["number"] for one in office.listed()["offered"]] == [2, 1]
    row = json.loads(office.says("roll-out", "2", "--by", "li", "--window", "any", "--json"))
    assert (row["state"], row["author"]) == ("waiting", "li")
    office.says("agree", row["rollout"], "--by", "li", code=3)
    office.says("agree", row["rollout"], "--by", "wang")
    assert "F257" in office.says("roll-out", "1", "--by", "li", code=3)
    shown = json.loads(office.says("show", row["rollout"], "--json"))
    assert (shown["state"], shown["second"]) == ("running", "wang")
    assert [(one["device"], one["ring"]) for one in shown["boxes"]] == [(str(office.box.device), 0)]
    office.says("steer", row["rollout"], "stopped", "--by", "li", "--why", "退货打不出")
    assert office.listed()["rollouts"][0]["state"] == "stopped"
    gone = str(office.folder / "gone")
    office.says("withdraw", "2", "--out", gone, "--key", office.key("targets-1"))
    office.says("publish", gone)
    assert [one["number"] for one in office.listed()["offered"]] == [1]


def test_wrong_keys_numbers_and_rules_are_refused_in_words(office: Office) -> None:
    office.begin()
    out = office.build(1)
    office.says("sign", out, "--key", office.key("root-1"))
    assert "F256" in office.says("publish", out, code=3)
    assert office.listed()["offered"] == []
    (Path(out) / "targets.json").unlink()
    office.says("sign", out, "--key", office.key("targets-1"))
    office.says("publish", out)
    (Path(out) / "targets.json").unlink()
    assert "F255" in office.says("sign", office.build(1), "--key", office.key("targets-1"), code=3)
    assert "F254" in office.says("roll-out", "9", "--by", "li", code=3)
    assert "F253" in office.says("roll-out", "1", "--by", "li", "--window", "25", code=3)
    assert "F253" in office.says("roll-out", "1", "--by", "li", "--sales", "0", code=3)


def test_keys_change_by_command(office: Office) -> None:
    assert office.root_for_boxes() == b"", "boxes are let in before there are releases"
    office.begin()
    assert office.root_for_boxes() == (office.folder / "root.json").read_bytes()
    office.says("keys", str(office.folder / "new"), settings=False)
    new = str(office.folder / "new" / "targets-1.pem")
    roots = ["--root", office.key("root-1"), "--root", office.key("root-2")]
    assert "F256" in office.says("rotate", "targets", *roots[:2], "--new", new, code=3)
    office.says("rotate", "targets", *roots, "--new", new)
    said = office.says("rotate", "timestamp", *roots)
    assert pin_of(office.root_for_boxes()) in said
    out = office.build(1)
    office.says("sign", out, "--key", office.key("targets-1"))
    assert "F256" in office.says("publish", out, code=3)
    (Path(out) / "targets.json").unlink()
    office.says("sign", out, "--key", new)
    office.says("publish", out)
    assert len(office.listed()["offered"]) == 1
