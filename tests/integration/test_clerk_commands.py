"""`cloud-broker export clerks` and `clerk-member` on a real database."""

from pathlib import Path

import pytest

from cloud_broker.adapters.postgres.unit_of_work import make_engine
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def test_clerks_as_a_file_and_their_own_memberships(hq: Hq, tmp_path: Path) -> None:
    ann, clerk = Person(), fresh_id()
    engine = make_engine(hq.database.url, connections=1)
    with engine.connect() as connection:
        tenant = {"tenant": str(hq.box.tenant)}
        connection.exec_driver_sql("select set_config('app.tenant', %(tenant)s, true)", tenant)
        connection.exec_driver_sql(
            "insert into operator values (%(tenant)s, %(clerk)s, %(store)s, '1001', '+王', 'x',"
            " 'clerk', now())",
            {**tenant, "clerk": clerk, "store": hq.box.store},
        )
        connection.commit()
    engine.dispose()
    hq.box.operator = clerk
    hq.box.enrols(ann)
    hq.box.sells(ann)
    hq.sends()
    days = ("--from", "2026-11-01", "--to", "2026-11-30")
    printed = hq.run("export", "clerks", *days).stdout
    assert ",1001,'+王,1,59.00,0,0.00,1," in printed
    file = tmp_path / "clerks.csv"
    hq.command("export", "clerks", *days, "--csv", str(file))
    assert file.read_text(encoding="utf-8") == printed
    assert "A107" in hq.command(
        "export", "clerks", "--from", "2026-11-02", "--to", "2026-11-01", code=3
    )
    linked = hq.said("clerk-member", str(clerk), "--member", str(ann.member), who="li")
    assert linked["member"] == str(ann.member)
    unknown = ("clerk-member", str(fresh_id()), "--token", hq.tokens["li"])
    assert "A108" in hq.command(*unknown, code=3)
