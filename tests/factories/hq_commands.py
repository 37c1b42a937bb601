"""The commands of one cloud on a real database, as whoever runs it types them."""

import json
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from typer.testing import CliRunner, Result

from cloud_broker.__main__ import app
from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.postgres.queries import PostgresQueries
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from tests.fakes.cloud_box import SimBox, fresh_id
from tests.plugins.postgres import Database

IDS = ("tenant", "store", "device", "legal_entity")


@dataclass
class Hq:
    """The commands of one cloud, a box, and the tokens of two people."""

    config: Path
    box: SimBox
    database: Database
    tokens: dict[str, str]

    def run(self, *arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--config", str(self.config)])
        assert done.exit_code == code, done.output
        return done

    def command(self, *arguments: str, code: int = 0) -> str:
        return self.run(*arguments, code=code).output

    def said(self, *arguments: str, who: str = "", code: int = 0) -> dict[str, Any]:
        token = ["--token", self.tokens[who]] if who else []
        answer: dict[str, Any] = json.loads(
            self.run(*arguments, "--json", *token, code=code).stdout
        )
        return answer

    def sends(self, first: int = 1) -> None:
        """Let the box send its journal from an event on, and the cloud book it."""
        engine = make_engine(self.database.url, connections=1)
        now = int(time.time() * 1000)
        frame = open_frame(Inbound(self.box.topic(), self.box.frame(first), now))
        assert isinstance(frame, OpenFrame)
        units = PostgresUnits(engine)
        with units.begin(self.box.tenant) as unit:
            Batch(unit, self.box.tenant, now).book([frame], [])
        units.close()

    def outstanding(self) -> int:
        """What HQ's wall says that members hold."""
        units = PostgresUnits(make_engine(self.database.url))
        overview = PostgresQueries(units, SystemClock()).overview(self.box.tenant)
        units.close()
        return overview.points_outstanding


def opened_hq(database: Database, tmp_path: Path) -> Hq:
    """Provision a tenant with a store, and two people of HQ."""
    config = tmp_path / "cloud.toml"
    config.write_text(
        f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
        f'secrets_dir = "{tmp_path / "secrets"}"\nbroker_password = "x"\n',
        encoding="utf-8",
    )
    made = Hq(config, SimBox(fresh_id()), database, {})
    made.command("provision-tenant", "--name", "熟客美妆", "--slug", "demo")
    device = tmp_path / "box.toml"
    names = ("--name", "上海店", "--city", "上海", "--out", str(device))
    made.command("provision-store", *names, "--till", "api:1号收银台")
    file = tomllib.loads(device.read_text(encoding="utf-8"))
    tenant, store, device_id, entity = (UUID(file["identity"][name]) for name in IDS)
    made.box = SimBox(tenant, store, device_id, entity)
    units = PostgresUnits(make_engine(database.url))
    with units.connection(tenant) as connection:
        made.box.till = connection.exec_driver_sql("select till_id from till").scalar_one()
    units.close()
    for login in ("li", "wang"):
        user = ("--login", login, "--name", login, "--role", "operations", "--token", "cli")
        made.tokens[login] = made.said("hq-user", *user)["api_token"]
    return made
