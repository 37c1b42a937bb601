"""A person is erased: no table says her any more, by value, whatever tables there are."""

import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.phones import SaidConsent
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
NAME = "诸葛小满满"
# The chain of acts proves itself by its hashes: an id that names nobody any more may stand there.
NAMELESS = {"audit"}


def day(ago: int) -> int:
    return int(f"{TODAY - timedelta(days=ago):%Y%m%d}")


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def tables_with(database: Database, *texts: str) -> dict[str, set[str]]:
    """Every table of every schema, partitions too, whose rows hold one of these texts."""
    found: dict[str, set[str]] = {}
    with psycopg.connect(database.super_dsn) as connection:
        named = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_type ="
            " 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(named) > 100
        for schema, table in named:
            for text in texts:
                query = sql.SQL("select count(*) from {} t where strpos(t::text, %s) > 0").format(
                    sql.Identifier(schema, table)
                )
                row = connection.execute(query, [text]).fetchone()
                if row is not None and row[0]:
                    found.setdefault(table, set()).add(text)
    return found


def words_of(person: Person) -> tuple[str, ...]:
    """How a person may stand in a row: as text, as hexadecimal, as bytes shown in hexadecimal."""
    return (
        *(str(person.member), person.member.hex, person.phone_hash.hex(), person.name),
        *(person.name.encode().hex(), sha256(b"\x04" + person.member.bytes).hexdigest()),
        sha256(person.claim_code.encode()).hexdigest(),
    )


def in_parquet(folder: Path, member: UUID) -> int:
    files = [str(one) for one in folder.rglob("*.parquet")]
    with duckdb.connect() as engine:
        return sum(
            len(
                engine.execute(
                    f"select 1 from read_parquet('{file}') t where t::varchar like '%{member}%'"  # noqa: S608
                ).fetchall()
            )
            for file in files
        )


def lives(hq: Hq, person: Person) -> None:
    """Let a member leave traces wherever members do."""
    hq.box.enrols(person)
    for kind in ("membership", "face.local", "marketing"):
        hq.box.consents(person, kind)
    hq.box.issues_card(person, b"\x04" + person.member.bytes)
    hq.box.proves(person, person.member.bytes)
    hq.box.sells(person, fen=12_000, business_date=day(40))
    sold = hq.box.sells(person, fen=30_000, business_date=day(10))
    hq.box.refunds(sold, (1, 1_000), fen=100)
    hq.sends()
    with psycopg.connect(hq.database.super_dsn) as connection:
        # What the cleaning decided of her stays as no word of hers.
        connection.execute(
            "insert into cleaning_decision (tenant_id, decision_id, kind, subject, rule,"
            " rule_version, weight, detail, channel, business_date, net_fen, decided_at,"
            " decided_by) values (%s, %s, 'order', %s, 'ring', 1, 1, %s, 'web', now(), 0, now(),"
            " 'test')",
            [
                *(hq.box.tenant, fresh_id(), str(fresh_id())),
                json.dumps({"payer": person.phone_hash.hex()}),
            ],
        )


