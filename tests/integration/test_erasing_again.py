"""A backup of before an erasure is restored: who was erased goes again, by itself."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg

from cloud_broker.adapters.backup_file import make_key
from cloud_broker.bootstrap.office import build_office
from cloud_broker.bootstrap.privacy import erasing_again_of
from cloud_broker.cli.common import settings_of
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

ANN = Person(name="诸葛小满满", phone="8613912345678")
BEA = Person(name="欧阳小雨雨", phone="8613800138001")
ASKED = ("privacy", "erase", str(ANN.member), "--why", "她来信", "--now")


def heard(hq: Hq) -> None:
    """Let the box have read its feed to the end."""
    with psycopg.connect(hq.database.super_dsn) as connection:
        connection.execute("delete from device_state")
        connection.execute(
            "insert into device_state (tenant_id, device_id, store_id, state, boot_id, wall_ms,"
            " software, epoch, outbox_depth, feed_pos, can_sell, devices, faults, last_seen_at,"
            " changed_at) select %s, %s, %s, 'ready', %s, 0, '', 7, 0, max(pos), true, '[]', '[]',"
            " now(), now() from feed",
            [hq.box.tenant, hq.box.device, hq.box.store, fresh_id()],
        )


def members(hq: Hq) -> set[str]:
    with psycopg.connect(hq.database.super_dsn) as connection:
        rows = connection.execute("select member_id from member").fetchall()
    return {one.name for one in (ANN, BEA) if (one.member,) in rows}


def test_who_was_erased_is_erased_again(
    new_database: Callable[[], Database], tmp_path: Path
) -> None:
    hq = opened_hq(new_database(), tmp_path)
    for person in (ANN, BEA):
        hq.box.enrols(person)
        hq.box.consents(person, "marketing")
        hq.box.sells(person)
    hq.sends()
    key, file = tmp_path / "backup.key", tmp_path / "cloud.backup"
    make_key(key)
    hq.command("backup", "make", str(file), "--key-file", str(key))
    assert "E116" in hq.command(*ASKED, code=3)
    heard(hq)
    first = hq.said(*ASKED)["erasure"]
    assert members(hq) == {BEA.name}

    found = new_database()
    text = hq.config.read_text("utf-8")
    lost = hq.database
    for name in ("url", "owner_url"):
        text = text.replace(getattr(lost, name), getattr(found, name))
    hq.config.write_text(text, encoding="utf-8")
    # Somebody's own file, and one that nobody signed, let nobody go.
    kept = tmp_path / "secrets" / "erasures" / str(hq.box.tenant)
    (kept / "notes.json").write_text("{}")
    forged = fresh_id()
    (kept / f"{forged}.json").write_bytes((kept / f"{first}.json").read_bytes())
    hq = Hq(hq.config, hq.box, found, hq.tokens)
    restored = hq.said("restore", "start", str(file), "--key-file", str(key))
    assert (restored["erased_again"], restored["certificates_refused"]) == (1, [str(forged)])
    assert members(hq) == {ANN.name, BEA.name}
    status = hq.said("privacy", "status")
    assert [one["erasure"] for one in status["certificates"]] == [first]
    (leaving,) = status["leavings"]
    assert (leaving["state"], leaving["asked_by"], leaving["why"]) == ("open", "restore", first)

    assert "E116" in hq.command(*ASKED, code=3)
    heard(hq)
    # Boxes are still to send again what the backup has not: of her, too.
    assert "E116" in hq.command(*ASKED, code=3)
    office = build_office(settings_of(hq.config))
    with office.units.begin(hq.box.tenant) as unit:
        newest = unit.restores.newest()
        assert newest is not None
        unit.restores.thaw(newest.epoch, "test", office.clock.now_ms())
    second = hq.said(*ASKED)["erasure"]
    assert members(hq) == {BEA.name}
    again = erasing_again_of(office).even(hq.box.tenant)
    assert (again.certificates, again.members) == (0, 0)
    office.close()
    names = {path.stem for path in kept.glob("*.json")}
    assert names == {first, second, str(forged), "notes"}
    assert json.loads((kept / f"{second}.json").read_text("utf-8"))
