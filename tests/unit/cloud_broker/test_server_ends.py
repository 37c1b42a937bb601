"""Certificates of servers near their end: when it is told, of what, and for how long."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.adapters.ca_files import FileAuthority, write_private
from cloud_broker.adapters.certificate_ends import CertificateSight, note
from cloud_broker.bootstrap.alerts import certificates_of
from cloud_broker.domain.server_ends import (
    AUTHORITY_NEAR_DAYS,
    DAY_MS,
    NEAR_DAYS,
    SOON_DAYS,
    ServerEnd,
    end_troubles,
)
from cloud_broker.services.fleet.alert_watch import words
from cloud_broker.services.fleet.certificate_watch import LOOK_EVERY_MS, CertificateWatch
from cloud_broker.settings import Settings

NOW_MS = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) * 1_000
SERVER_DAYS = 397


def end(days: int, near_days: int = NEAR_DAYS) -> ServerEnd:
    return ServerEnd("mq", NOW_MS + days * DAY_MS, "2026-12-01", near_days)


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (NEAR_DAYS, None),
        (NEAR_DAYS - 1, "F123"),
        (SOON_DAYS, "F123"),
        (SOON_DAYS - 1, "F124"),
        (0, "F124"),
        (-400, "F124"),
    ],
)
def test_it_is_told_when_it_is_near_and_again_when_it_is_soon(days: int, code: str | None) -> None:
    found = [(one.code, one.subject, one.store) for one in end_troubles([end(days)], NOW_MS)]
    assert found == ([] if code is None else [(code, "mq", None)])


@given(st.integers(-1_000, 1_000), st.integers(SOON_DAYS, 1_000))
def test_a_certificate_is_told_of_once_at_most(days: int, near_days: int) -> None:
    found = end_troubles([end(days, near_days)], NOW_MS)
    assert len(found) == (days < near_days)
    assert all(one.severity == "hinders" for one in found), "rules hear of it that hear of faults"


@pytest.mark.parametrize("code", ["F123", "F124"])
def test_it_is_told_in_both_languages_with_name_and_day(code: str) -> None:
    zh, en = words(code, {"what": "mosquitto 10.0.0.1:8883", "until": "2026-12-01"})
    for said in (zh, en):
        assert "mosquitto 10.0.0.1:8883" in said
        assert "2026-12-01" in said
    assert "证书" in zh
    assert "certificate" in en


@pytest.fixture
def authority(tmp_path: Path) -> FileAuthority:
    made = FileAuthority(tmp_path / "ca", "passphrase")
    made.create("A", NOW_MS)
    return made


def whats(sight: CertificateSight, later_days: int) -> list[str]:
    return [one.subject for one in end_troubles(sight.ends(), NOW_MS + later_days * DAY_MS)]


def test_files_are_read_and_what_is_not_there_is_not_told_of(
    authority: FileAuthority, tmp_path: Path
) -> None:
    door, broken = tmp_path / "door.pem", tmp_path / "broken.pem"
    write_private(door, authority.server(("a.example",), NOW_MS)[0])
    broken.write_bytes(b"-----BEGIN CERTIFICATE-----\nx\n")
    sight = CertificateSight((), [door, broken, tmp_path / "none.pem"], None)
    assert whats(sight, SERVER_DAYS - NEAR_DAYS) == []
    assert whats(sight, SERVER_DAYS - NEAR_DAYS + 1) == [str(door)]
    write_private(door, authority.server(("a.example",), NOW_MS + SERVER_DAYS * DAY_MS)[0])
    assert whats(sight, SERVER_DAYS) == []


def test_a_certificate_made_for_a_server_elsewhere_is_noted_until_its_next_one(
    authority: FileAuthority, tmp_path: Path
) -> None:
    names = ("mq.example", "10.0.0.1")
    note(tmp_path / "ca", names, authority.server(names, NOW_MS)[0])
    note(tmp_path / "ca", ("b.example",), authority.server(("b.example",), NOW_MS)[0])
    sight = CertificateSight((), (), tmp_path / "ca")
    assert whats(sight, SERVER_DAYS - 10) == ["mq.example, 10.0.0.1", "b.example"]
    fresh = authority.server(names, NOW_MS + 300 * DAY_MS)[0]
    note(tmp_path / "ca", names, fresh)
    assert whats(sight, SERVER_DAYS - 10) == ["b.example"]
    (tmp_path / "ca" / "servers.json").write_text("[]")
    assert whats(sight, SERVER_DAYS - 10) == [], "a note that nobody can read stops nothing"


def test_the_authority_itself_is_told_of_a_year_before(
    authority: FileAuthority, tmp_path: Path
) -> None:
    assert authority.pin()
    ends = CertificateSight((), (), tmp_path / "ca").ends()
    assert {Path(one.what).name for one in ends} == {"root.pem", "device-ca.pem", "server-ca.pem"}
    assert {one.near_days for one in ends} == {AUTHORITY_NEAR_DAYS}
    assert end_troubles(ends, NOW_MS) == []


def test_one_look_an_hour_does_and_what_is_not_seen_counts_as_it_was() -> None:
    seen, looks = [end(5)], 0

    def look() -> list[ServerEnd]:
        nonlocal looks
        looks += 1
        return seen

    watch = CertificateWatch(look)
    (first,) = watch.troubles(NOW_MS)
    assert watch.troubles(NOW_MS) == (first,), "for the next tenant"
    assert looks == 1
    seen = []
    (still,) = watch.troubles(NOW_MS + LOOK_EVERY_MS)
    assert looks == 2
    assert still.since_ms == first.since_ms, "it is the same trouble, and as old"
    seen = [end(400)]
    assert watch.troubles(NOW_MS + 2 * LOOK_EVERY_MS) == ()


def test_the_settings_say_what_is_looked_at(tmp_path: Path) -> None:
    told = {
        "database_url": "postgresql://x@127.0.0.1/x",
        "secrets_dir": tmp_path,
        "ca_dir": tmp_path / "ca",
        "broker_dir": tmp_path / "mq",
        "broker_tls_port": 8883,
        "door_port": 8443,
        "websocket_certificate": tmp_path / "ws.pem",
    }
    sight = certificates_of(Settings.model_validate(told))
    (broker,) = sight.brokers
    assert (broker.host, broker.port, broker.file) == (
        "127.0.0.1",
        8883,
        tmp_path / "mq/server.pem",
    )
    assert list(sight.files) == [tmp_path / "ca/door.pem", tmp_path / "ws.pem"]
    none = certificates_of(Settings.model_validate({k: told[k] for k in list(told)[:2]}))
    assert (list(none.brokers), list(none.files), none.authority) == ([], [], None)


@pytest.mark.parametrize(("hours", "code"), [(49, None), (47, "I136"), (-1, "I136")])
def test_a_list_of_the_revoked_is_told_of_two_days_before_it_locks_everybody_out(
    hours: int, code: str | None, authority: FileAuthority, tmp_path: Path
) -> None:
    path = tmp_path / "devices.crl.pem"
    path.write_bytes(authority.revocations({}, 1, NOW_MS))
    sight = CertificateSight((), (), None, [path, tmp_path / "none.pem"])
    (end_of_list,) = sight.ends()
    found = end_troubles(sight.ends(), end_of_list.until_ms - hours * 3_600_000)
    assert [one.code for one in found] == ([] if code is None else [code])
    assert end_of_list.until_ms == NOW_MS + 7 * DAY_MS
    for said in words("I136", {"what": str(path), "until": end_of_list.until}):
        assert "2026-11-30 00:00 UTC" in said


def test_each_broker_s_list_is_looked_at(tmp_path: Path) -> None:
    asked = {"database_url": "postgresql://x/y", "secrets_dir": tmp_path, "broker_dir": tmp_path}
    one = Settings.model_validate(asked | {"broker_tls_port": 8883})
    assert certificates_of(one).lists == [tmp_path / "devices.crl.pem"]
    assert certificates_of(Settings.model_validate(asked)).lists == []


def test_a_broker_that_lets_the_canary_in_is_told_of_until_it_does_not() -> None:
    said = {"mq": True}
    watch = CertificateWatch(tuple, lambda: tuple(said.items()))
    assert [(one.code, one.since_ms) for one in watch.troubles(NOW_MS)] == [("I137", NOW_MS)]
    later = NOW_MS + LOOK_EVERY_MS
    assert [one.since_ms for one in watch.troubles(later)] == [NOW_MS]
    said.clear()  # it is away: what was seen last counts
    assert len(watch.troubles(later + LOOK_EVERY_MS)) == 1
    said["mq"] = False
    assert watch.troubles(later + 2 * LOOK_EVERY_MS) == ()