def test_nothing_says_her_any_more(hq: Hq, tmp_path: Path) -> None:
    ann = Person(name=NAME, phone="8613912345678")
    bea = Person(name="欧阳小雨雨", phone="8613800138001")
    lives(hq, ann)
    lives(hq, bea)
    with hq.config.open("a", encoding="utf-8") as config:
        config.write(f'analytics_dir = "{tmp_path / "copy"}"\nanalytics_memory = "200MB"\n')
    hq.said("insight", "tags")
    assert tables_with(hq.database, *words_of(ann)).keys() >= {"member", "event_log", "feed"}
    assert in_parquet(tmp_path / "copy", ann.member) > 0
    before = tables_with(hq.database, *words_of(bea))
    hers = tmp_path / "ann.json"
    hq.command("privacy", "export", str(ann.member), "--out", str(hers))
    told = json.loads(hers.read_text("utf-8"))
    assert told["members"][str(ann.member)]["member"][0]["name"] == NAME
    assert told["more"]["member_tags"]

    days = [str(TODAY - timedelta(days=60)), str(TODAY)]
    fair = hq.said("privacy", "equal-treatment", "--from", days[0], "--to", days[1])
    assert (fair["receipts"], fair["clean"]) == (4, True)
    file = tmp_path / "certificate.json"
    asked = ("privacy", "erase", str(ann.member), "--why", "她来信", "--now")
    assert "E116" in hq.command(*asked, code=3)
    with psycopg.connect(hq.database.super_dsn) as connection:
        connection.execute(
            "insert into device_state (tenant_id, device_id, store_id, state, boot_id, wall_ms,"
            " software, epoch, outbox_depth, feed_pos, can_sell, devices, faults, last_seen_at,"
            " changed_at) select %s, %s, %s, 'ready', %s, 0, '', 7, 0, max(pos), true, '[]', '[]',"
            " now(), now() from feed",
            [hq.box.tenant, hq.box.device, hq.box.store, fresh_id()],
        )
    made = hq.said(*asked)
    assert made["unheard"] == 0
    status = hq.said("privacy", "status")
    assert [one["state"] for one in status["leavings"]] == ["done"]
    assert [one["erasure"] for one in status["certificates"]] == [made["erasure"]]
    left = tables_with(hq.database, *words_of(ann))
    assert {table: left[table] for table in left if table not in NAMELESS} == {}
    assert not {word for table in left for word in left[table]} - {str(ann.member)}
    assert in_parquet(tmp_path / "copy", ann.member) == 0
    with psycopg.connect(hq.database.super_dsn) as connection:
        for table in ("identity_link", "identity_due", "identity_person"):
            rows = connection.execute(
                sql.SQL("select count(*) from {} t where t::text like '%%00000000000000%%'").format(
                    sql.Identifier(table)
                )
            ).fetchone()
            assert rows == (0,), f"{table} keeps a name of nobody"
    # Who is left is left whole, and the books still prove themselves.
    assert tables_with(hq.database, *words_of(bea)).keys() >= before.keys() - {"snapshot_segment"}
    verified = hq.said("ledger", "verify")
    assert verified["wrong"] == [], verified
    hq.command("privacy", "certificate", made["erasure"], "--out", str(file))
    verify = ["privacy", "verify", str(file), "--json", "--member"]
    said = CliRunner().invoke(app, [*verify, str(ann.member)])
    assert json.loads(said.stdout)["rows"] > 10
    other = CliRunner().invoke(app, [*verify, str(bea.member)])
    assert (other.exit_code, "E118" in other.output) == (3, True)
    assert "A108" in hq.command("privacy", "erase", str(ann.member), "--why", "x", "--now", code=3)


def test_the_stricter_word_holds_while_two_are_joined_and_each_has_her_own_again(hq: Hq) -> None:
    ann, bea = Person(phone="8613911110001"), Person(phone="8613911110002")
    for one in (ann, bea):
        hq.box.enrols(one)
        hq.box.consents(one, "marketing")
    hq.sends()

    def holds(person: Person) -> tuple[bool, bool] | None:
        with psycopg.connect(hq.database.super_dsn) as connection:
            row = connection.execute(
                "select sms_consent, personalise from analytics.members where person_id = %s",
                [person.member],
            ).fetchone()
        return None if row is None else (row[0], row[1])

    def says(person: Person, kind: str, *, given: bool) -> None:
        units = PostgresUnits(make_engine(hq.database.url, connections=1))
        with units.begin(hq.box.tenant) as unit:
            unit.phones.say_consent(
                SaidConsent(
                    consent=fresh_id(),
                    member=person.member,
                    kind=kind,
                    given=given,
                    text_version="2026-3",
                    text_hash=b"h" * 32,
                    language="zh",
                    channel="phone",
                    now_ms=int(time.time() * 1000),
                )
            )
        units.close()

    assert holds(ann) == holds(bea) == (True, True)
    says(bea, "sms", given=False)
    says(bea, "personalise", given=False)
    assert (holds(ann), holds(bea)) == ((True, True), (False, False))
    with psycopg.connect(hq.database.super_dsn) as connection:
        merge = fresh_id()
        connection.execute(
            "insert into member_merge select %s, %s, a.member_id, b.member_id, a.wallet_id,"
            " b.wallet_id, 'same person', 'test', now() from member a, member b"
            " where a.member_id = %s and b.member_id = %s",
            [hq.box.tenant, merge, bea.member, ann.member],
        )
    assert (holds(ann), holds(bea)) == ((False, False), None)
    with psycopg.connect(hq.database.super_dsn) as connection:
        connection.execute(
            "insert into member_unmerge values (%s, %s, 'not the same', 'test', now())",
            [hq.box.tenant, merge],
        )
    assert (holds(ann), holds(bea)) == ((True, True), (False, False))
